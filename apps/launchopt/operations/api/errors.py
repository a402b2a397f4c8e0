"""Errors in one shape (RFC 9457): type, title, status, detail, and errors with JSON pointers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db import OperationalError, connection
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from launchopt.operations.errors import FieldError, LaunchOptError

log = logging.getLogger("launchopt.api")
PROBLEM = "application/problem+json"


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One fault and where it is."""

    pointer = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """What every error looks like."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)


def problem_of(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; None for what nobody foresaw, which Django reports as a 500."""
    set_rollback()
    if isinstance(error, LaunchOptError):
        return _problem(error.status, error.title, error.detail, error.errors)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, ModelError):
        error = exceptions.ValidationError(getattr(error, "message_dict", None) or error.messages)
    if isinstance(error, OperationalError):
        return _database_away(error)
    if not isinstance(error, exceptions.APIException):
        return None
    return _of_framework(error)


def _of_framework(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.ValidationError):
        faults = list(_faults(error.detail))
        detail = faults[0].detail if len(faults) == 1 else f"{len(faults)} things are wrong."
        return _problem(400, "The input is not valid.", detail, faults)
    response = _problem(error.status_code, str(error.default_detail), str(error.detail), [])
    header = getattr(error, "auth_header", None)
    if header:
        response["WWW-Authenticate"] = header
    return response


def _faults(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """Flatten DRF's nested details into pointers."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            at = pointer if name == "non_field_errors" else f"{pointer}/{name}"
            yield from _faults(inner, at)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            at = f"{pointer}/{index}" if isinstance(inner, dict | list) else pointer
            yield from _faults(inner, at)
    else:
        yield FieldError(pointer or "/", str(detail))


def _database_away(error: OperationalError) -> Response:
    log.error("The database does not answer: %s", str(error).splitlines()[0])
    connection.close()
    response = _problem(503, "Try again soon.", "The database does not answer.", [])
    response["Retry-After"] = "5"
    return response


def problem_body(
    status: int, title: str, detail: str, faults: Sequence[FieldError] = ()
) -> dict[str, Any]:
    """The one shape of an error."""
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": [{"pointer": f.pointer, "detail": f.detail} for f in faults],
    }


def _problem(status: int, title: str, detail: str, faults: list[FieldError]) -> Response:
    body = problem_body(status, title, detail, faults)
    return Response(body, status=status, content_type=PROBLEM)

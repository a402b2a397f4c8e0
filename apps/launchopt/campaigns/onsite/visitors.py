"""Who stands before a page: the shop's own answer, a person who logged in, or a browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from crawleruseragents import is_crawler
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string

from launchopt.audiences.services import identify_customer
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict

COOKIE = "launchopt_visitor"
SALT = "launchopt.onsite.visitor"
A_YEAR = 365 * 24 * 60 * 60
NEW = "_launchopt_new_visitor"
KNOWN_NOW = "_launchopt_visitor_is_known"


def customer_of(request: HttpRequest) -> str | None:
    """The shop's id of who asks; None for a robot, and where nobody can tell.

    The setting CUSTOMER_OF_REQUEST may name a function of the host's own. By default it is the
    primary key of who is logged in, else the visitor of VisitorMiddleware.
    """
    if is_robot(request):
        return None
    named = launchopt_settings().customer_of_request
    if named:
        answer = import_string(named)(request)
        return str(answer) if answer else None
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return str(user.pk)
    return visitor_of(request) if hasattr(request, NEW) else None


def is_robot(request: HttpRequest) -> bool:
    """Whether it says that it is a robot, says nothing at all, or only fetches ahead."""
    agent = request.headers.get("User-Agent", "")
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return not agent or "prefetch" in purpose or bool(is_crawler(agent))


def visitor_of(request: HttpRequest) -> str:
    """The id in the browser's signed cookie; a new one where it has none."""
    standing = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=A_YEAR)
    if standing:
        return str(standing)
    if not getattr(request, NEW, None):
        setattr(request, NEW, f"visitor-{uuid.uuid4().hex}")
    return str(getattr(request, NEW))


def join_visitor(sender: Any, *, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Whoever logs in keeps what this browser saw and did before; the browser starts anew.

    Only where the default says who a customer is: a host with an answer of its own calls
    `identify_customer` itself.
    """
    if request is None or not hasattr(request, NEW) or launchopt_settings().customer_of_request:
        return
    visitor = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=A_YEAR)
    if visitor:
        setattr(request, KNOWN_NOW, True)
        with suppress(Conflict):  # somebody else used this browser before
            identify_customer(anonymous_id=visitor, customer=str(user.pk), now=timezone.now())


class VisitorMiddleware:
    """Gives a browser that was asked about an id of its own, in a signed cookie.

    No cookie is set on a page that decides nothing. Whether one may be set is the host's to ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        setattr(request, NEW, None)
        response = self.get_response(request)
        if getattr(request, KNOWN_NOW, False):
            response.delete_cookie(COOKIE, samesite="Lax")
        made: Any = getattr(request, NEW, None)
        if made and not getattr(request, KNOWN_NOW, False):
            response.set_signed_cookie(
                COOKIE,
                made,
                salt=SALT,
                max_age=A_YEAR,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
        return response

"""Serializers that name what they do not know, and fields that keep what they are given."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.request import Request

from launchopt.operations.importing.batches import storable


class AmountField(serializers.DecimalField):
    """Money and prices as text, to the last digit, whatever the host's REST defaults say."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **({"coerce_to_string": True} | options))


class ExactModelSerializer(serializers.ModelSerializer[Any]):
    """A ModelSerializer whose decimals are text."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DecimalField: AmountField
    }


class StrictSerializer(serializers.Serializer[Any]):
    """A field that is not in the schema is an error of the caller, and is named."""

    def to_internal_value(self, data: Any) -> Any:
        """As DRF, after looking for unknown fields."""
        if isinstance(data, dict):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(name) for name in data.keys() - known)
            if unknown:
                said = {name: ["There is no such field to set."] for name in unknown}
                raise serializers.ValidationError(said)
        return super().to_internal_value(data)


def checked(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What a request's body gives, in its types. Raises DRF's ValidationError for a wrong shape."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    validated: dict[str, Any] = given.validated_data
    return validated


class StorableField(serializers.JSONField):
    """JSON that PostgreSQL can hold: without NUL and half characters."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what it cannot hold."""
        value = super().to_internal_value(data)
        if storable(value) != value:
            raise serializers.ValidationError("A text in it holds a NUL or half a character.")
        return value


class AttributesField(StorableField):
    """Further facts: an object of texts, numbers, flags or lists of them."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is no object or holds objects."""
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("An object of names and values, please.")
        if any(isinstance(inner, dict) for inner in value.values()):
            raise serializers.ValidationError("A fact is a text, a number, a flag or a list.")
        return value

"""The shape of a product over REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from launchopt.operations.api.strict import AmountField, AttributesField, StrictSerializer


@extend_schema_field(OpenApiTypes.OBJECT)
class Facts(AttributesField):
    """Such as {"material": "linen"}."""


class ProductSerializer(StrictSerializer):
    """A product, by the fields of the import."""

    sku = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=1000)
    description = serializers.CharField(required=False, allow_blank=True)
    category = serializers.CharField(
        source="category.name", required=False, allow_null=True, max_length=200
    )
    brand = serializers.CharField(required=False, allow_blank=True, max_length=200)
    price = AmountField(
        max_digits=18, decimal_places=4, min_value=Decimal(0), required=False, allow_null=True
    )
    currency = serializers.CharField(required=False, allow_blank=True, max_length=3)
    url = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    image_url = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    language = serializers.CharField(required=False, allow_blank=True, max_length=20)
    stock = serializers.IntegerField(required=False, allow_null=True)
    launched_at = serializers.DateTimeField(required=False, allow_null=True)
    retired_at = serializers.DateTimeField(required=False, allow_null=True)
    attributes = Facts(required=False)
    is_placeholder = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


def given_values(serializer: ProductSerializer) -> dict[str, Any]:
    """What the caller gave, by the names of the import."""
    values: dict[str, Any] = dict(serializer.validated_data)
    if "category" in values:
        values["category"] = (values["category"] or {}).get("name")
    return values

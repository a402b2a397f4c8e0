"""The shapes of customers, events and audiences over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from launchopt.audiences.models import Customer, EventKind
from launchopt.catalog.models import Product
from launchopt.operations.api.strict import AmountField, StorableField, StrictSerializer
from launchopt.operations.privacy import HIDDEN, masked_email, masked_phone

PERSONAL = "launchopt_audiences.view_personal_data"


class CustomerSerializer(StrictSerializer):
    """A customer, by the fields of the import. E-mail and phone are masked for whoever may not see
    them, and a masked value is never taken for a new one."""

    external_id = serializers.CharField(max_length=200)
    is_anonymous = serializers.BooleanField(read_only=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=40)
    gender = serializers.CharField(required=False, allow_blank=True, max_length=20)
    birth_year = serializers.IntegerField(required=False, allow_null=True)
    interests = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="As declared, separated by commas; they decide the persona.",
    )
    country = serializers.CharField(required=False, allow_blank=True, max_length=100)
    time_zone = serializers.CharField(required=False, allow_blank=True, max_length=60)
    language = serializers.CharField(required=False, allow_blank=True, max_length=20)
    joined_at = serializers.DateTimeField(required=False, allow_null=True)
    consents = serializers.DictField(
        child=serializers.BooleanField(), required=False, help_text="Purpose to yes or no."
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        """With consents by purpose, and personal data masked."""
        shown = {
            name: field.to_representation(value)
            if (value := getattr(instance, name)) is not None
            else None
            for name, field in self.fields.items()
            if name != "consents"
        }
        shown["consents"] = {c.purpose: c.is_granted for c in instance.consents.all()}
        if not self._may_see():
            shown["email"] = masked_email(instance.email)
            shown["phone"] = masked_phone(instance.phone)
        return shown

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A masked value would overwrite the true one."""
        for name in ("email", "phone"):
            if HIDDEN in str(attrs.get(name, "")):
                raise serializers.ValidationError({name: ["This value is masked; leave it out."]})
        return attrs

    def _may_see(self) -> bool:
        request = self.context.get("request")
        return bool(request and request.user.has_perm(PERSONAL))


class IdentifySerializer(StrictSerializer):
    """A visitor and the customer that it turned out to be."""

    anonymous_id = serializers.CharField(max_length=200)
    customer = serializers.CharField(max_length=200)


class EventSerializer(serializers.Serializer[Any]):
    """What a shopper did, by the fields of the import."""

    customer = serializers.CharField(max_length=200)
    sku = serializers.CharField(max_length=100, required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=EventKind.choices)
    occurred_at = serializers.DateTimeField(help_text="With a time zone.")
    quantity = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    price = AmountField(
        max_digits=18, decimal_places=4, required=False, allow_null=True, help_text="Of one piece."
    )
    currency = serializers.CharField(max_length=3, required=False, allow_null=True)
    value = serializers.FloatField(required=False, allow_null=True)
    order_id = serializers.CharField(max_length=100, required=False, allow_null=True)
    message_id = serializers.CharField(max_length=200, required=False, allow_null=True)
    session = serializers.CharField(max_length=100, required=False, allow_null=True)
    text = serializers.CharField(max_length=20_000, required=False, allow_null=True)
    decision_id = serializers.UUIDField(required=False, allow_null=True)


class RejectedSerializer(serializers.Serializer[Any]):
    """An event that was not stored."""

    index = serializers.IntegerField(help_text="Its place in the list that was sent, from 0.")
    reason = serializers.CharField()


class EventReportSerializer(serializers.Serializer[Any]):
    """What became of the events that were sent."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Stored before; sending again is safe.")
    rejected = RejectedSerializer(many=True)


@extend_schema_field(OpenApiTypes.OBJECT)
class RulesField(StorableField):
    """Such as {"top_share": 0.1, "price_band": ["low", "middle"]}."""


class ProductField(serializers.SlugRelatedField[Product]):
    """A product by its SKU, which is a text that PostgreSQL can look for."""

    def to_internal_value(self, data: Any) -> Product:
        """As DRF, except that a NUL is in no SKU."""
        if "\0" in str(data):
            self.fail("invalid")
        product: Product = super().to_internal_value(data)
        return product


class AudienceSerializer(StrictSerializer):
    """A question about customers, and how many answered when it was last asked."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)
    product = ProductField(
        slug_field="sku", queryset=Product.objects.all(), required=False, allow_null=True
    )
    rules = RulesField(required=False)
    size = serializers.IntegerField(read_only=True)
    built_at = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)


class MemberSerializer(serializers.Serializer[Any]):
    """A customer in an audience."""

    customer = serializers.CharField(source="customer.external_id")
    probability = serializers.FloatField(allow_null=True)
    hour = serializers.IntegerField(allow_null=True)

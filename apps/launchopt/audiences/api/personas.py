"""What a customer is like, and the kinds of shoppers there are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.audiences.models import Persona, Segment
from launchopt.audiences.selectors import persona_of
from launchopt.operations.api.base import LaunchOptView, LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema


class CaredForSerializer(serializers.Serializer[Any]):
    """A category or a term, and its share of all of its kind."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(["category", "term"])
    weight = serializers.FloatField()


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A kind of shopper. Its id stays from one build to the next."""

    terms = CaredForSerializer(many=True)
    price_bands = serializers.DictField(child=serializers.FloatField())
    classes = serializers.DictField(child=serializers.FloatField())
    active_hours = serializers.ListField(child=serializers.FloatField())

    class Meta:
        model = Segment
        fields = [
            "id", "name", "terms", "size", "price_bands", "classes", "active_hours", "found_at",
            "as_of", "retired_at",
        ]  # fmt: skip


class SegmentInShortSerializer(serializers.ModelSerializer[Segment]):
    """A kind of shopper by its name."""

    class Meta:
        model = Segment
        fields = ["id", "name"]


class PersonaSerializer(serializers.ModelSerializer[Persona]):
    """What one customer is like. Age band and gender are declared or empty, never guessed."""

    customer = serializers.CharField(source="customer.external_id")
    segment = SegmentInShortSerializer(allow_null=True)
    interests = CaredForSerializer(many=True)
    active_hours = serializers.ListField(child=serializers.FloatField())

    class Meta:
        model = Persona
        fields = [
            "customer", "segment", "confidence", "is_declared", "interests", "price_band",
            "recency", "frequency", "monetary", "active_hours", "age_band", "gender", "as_of",
        ]  # fmt: skip


class SegmentViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Kinds of shoppers, the largest first; retired ones come last."""

    queryset = Segment.objects.order_by("retired_at", "-size", "name")
    serializer_class = SegmentSerializer
    ordering_fields = ["size", "name", "found_at"]
    permissions = {"*": ["launchopt_audiences.view_segment"]}


class PersonaView(LaunchOptView):
    """What a customer is like as a shopper, and how sure that is."""

    permissions = {"get": ["launchopt_audiences.view_persona"]}

    @extend_schema(
        operation_id="customers_persona",
        parameters=[OpenApiParameter("external_id", str, OpenApiParameter.PATH)],
        responses=PersonaSerializer,
    )
    def get(self, request: Request, external_id: str) -> Response:
        """404 for an unknown customer, and for one whose persona is not built yet."""
        return Response(PersonaSerializer(persona_of(external_id)).data)

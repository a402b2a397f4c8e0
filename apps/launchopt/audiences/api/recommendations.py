"""What to show a customer now."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.audiences.showing import shown_to
from launchopt.operations.api.base import LaunchOptView
from launchopt.operations.api.clock import instant_of
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.strict import AmountField
from launchopt_core.reasons import SOURCES

MOST = 100


class QuestionSerializer(serializers.Serializer[Any]):
    """What is asked."""

    k = serializers.IntegerField(min_value=1, max_value=MOST, default=10)
    placement = serializers.CharField(max_length=100, default="home")


class EntrySerializer(serializers.Serializer[Any]):
    """One product, and why it is shown."""

    rank = serializers.IntegerField()
    sku = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    image_url = serializers.CharField()
    price = AmountField(max_digits=18, decimal_places=4, allow_null=True)
    currency = serializers.CharField()
    score = serializers.FloatField(help_text="The chance of a purchase within 30 days.")
    source = serializers.ChoiceField(SOURCES)
    propensity = serializers.FloatField(
        allow_null=True,
        help_text="How likely chance was to put it here; null where its score alone did.",
    )
    reason = serializers.CharField()
    is_new = serializers.BooleanField()


class ThemeSerializer(serializers.Serializer[Any]):
    """A line over some entries of a list, the same for everybody."""

    title = serializers.CharField(help_text="Such as: For your kitchen corner.")
    reason = serializers.CharField(help_text="Why they stand together.")
    skus = serializers.ListField(child=serializers.CharField())


class RecommendationsSerializer(serializers.Serializer[Any]):
    """A list; with nothing personal for a customer of whom nothing is known."""

    customer = serializers.CharField()
    placement = serializers.CharField()
    is_personal = serializers.BooleanField()
    as_of = serializers.DateTimeField(allow_null=True)
    recommendations = EntrySerializer(many=True)
    themes = ThemeSerializer(many=True, help_text="Entries without a theme stand in none.")


class RecommendationsView(LaunchOptView):
    """The best products for a customer that may be shown now, each with its reason."""

    permissions = {"get": ["launchopt_audiences.view_recommendation"]}

    @extend_schema(
        operation_id="customers_recommendations",
        parameters=[
            OpenApiParameter("external_id", str, OpenApiParameter.PATH),
            OpenApiParameter("k", int, description=f"How many, 1 to {MOST}.", default=10),
            OpenApiParameter("placement", str, description="Where it is shown.", default="home"),
            OpenApiParameter("at", str, description="Only on simulated time: the instant."),
        ],
        responses=RecommendationsSerializer,
    )
    def get(self, request: Request, external_id: str) -> Response:
        """Products sold out, retired, bought or disliked since the list was made are left out."""
        asked = QuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at = instant_of(request.query_params.dict())
        shown = shown_to(external_id=external_id, k=asked.validated_data["k"], at=at)
        return Response(shown.as_dict() | {"placement": asked.validated_data["placement"]})

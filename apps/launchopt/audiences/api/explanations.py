"""Why a customer's score for a product is what it is."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.audiences.explanations import (
    Explanation,
    explanation_of,
    request_explanations,
    score_of,
)
from launchopt.audiences.models import InterestScore
from launchopt.operations.api.base import LaunchOptView
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import EmptySerializer


class ReasonSerializer(serializers.Serializer[Any]):
    """A factor of a score."""

    factor = serializers.CharField()
    log_odds = serializers.FloatField(help_text="By how much the score would be lower without it.")
    skus = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Bought, and speaking for it most."
    )


class InterestSerializer(serializers.Serializer[Explanation]):
    """A score with its reasons, the strongest first; null where they are not found yet."""

    customer = serializers.CharField(source="score.customer.external_id")
    sku = serializers.CharField(source="score.product.sku")
    probability = serializers.FloatField(source="score.probability")
    rank = serializers.IntegerField(source="score.rank")
    as_of = serializers.DateTimeField(source="score.as_of")
    horizon_days = serializers.IntegerField(source="score.horizon_days")
    model_version = serializers.UUIDField(source="score.model_version_id")
    reasons = ReasonSerializer(many=True, allow_null=True)
    sentence = serializers.CharField(help_text="What the customer may be told.")


class QuestionSerializer(serializers.Serializer[Any]):
    """Which product."""

    sku = serializers.CharField(max_length=100)


class AskedRunSerializer(serializers.Serializer[Any]):
    """The run that finds the reasons; null where they stand already."""

    run = serializers.UUIDField(allow_null=True)


PARAMETERS = [
    OpenApiParameter("external_id", str, OpenApiParameter.PATH),
    OpenApiParameter("sku", str, description="The product.", required=True),
]


class InterestView(LaunchOptView):
    """A customer's interest in a product, and why."""

    permissions = {
        "get": ["launchopt_audiences.view_interestscore"],
        "post": ["launchopt_audiences.view_interestscore", "launchopt_operations.add_run"],
    }

    @extend_schema(
        operation_id="customers_interest", parameters=PARAMETERS, responses=InterestSerializer
    )
    def get(self, request: Request, external_id: str) -> Response:
        """404 where there is no score. Reasons are stored for the likeliest customers."""
        explanation = explanation_of(_asked_for(request, external_id))
        return Response(InterestSerializer(explanation).data)

    @extend_schema(
        operation_id="customers_interest_explain",
        parameters=PARAMETERS,
        request=EmptySerializer,
        responses={202: AskedRunSerializer},
    )
    def post(self, request: Request, external_id: str) -> Response:
        """Find the reasons where they are not stored; when the run is done, they are."""
        score = _asked_for(request, external_id)
        asked = request_explanations([score], now=timezone.now(), by=request.user)
        answer = {"run": asked[0].pk if asked else None}
        return Response(answer, status=status.HTTP_202_ACCEPTED)


def _asked_for(request: Request, external_id: str) -> InterestScore:
    asked = QuestionSerializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return score_of(external_id=external_id, sku=asked.validated_data["sku"])

"""Experiments over REST: how they were registered, and what they showed."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.experiments import results
from launchopt.experiments.api.serializers import ExperimentSerializer, ResultsSerializer
from launchopt.experiments.models import Experiment
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.clock import parse_instant
from launchopt.operations.api.schema import extend_schema

UNTIL = OpenApiParameter(
    "until", OpenApiTypes.DATETIME, description="Outcomes from this instant on are left out."
)


class ExperimentViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Comparisons. A launch registers its own; they are read here, never changed."""

    queryset = (
        Experiment.objects.select_related("primary_metric")
        .prefetch_related("variants", "phases")
        .order_by("-created_at")
    )
    serializer_class = ExperimentSerializer
    filterset_fields = ["status", "subject_id"]
    permissions = {"results": ["launchopt_experiments.view_result"]}

    @extend_schema(parameters=[UNTIL], responses=ResultsSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def results(self, request: Request, pk: str) -> Response:
        """Each variant against the control: effect, interval, verdict, and the check of sizes."""
        until = request.query_params.get("until")
        instant = parse_instant(until, pointer="/until") if until else None
        return Response(results.results(self.get_object(), until=instant))

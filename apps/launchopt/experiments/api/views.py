"""Experiments over REST: how they were registered, and what they showed."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.catalog.selectors import product_with_sku
from launchopt.experiments import results, services
from launchopt.experiments.api.serializers import (
    AskedSerializer,
    AssignedSerializer,
    DefinitionSerializer,
    ExperimentSerializer,
    ExposedSerializer,
    MomentsSerializer,
    RegistrationSerializer,
    ResultsSerializer,
    SampleSizeRequestSerializer,
    SampleSizeSerializer,
    TermsSerializer,
)
from launchopt.experiments.metrics import ensure_metrics
from launchopt.experiments.models import Experiment, Metric, MetricRollup
from launchopt.experiments.outcomes import moments_by
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.clock import parse_instant
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import EmptySerializer
from launchopt.operations.api.strict import checked
from launchopt.operations.errors import InvalidInput
from launchopt_core import power
from launchopt_core.errors import ImpossibleInput

UNTIL = OpenApiParameter(
    "until", OpenApiTypes.DATETIME, description="Outcomes from this instant on are left out."
)
GRAINS = MetricRollup.Granularity.values
GRAIN = OpenApiParameter("grain", enum=GRAINS, default="day", description="Of UTC.")

CHANGE = "launchopt_experiments.change_experiment"


class ExperimentViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Comparisons. A launch registers its own; others are registered here before they start."""

    queryset = (
        Experiment.objects.select_related("primary_metric")
        .prefetch_related("variants", "phases")
        .order_by("-created_at")
    )
    serializer_class = ExperimentSerializer
    filterset_fields = ["status", "subject_id"]
    permissions = {
        "results": ["launchopt_experiments.view_result"],
        "moments": ["launchopt_experiments.view_result"],
        "start": [CHANGE],
        "stop": [CHANGE],
        "assign": ["launchopt_experiments.add_assignment"],
        "expose": ["launchopt_experiments.add_assignment"],
        "sample_size": ["launchopt_experiments.view_experiment"],
    }

    @extend_schema(request=RegistrationSerializer, responses={201: ExperimentSerializer})
    def create(self, request: Request) -> Response:
        """Register a comparison: what is compared, by which metric, and when it may end."""
        given = checked(RegistrationSerializer, request)
        sku = given.pop("product", None)
        product = product_with_sku(sku) if sku else None
        experiment = services.register_experiment(
            product_id=product.pk if product else None, now=timezone.now(), **given
        )
        return self._answer(experiment, status.HTTP_201_CREATED)

    @extend_schema(request=TermsSerializer, responses=ExperimentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its terms before the start. Later it is a 409, and the audit trail tells of it."""
        experiment = services.change_experiment(
            experiment=self.get_object(),
            changes=checked(TermsSerializer, request),
            by=request.user,
            now=timezone.now(),
        )
        return self._answer(experiment)

    @extend_schema(request=EmptySerializer, responses=ExperimentSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Let it assign customers. A launch starts its own."""
        experiment = services.start_own(self.get_object(), now=timezone.now())
        return self._answer(experiment)

    @extend_schema(request=EmptySerializer, responses=ExperimentSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """End it for good."""
        experiment = services.stop_own(self.get_object(), now=timezone.now())
        return self._answer(experiment)

    @extend_schema(request=AskedSerializer, responses=AssignedSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """The variant of each customer: drawn once and kept; null for one who takes no part."""
        names = checked(AskedSerializer, request)["customers"]
        found = services.assign_named(experiment=self._own(), names=names, now=timezone.now())
        return Response({"variants": found})

    @extend_schema(request=AskedSerializer, responses=ExposedSerializer)
    @action(detail=True, methods=["post"])
    def expose(self, request: Request, pk: str) -> Response:
        """Tell that customers saw their variants, for experiments that count from exposures."""
        names = checked(AskedSerializer, request)["customers"]
        new = services.record_exposures(experiment=self._own(), names=names, now=timezone.now())
        return Response({"exposed": new})

    @extend_schema(request=SampleSizeRequestSerializer, responses=SampleSizeSerializer)
    @action(detail=False, methods=["post"])
    def sample_size(self, request: Request) -> Response:
        """How many customers it takes to find an effect on a share."""
        given = checked(SampleSizeRequestSerializer, request)
        pace = given.pop("customers_a_day", None)
        rate, effect = given.pop("control_rate"), given.pop("effect")
        try:
            size = power.sample_size(rate, effect, **given)
        except ImpossibleInput as error:
            raise InvalidInput(str(error)) from error
        return Response({"sample_size": size, "days": size / pace if pace else None})

    @extend_schema(parameters=[UNTIL], responses=ResultsSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def results(self, request: Request, pk: str) -> Response:
        """Each variant against the control: effect, interval, verdict, and the check of sizes."""
        until = request.query_params.get("until")
        instant = parse_instant(until, pointer="/until") if until else None
        return Response(results.results(self.get_object(), until=instant))

    @extend_schema(parameters=[GRAIN], responses=MomentsSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def moments(self, request: Request, pk: str) -> Response:
        """What each minute, hour or day added to the sufficient statistics, page by page."""
        grain = request.query_params.get("grain", "day")
        if grain not in GRAINS:
            raise InvalidInput.at("/grain", f"A grain is one of {', '.join(GRAINS)}.")
        page = self.paginate_queryset(moments_by(self.get_object(), grain=grain))
        return self.get_paginated_response(MomentsSerializer(page, many=True).data)

    def _own(self) -> Experiment:
        """An experiment that no launch runs."""
        return services.own_experiment(self.get_object())

    def _answer(self, experiment: Experiment, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=experiment.pk)
        return Response(ExperimentSerializer(fresh).data, status=code)


class MetricViewSet(CreateModelMixin, ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """What counts as an outcome: the shipped metrics, and those that a shop defines."""

    queryset = Metric.objects.order_by("name")
    serializer_class = DefinitionSerializer

    def list(self, request: Request) -> Response:
        """All of them, each with its definition."""
        ensure_metrics()
        return super().list(request)

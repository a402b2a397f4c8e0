"""Launches over REST: drafted and planned, edited while a plan, approved, run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.campaigns import services
from launchopt.campaigns.api.parsing import changes_of, wish_of
from launchopt.campaigns.api.serializers import (
    BudgetChangeSerializer,
    ClockSerializer,
    CountSerializer,
    FeedbackSerializer,
    LaunchSerializer,
    NamesSerializer,
    PlannedSerializer,
    PlanRequestSerializer,
    WishSerializer,
)
from launchopt.campaigns.models import Launch
from launchopt.campaigns.services.planning import decimal_of
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.clock import instant_of, is_simulated, parse_instant
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.strict import checked

VIEW = "launchopt_campaigns.view_launch"
PLAN = "launchopt_campaigns.plan_launch"
RUN = "launchopt_campaigns.run_launch"


class LaunchViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """A product's way into the market."""

    queryset = Launch.objects.select_related("product").prefetch_related("campaigns")
    serializer_class = LaunchSerializer
    filterset_fields = ["status", "product__sku", "is_simulated"]
    ordering_fields = ["created_at", "starts_at", "ends_at"]
    permissions = {
        "list": [VIEW],
        "retrieve": [VIEW],
        "create": [PLAN, "launchopt_campaigns.add_launch"],
        "partial_update": ["launchopt_campaigns.change_launch"],
        "plan": [PLAN],
        "duplicate": [PLAN, "launchopt_campaigns.add_launch"],
        "exclude": ["launchopt_campaigns.add_excludedcustomer"],
        "include": ["launchopt_campaigns.delete_excludedcustomer"],
        "approve": ["launchopt_campaigns.approve_launch"],
        "start": [RUN],
        "pause": [RUN],
        "resume": [RUN],
        "finish": [RUN],
        "budget": [RUN],
    }

    @extend_schema(request=WishSerializer, responses={201: PlannedSerializer})
    def create(self, request: Request) -> Response:
        """Draft a launch and ask for its plan; `run` says how far the plan is."""
        wish, now = wish_of(request.data), instant_of(request.data)
        launch = services.draft_launch(wish=wish, by=request.user, now=now)
        return self._planned(launch, request, status.HTTP_201_CREATED)

    @extend_schema(request=WishSerializer, responses=LaunchSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the terms of a launch that nobody has approved yet."""
        launch = services.change_terms(
            launch=self.get_object(),
            changes=changes_of(request.data),
            by=request.user,
            now=instant_of(request.data),
        )
        return self._answer(launch)

    @extend_schema(request=PlanRequestSerializer, responses={202: PlannedSerializer})
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, pk: str) -> Response:
        """Plan it anew; what a person pinned stays."""
        return self._planned(self.get_object(), request, status.HTTP_202_ACCEPTED)

    @extend_schema(request=ClockSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve its plan, and its creatives with it."""
        launch = services.approve_launch(
            launch=self.get_object(), by=request.user, now=instant_of(request.data)
        )
        return self._answer(launch)

    @extend_schema(request=ClockSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Open it to decisions; with `at` on simulated time."""
        return self._run(services.start_launch, request)

    @extend_schema(request=ClockSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Show nothing from now on."""
        return self._run(services.pause_launch, request)

    @extend_schema(request=ClockSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let a paused launch go on."""
        return self._run(services.resume_launch, request)

    @extend_schema(request=ClockSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """End it for good."""
        return self._run(services.finish_launch, request)

    @extend_schema(request=ClockSerializer, responses={201: LaunchSerializer})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """A new draft on the same terms; it is planned anew."""
        launch = services.duplicate_launch(
            launch=self.get_object(), by=request.user, now=instant_of(request.data)
        )
        return self._answer(launch, status.HTTP_201_CREATED)

    @extend_schema(request=FeedbackSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def feedback(self, request: Request, pk: str) -> Response:
        """Say what results may do to the shares of its variants, also while it runs."""
        launch = services.set_feedback(
            launch=self.get_object(),
            mode=checked(FeedbackSerializer, request)["feedback"],
            by=request.user,
            now=timezone.now(),
        )
        return self._answer(launch)

    @extend_schema(request=BudgetChangeSerializer, responses=LaunchSerializer)
    @action(detail=True, methods=["post"])
    def budget(self, request: Request, pk: str) -> Response:
        """Raise or lower the budget while it runs, never below what is spent and promised; what is
        left is laid out anew from this hour on."""
        given = checked(BudgetChangeSerializer, request)
        launch = self.get_object()
        services.change_budget(
            launch=launch,
            budget=decimal_of(given["budget"], pointer="/budget"),
            reason=given["reason"],
            by=request.user,
            now=instant_of(request.data),
            is_simulated=is_simulated(request.data),
        )
        return self._answer(launch)

    @extend_schema(request=NamesSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def exclude(self, request: Request, pk: str) -> Response:
        """Leave customers out; the money is laid out anew."""
        given = checked(NamesSerializer, request)
        count = services.exclude_customers(
            launch=self.get_object(), by=request.user, now=timezone.now(), **given
        )
        return Response({"customers": count})

    @extend_schema(request=NamesSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def include(self, request: Request, pk: str) -> Response:
        """Take customers back in."""
        names = checked(NamesSerializer, request)["customers"]
        count = services.include_customers(
            launch=self.get_object(), customers=names, by=request.user, now=timezone.now()
        )
        return Response({"customers": count})

    def _run(self, service: Callable[..., Launch], request: Request) -> Response:
        launch = service(
            launch=self.get_object(),
            by=request.user,
            now=instant_of(request.data),
            is_simulated=is_simulated(request.data),
        )
        return self._answer(launch)

    def _planned(self, launch: Launch, request: Request, code: int) -> Response:
        as_of = request.data.get("as_of")
        run = services.request_plan(
            launch=launch,
            by=request.user,
            now=instant_of(request.data),
            as_of=parse_instant(as_of, pointer="/as_of") if as_of else None,
        )
        launch = self.get_queryset().get(pk=launch.pk)
        launch.run = run.pk  # type: ignore[attr-defined]
        return Response(PlannedSerializer(launch).data, status=code)

    def _answer(self, launch: Any, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=launch.pk)
        return Response(LaunchSerializer(fresh).data, status=code)

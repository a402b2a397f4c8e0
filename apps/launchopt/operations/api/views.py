"""Runs, model versions and alerts over REST."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.operations import alerts, runs, services
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import (
    AlertDetailSerializer,
    AlertSerializer,
    EmptySerializer,
    ModelVersionSerializer,
    MuteSerializer,
    RunSerializer,
)
from launchopt.operations.api.strict import checked
from launchopt.operations.models import Alert, ModelVersion, Run


class RunViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Long work: how far it is. It can be cancelled, and tried again when it failed."""

    queryset = Run.objects.prefetch_related("steps").order_by("-created_at")
    serializer_class = RunSerializer
    filterset_fields = ["job", "state", "subject"]
    permissions = {
        "cancel": ["launchopt_operations.add_run"],
        "retry": ["launchopt_operations.add_run"],
        "list": ["launchopt_operations.view_run"],
        "retrieve": ["launchopt_operations.view_run"],
    }

    @extend_schema(request=EmptySerializer, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it: at once while it waits, at its next checkpoint while it works."""
        run = runs.cancel_run(run=self.get_object(), now=timezone.now())
        return Response(self.get_serializer(run).data)

    @extend_schema(request=EmptySerializer, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Send a failed or cancelled run again; finished steps are not repeated."""
        run = runs.retry_run(run=self.get_object(), now=timezone.now())
        return Response(self.get_serializer(run).data)


class ModelVersionViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """What was learned, from which data, and how well it did."""

    queryset = ModelVersion.objects.order_by("-created_at")
    serializer_class = ModelVersionSerializer
    filterset_fields = ["name", "status"]
    permissions = {
        "activate": ["launchopt_operations.change_modelversion"],
        "list": ["launchopt_operations.view_modelversion"],
        "retrieve": ["launchopt_operations.view_modelversion"],
    }

    @extend_schema(request=EmptySerializer, responses=ModelVersionSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Put it in service; the one before is retired and can be activated again."""
        version = services.activate_model(
            version=self.get_object(), now=timezone.now(), by=request.user
        )
        return Response(self.get_serializer(version).data)


class AlertViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """What a person should look at."""

    queryset = Alert.objects.order_by("-opened_at")
    serializer_class = AlertSerializer
    permissions = {
        name: ["launchopt_operations.change_alert"] for name in ("acknowledge", "mute", "resolve")
    } | {name: ["launchopt_operations.view_alert"] for name in ("list", "retrieve")}
    filterset_fields = {"code": ["exact"], "subject": ["exact"], "resolved_at": ["isnull"]}

    def get_serializer_class(self) -> type[AlertSerializer]:
        """One alert comes with its history."""
        return AlertSerializer if self.action == "list" else AlertDetailSerializer

    @extend_schema(request=EmptySerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that somebody looks after it."""
        alert = alerts.acknowledge_alert(
            alert=self.get_object(), by=request.user, now=timezone.now()
        )
        return Response(self.get_serializer(alert).data)

    @extend_schema(request=MuteSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def mute(self, request: Request, pk: str) -> Response:
        """Tell nobody of its kind on its subject until an instant."""
        until = checked(MuteSerializer, request)["until"]
        alert = alerts.mute_alert(
            alert=self.get_object(), until=until, by=request.user, now=timezone.now()
        )
        return Response(self.get_serializer(alert).data)

    @extend_schema(request=EmptySerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Close it by hand; it opens again while its cause stays."""
        alerts.resolve_by_hand(alert=self.get_object(), by=request.user, now=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

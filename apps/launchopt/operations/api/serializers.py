"""Shapes of runs, model versions and alerts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from launchopt.operations.api.strict import StrictSerializer
from launchopt.operations.models import Alert, ModelVersion, Run
from launchopt.operations.selectors import audit_of


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run and how far it is."""

    percent = serializers.IntegerField(read_only=True)
    steps = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            "id", "job", "subject", "state", "step", "done", "total", "percent", "message", "error",
            "result", "attempt", "cancel_requested", "created_at", "started_at", "heartbeat_at",
            "finished_at", "steps",
        ]  # fmt: skip
        read_only_fields = fields

    def get_steps(self, run: Run) -> list[str]:
        """The names of the steps that are done."""
        return [step.name for step in run.steps.all()]


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """Something learned, with its backtest and card."""

    class Meta:
        model = ModelVersion
        fields = [
            "id", "name", "status", "data_since", "data_until", "metrics", "card", "created_at",
            "activated_at",
        ]  # fmt: skip
        read_only_fields = fields


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """Something to look at."""

    class Meta:
        model = Alert
        fields = [
            "id", "code", "subject", "severity", "message", "opened_at", "resolved_at",
            "acknowledged_at", "acknowledged_by", "muted_until",
        ]  # fmt: skip
        read_only_fields = fields


class AlertEntrySerializer(serializers.Serializer[Any]):
    """Something that happened to an alert."""

    at = serializers.DateTimeField()
    actor = serializers.CharField()
    action = serializers.CharField()
    note = serializers.CharField()


class AlertDetailSerializer(AlertSerializer):
    """The same with what happened to it, the earliest first."""

    history = serializers.SerializerMethodField()

    class Meta(AlertSerializer.Meta):
        fields = [*AlertSerializer.Meta.fields, "history"]
        read_only_fields = fields

    @extend_schema_field(AlertEntrySerializer(many=True))
    def get_history(self, alert: Alert) -> Any:
        """From the audit trail."""
        entries = audit_of(f"alert:{alert.pk}").order_by("at", "pk")
        return AlertEntrySerializer(entries, many=True).data


class MuteSerializer(StrictSerializer):
    """Until when nobody is told of an alert of this kind on this subject."""

    until = serializers.DateTimeField()


class EmptySerializer(serializers.Serializer[Any]):
    """An action that needs no further word."""

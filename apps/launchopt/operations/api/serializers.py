"""Shapes of runs, model versions and alerts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from launchopt.operations.models import Alert, ModelVersion, Run


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
        fields = ["id", "code", "subject", "severity", "message", "opened_at", "resolved_at"]
        read_only_fields = fields


class EmptySerializer(serializers.Serializer[Any]):
    """An action that needs no further word."""

"""Shapes of experiments and of what they showed."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from launchopt.experiments.models import Experiment, Metric, Phase, Variant


class VariantSerializer(serializers.ModelSerializer[Variant]):
    """One way of treating customers."""

    class Meta:
        model = Variant
        fields = ["name", "description", "is_control", "weight"]
        read_only_fields = fields


class PhaseSerializer(serializers.ModelSerializer[Phase]):
    """A stretch under the same weights."""

    weights = serializers.DictField(child=serializers.FloatField())

    class Meta:
        model = Phase
        fields = ["number", "weights", "reason", "opened_at"]
        read_only_fields = fields


class MetricSerializer(serializers.ModelSerializer[Metric]):
    """What counts as an outcome."""

    class Meta:
        model = Metric
        fields = ["name", "kind", "definition"]
        read_only_fields = fields


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """A comparison as it was registered. `launch` is the launch that it measures."""

    launch = serializers.UUIDField(source="subject_id", allow_null=True)
    primary_metric = MetricSerializer()
    variants = VariantSerializer(many=True)
    phases = PhaseSerializer(many=True)

    class Meta:
        model = Experiment
        fields = [
            "id", "name", "launch", "status", "primary_metric", "minimum_detectable_effect",
            "alpha", "power", "planned_sample_size", "starts_at", "ends_at", "variants", "phases",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class IntervalField(serializers.ListField):
    """Low and high."""

    child = serializers.FloatField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=2, allow_null=True, **kwargs)


class ComparisonSerializer(serializers.Serializer[Any]):
    """A variant against the control; null where it cannot be computed."""

    group = serializers.CharField()
    metric = serializers.CharField()
    variant = serializers.CharField()
    n = serializers.IntegerField()
    control_n = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)
    control_mean = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True)
    relative_effect = serializers.FloatField(allow_null=True)
    standard_error = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    relative_interval = IntervalField()
    p_value = serializers.FloatField(allow_null=True)
    chance_to_win = serializers.FloatField(allow_null=True)
    expected_loss = serializers.FloatField(allow_null=True)


class SampleRatioSerializer(serializers.Serializer[Any]):
    """Whether the groups have the sizes that the weights promised."""

    group = serializers.CharField()
    p_value = serializers.FloatField()
    ok = serializers.BooleanField()


class VerdictSerializer(serializers.Serializer[Any]):
    """What to do, in words."""

    group = serializers.CharField()
    metric = serializers.CharField()
    variant = serializers.CharField()
    verdict = serializers.CharField()


class ResultsSerializer(serializers.Serializer[Any]):
    """All comparisons of an experiment."""

    results = ComparisonSerializer(many=True)
    sample_ratio = SampleRatioSerializer(many=True)
    verdicts = VerdictSerializer(many=True)
    control = serializers.CharField()

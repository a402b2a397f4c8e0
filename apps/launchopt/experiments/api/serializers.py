"""Shapes of experiments and of what they showed."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from launchopt.experiments.models import Experiment, Metric, Phase, Variant
from launchopt.operations.api.strict import StrictSerializer


class VariantSerializer(serializers.ModelSerializer[Variant]):
    """One way of treating customers."""

    class Meta:
        model = Variant
        fields = ["name", "description", "is_control", "weight"]
        read_only_fields = fields


class PhaseSerializer(serializers.ModelSerializer[Phase]):
    """Weights of new customers: those of `audience`, or of everybody where it is null."""

    weights = serializers.DictField(child=serializers.FloatField())

    class Meta:
        model = Phase
        fields = ["number", "audience", "weights", "reason", "opened_at"]
        read_only_fields = fields


class MetricSerializer(serializers.ModelSerializer[Metric]):
    """What counts as an outcome."""

    class Meta:
        model = Metric
        fields = ["name", "kind", "definition"]
        read_only_fields = fields


class DefinitionSerializer(serializers.ModelSerializer[Metric]):
    """A metric of one's own: which events count, and how. It cannot change once defined."""

    class Meta:
        model = Metric
        fields = ["name", "kind", "event_kind", "of_value", "of_product", "definition"]


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """A comparison as it was registered. `launch` is the launch that it measures."""

    launch = serializers.UUIDField(source="subject_id", allow_null=True)
    primary_metric = MetricSerializer()
    variants = VariantSerializer(many=True)
    phases = PhaseSerializer(many=True)

    class Meta:
        model = Experiment
        fields = [
            "id", "name", "launch", "status", "primary_metric", "guardrails",
            "minimum_detectable_effect", "alpha", "power", "planned_sample_size", "stopping_rule",
            "counts_from", "is_aa", "exclusion_group", "slice_from", "slice_until", "starts_at",
            "ends_at", "variants", "phases", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class RegistrationSerializer(StrictSerializer):
    """A comparison to be registered. Without `product` outcomes count for every product."""

    name = serializers.CharField(max_length=200)
    weights = serializers.DictField(
        child=serializers.FloatField(min_value=0), help_text="Variant -> weight."
    )
    control = serializers.CharField()
    metric = serializers.CharField(default="conversion")
    product = serializers.CharField(required=False, help_text="SKU.")
    descriptions = serializers.DictField(child=serializers.CharField(), required=False)
    guardrails = serializers.DictField(
        child=serializers.FloatField(),
        required=False,
        help_text="Metric -> the relative change that is tolerated, such as -0.05.",
    )
    minimum_detectable_effect = serializers.FloatField(required=False, min_value=0)
    planned_sample_size = serializers.IntegerField(required=False, min_value=2)
    stopping_rule = serializers.ChoiceField(Experiment.StoppingRule.choices, required=False)
    counts_from = serializers.ChoiceField(Experiment.CountsFrom.choices, required=False)
    is_aa = serializers.BooleanField(required=False)
    exclusion_group = serializers.SlugField(required=False, max_length=60)
    group_share = serializers.FloatField(required=False)
    alpha = serializers.FloatField(required=False)
    power = serializers.FloatField(required=False)
    ends_at = serializers.DateTimeField(required=False)


class TermsSerializer(StrictSerializer):
    """Terms that may change until the experiment starts."""

    name = serializers.CharField(max_length=200, required=False)
    minimum_detectable_effect = serializers.FloatField(required=False, min_value=0, allow_null=True)
    planned_sample_size = serializers.IntegerField(required=False, min_value=2, allow_null=True)
    stopping_rule = serializers.ChoiceField(Experiment.StoppingRule.choices, required=False)
    counts_from = serializers.ChoiceField(Experiment.CountsFrom.choices, required=False)
    alpha = serializers.FloatField(required=False, min_value=0.0001, max_value=0.5)
    power = serializers.FloatField(required=False, min_value=0.5, max_value=0.9999)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)


class AskedSerializer(StrictSerializer):
    """Whose variants are asked for."""

    customers = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=1000, min_length=1
    )


class AssignedSerializer(serializers.Serializer[Any]):
    """Customer -> variant; null for one who takes no part."""

    variants = serializers.DictField(child=serializers.CharField(allow_null=True))


class ExposedSerializer(serializers.Serializer[Any]):
    """How many customers had not seen it before."""

    exposed = serializers.IntegerField()


class SampleSizeRequestSerializer(StrictSerializer):
    """What an experiment is to find."""

    control_rate = serializers.FloatField(help_text="Share of customers who convert without it.")
    effect = serializers.FloatField(help_text="Absolute change of that share to be found.")
    control_share = serializers.FloatField(default=0.5)
    alpha = serializers.FloatField(default=0.05)
    power = serializers.FloatField(default=0.8)
    customers_a_day = serializers.FloatField(required=False, min_value=0.001)


class SampleSizeSerializer(serializers.Serializer[Any]):
    """How many customers it takes in all, and how many days where their number is known."""

    sample_size = serializers.IntegerField()
    days = serializers.FloatField(allow_null=True)


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
    always_valid_interval = IntervalField(help_text="Holds at every look, however many there are.")
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


class MomentsSerializer(serializers.Serializer[Any]):
    """What a minute, hour or day (UTC) added to a metric's sufficient statistics; sums as text, to
    the last digit. Summed from the start they are what `analyse_experiment --moments` reads."""

    starts_at = serializers.DateTimeField(source="begins")
    metric = serializers.CharField(source="metric_id")
    variant = serializers.CharField()
    phase = serializers.IntegerField()
    count = serializers.IntegerField(source="n_added")
    active = serializers.IntegerField(
        source="active_added", help_text="Customers with a first outcome."
    )
    sum = serializers.CharField(source="sum_added")
    sum_squares = serializers.CharField(source="sum_squares_added")
    covariate_sum = serializers.CharField(source="covariate_sum_added")
    covariate_sum_squares = serializers.CharField(source="covariate_sum_squares_added")
    covariate_cross_sum = serializers.CharField(source="covariate_cross_sum_added")


class ResultsSerializer(serializers.Serializer[Any]):
    """All comparisons of an experiment."""

    results = ComparisonSerializer(many=True)
    sample_ratio = SampleRatioSerializer(many=True)
    verdicts = VerdictSerializer(many=True)
    control = serializers.CharField()

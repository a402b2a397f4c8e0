"""GET launches/{id}/report/: the figures of a launch's report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.campaigns.reporting import launch_report
from launchopt.campaigns.reporting.words import TERMS
from launchopt.campaigns.selectors import launch_named
from launchopt.experiments.api.serializers import IntervalField
from launchopt.operations.api.base import LaunchOptView
from launchopt.operations.api.schema import extend_schema


def _what(term: str) -> str:
    return TERMS[term]


class CountsSerializer(serializers.Serializer[Any]):
    """Counts of a launch or a part of it; money as text in the launch's currency."""

    decisions = serializers.IntegerField()
    exposures = serializers.IntegerField()
    clicks = serializers.IntegerField()
    conversions = serializers.IntegerField()
    returns = serializers.IntegerField()
    revenue = serializers.CharField(help_text="Price x quantity; returns are not deducted.")
    spend = serializers.CharField()


class RatesSerializer(serializers.Serializer[Any]):
    """Rates of those who could be contacted; null where there is nothing to divide by."""

    click_rate = serializers.FloatField(allow_null=True, help_text=_what("click rate"))
    conversion_rate = serializers.FloatField(allow_null=True, help_text=_what("conversion rate"))
    cost_per_click = serializers.CharField(allow_null=True, help_text=_what("cost per click"))
    cost_per_acquisition = serializers.CharField(
        allow_null=True, help_text=_what("cost per acquisition")
    )
    return_on_spend = serializers.FloatField(allow_null=True, help_text=_what("return on spend"))
    average_order_value = serializers.CharField(
        allow_null=True, help_text=_what("average order value")
    )
    return_rate = serializers.FloatField(allow_null=True, help_text=_what("return rate"))


class PartRatesSerializer(serializers.Serializer[Any]):
    """The rates of each part, by its name."""

    variant = serializers.DictField(child=RatesSerializer())
    channel = serializers.DictField(child=RatesSerializer())
    audience = serializers.DictField(child=RatesSerializer())
    campaign = serializers.DictField(child=RatesSerializer(), help_text="By id.")
    creative = serializers.DictField(child=RatesSerializer(), help_text="By id.")
    phase = serializers.DictField(child=RatesSerializer(), help_text="By number.")


class AllRatesSerializer(serializers.Serializer[Any]):
    """Rates of the launch and of each part of it."""

    totals = RatesSerializer()
    by = PartRatesSerializer()


class PartsSerializer(serializers.Serializer[Any]):
    """The counts of each part, by its name."""

    variant = serializers.DictField(child=CountsSerializer())
    channel = serializers.DictField(child=CountsSerializer())
    audience = serializers.DictField(child=CountsSerializer())
    campaign = serializers.DictField(child=CountsSerializer(), help_text="By id.")
    creative = serializers.DictField(child=CountsSerializer(), help_text="By id.")
    phase = serializers.DictField(child=CountsSerializer(), help_text="By number.")


class GuardrailSerializer(serializers.Serializer[Any]):
    """Something that the launch must not harm."""

    metric = serializers.CharField()
    definition = serializers.CharField()
    limit = serializers.FloatField(help_text="The relative change that is tolerated.")
    relative_effect = serializers.FloatField(allow_null=True)
    relative_interval = IntervalField()
    verdict = serializers.CharField()
    code = serializers.CharField()


class EffectSerializer(serializers.Serializer[Any]):
    """What the launch caused, in the unit of its metric."""

    estimate = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    always_valid_interval = IntervalField(help_text=_what("every look"))
    verdict = serializers.CharField()
    guardrails = GuardrailSerializer(many=True)


class PartEffectSerializer(serializers.Serializer[Any]):
    """What the launch caused in some part."""

    n = serializers.IntegerField()
    control_n = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)
    control_mean = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True)
    interval = IntervalField()
    p_value = serializers.FloatField(allow_null=True)
    adjusted_p_value = serializers.FloatField(allow_null=True, help_text=_what("corrected p-value"))


class PersonaEffectSerializer(PartEffectSerializer):
    """What the launch caused among customers of one persona."""

    persona = serializers.CharField()
    verdict = serializers.CharField()


class AudienceEffectSerializer(PartEffectSerializer):
    """What the launch caused in one audience; the interval holds at every look."""

    audience = serializers.CharField()
    verdict = serializers.CharField()


class HourEffectSerializer(PartEffectSerializer):
    """What of the effect was bought in one hour of the shop's day; all intervals hold together."""

    hour = serializers.IntegerField(help_text="0 to 23, on the shop's own clock.")
    buyers = serializers.IntegerField(help_text="On both sides; below ten nothing is judged.")


class KeptEffectSerializer(serializers.Serializer[Any]):
    """What a variant showed at an hour of which a result was kept."""

    until = serializers.DateTimeField()
    variant = serializers.CharField()
    n = serializers.IntegerField()
    control_n = serializers.IntegerField()
    effect = serializers.FloatField()
    interval = IntervalField()
    always_valid_interval = IntervalField(help_text=_what("every look"))


class DifferSerializer(serializers.Serializer[Any]):
    """Whether personas differ by more than chance."""

    p_value = serializers.FloatField(allow_null=True)
    personas = serializers.IntegerField()


class PersonaEffectsSerializer(serializers.Serializer[Any]):
    """The effect by persona, and whether personas differ."""

    results = PersonaEffectSerializer(many=True)
    differ = DifferSerializer()


class IncrementalSerializer(serializers.Serializer[Any]):
    """Purchases that would not have happened without the launch."""

    estimate = serializers.FloatField(allow_null=True)
    interval = IntervalField()


class AttributionSerializer(serializers.Serializer[Any]):
    """Purchases ascribed to the launch, and of them those it caused, returns subtracted."""

    rule = serializers.CharField()
    click_window_days = serializers.FloatField()
    view_window_days = serializers.FloatField()
    attributed = serializers.IntegerField()
    returned = serializers.IntegerField()
    net = serializers.IntegerField()
    net_revenue = serializers.CharField(help_text="Of what was ascribed, less returns by share.")
    incremental = IncrementalSerializer()
    incremental_share = IncrementalSerializer(help_text="Of what is ascribed, the part caused.")


class WhatIfSerializer(serializers.Serializer[Any]):
    """What another budget would buy; null where it is less than must be spent."""

    share = serializers.FloatField()
    budget = serializers.CharField()
    spent = serializers.CharField(allow_null=True)
    expected_response = serializers.FloatField(allow_null=True)


class CannibalisationSerializer(IncrementalSerializer):
    """What the launch did to purchases of similar products, per customer."""

    siblings = serializers.IntegerField(help_text="How many similar products were looked at.")
    share = serializers.FloatField(
        allow_null=True,
        help_text="Lost for each purchase caused; null unless both are beyond chance.",
    )


class ForecastFigureSerializer(serializers.Serializer[Any]):
    """A count of the launch's days as it was planned, and as it is expected now."""

    planned = serializers.FloatField()
    planned_interval = IntervalField(help_text="80 %.")
    expected = serializers.FloatField()
    interval = IntervalField(help_text="80 %, knowing what was counted so far.")
    so_far = serializers.IntegerField(allow_null=True)
    source = serializers.CharField()


class ForecastSerializer(serializers.Serializer[Any]):
    """What customers will do with the product in the launch's days."""

    purchases = ForecastFigureSerializer()
    clicks = ForecastFigureSerializer()
    pieces = ForecastFigureSerializer()


class SatisfactionSerializer(serializers.Serializer[Any]):
    """What customers said of the product since its launch started."""

    ratings = serializers.IntegerField()
    mean_rating = serializers.FloatField(allow_null=True)
    reviews = serializers.IntegerField()
    review_sentiment = serializers.FloatField(
        allow_null=True, help_text="Mean of the values that the shop sent with reviews."
    )
    likes = serializers.IntegerField()
    dislikes = serializers.IntegerField()


class LaunchReportSerializer(serializers.Serializer[Any]):
    """The report of a launch."""

    launch = serializers.UUIDField()
    currency = serializers.CharField()
    totals = CountsSerializer()
    by = PartsSerializer()
    rates = AllRatesSerializer()
    effect = EffectSerializer()
    effect_by_persona = PersonaEffectsSerializer(allow_null=True)
    effect_by_audience = AudienceEffectSerializer(many=True)
    effect_by_hour = HourEffectSerializer(many=True, help_text=_what("effect of an hour"))
    effect_over_time = KeptEffectSerializer(many=True)
    incremental_conversions = IncrementalSerializer()
    attribution = AttributionSerializer()
    what_if = WhatIfSerializer(many=True)
    forecast = ForecastSerializer(allow_null=True, help_text=_what("forecast"))
    cannibalisation = CannibalisationSerializer()
    satisfaction = SatisfactionSerializer()


class LaunchReportView(LaunchOptView):
    """What a launch did, at what cost, and what it caused."""

    permissions = {"get": ["launchopt_campaigns.view_launch"]}

    @extend_schema(operation_id="launches_report", responses=LaunchReportSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """The figures of the report."""
        return Response(launch_report(launch_named(pk)))

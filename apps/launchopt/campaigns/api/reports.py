"""GET launches/{id}/report/: the figures of a launch's report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.campaigns.reporting import launch_report
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.api.base import LaunchOptView
from launchopt.operations.api.schema import extend_schema


class CountsSerializer(serializers.Serializer[Any]):
    """Counts of a launch or a part of it; money as text in the launch's currency."""

    decisions = serializers.IntegerField()
    exposures = serializers.IntegerField()
    clicks = serializers.IntegerField()
    conversions = serializers.IntegerField()
    returns = serializers.IntegerField()
    revenue = serializers.CharField(help_text="Price x quantity; returns are not deducted.")
    spend = serializers.CharField()


class PartsSerializer(serializers.Serializer[Any]):
    """The counts of each part, by its name."""

    variant = serializers.DictField(child=CountsSerializer())
    channel = serializers.DictField(child=CountsSerializer())
    audience = serializers.DictField(child=CountsSerializer())


class EffectSerializer(serializers.Serializer[Any]):
    """What the launch caused, in the unit of its metric."""

    estimate = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True
    )
    verdict = serializers.CharField()


class LaunchReportSerializer(serializers.Serializer[Any]):
    """The report of a launch."""

    launch = serializers.UUIDField()
    currency = serializers.CharField()
    totals = CountsSerializer()
    by = PartsSerializer()
    effect = EffectSerializer()


class LaunchReportView(LaunchOptView):
    """What a launch did, at what cost, and what it caused."""

    permissions = {"get": ["launchopt_campaigns.view_launch"]}

    @extend_schema(operation_id="launches_report", responses=LaunchReportSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """The figures of the report."""
        return Response(launch_report(launch_named(pk)))

"""Spend of paid channels, told by whoever reads it there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.campaigns.services.spending import SpendReport, record_spend
from launchopt.operations.api.base import LaunchOptView
from launchopt.operations.api.schema import extend_schema

EARLY = timedelta(hours=1)  # a clock of theirs may be ahead
MOST = 1_000


class SpendReportSerializer(serializers.Serializer[Any]):
    """What a campaign cost in an hour, as far as the channel has counted."""

    campaign = serializers.UUIDField(help_text="A campaign of a paid channel.")
    starts_at = serializers.DateTimeField(help_text="First instant of the hour it was spent in.")
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=4, min_value=Decimal(0), help_text="Of the whole hour so far."
    )
    source = serializers.CharField(max_length=60, help_text="Who tells, such as meta.")
    counted_until = serializers.DateTimeField(
        required=False, help_text="Up to when the channel had counted; without it, until now."
    )

    def validate_starts_at(self, value: Any) -> Any:
        """A full hour that has begun."""
        if (value.minute, value.second, value.microsecond) != (0, 0, 0):
            raise serializers.ValidationError("Give the first instant of an hour.")
        if value > timezone.now() + EARLY:
            raise serializers.ValidationError("That hour has not begun.")
        return value


class SpendAnswerSerializer(serializers.Serializer[Any]):
    """How many reports there were, and how many said something new."""

    accepted = serializers.IntegerField()
    updated = serializers.IntegerField()


class SpendView(LaunchOptView):
    """Take in what paid channels have spent. Telling it twice is the same as telling it once."""

    permissions = {"post": ["launchopt_campaigns.add_spendentry"]}

    @extend_schema(request=SpendReportSerializer(many=True), responses={202: SpendAnswerSerializer})
    def post(self, request: Request) -> Response:
        """A list of up to 1,000 reports; a later count of an hour replaces the earlier one."""
        now = timezone.now()
        shape = SpendReportSerializer(data=request.data, many=True, max_length=MOST)
        shape.is_valid(raise_exception=True)
        reports = [SpendReport(**({"counted_until": now} | row)) for row in shape.validated_data]
        updated = record_spend(reports=reports, now=now)
        answer = {"accepted": len(reports), "updated": updated}
        return Response(answer, status=status.HTTP_202_ACCEPTED)

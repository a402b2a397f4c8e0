"""Shapes of launches, campaigns, placements, creatives and decisions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import (
    BudgetCell,
    BudgetPlan,
    Campaign,
    Creative,
    Decision,
    Launch,
    Placement,
)
from launchopt.campaigns.services import Answer
from launchopt.operations.api.strict import AmountField, ExactModelSerializer
from launchopt_core.claims import EMAIL_PARTS, PARTS


class LaunchSerializer(ExactModelSerializer):
    """A launch, its terms and its plan."""

    sku = serializers.CharField(source="product.sku", read_only=True)
    audiences = serializers.SerializerMethodField()

    class Meta:
        model = Launch
        fields = [
            "id", "name", "sku", "status", "budget", "currency", "starts_at", "ends_at", "holdout",
            "channels", "cap_contacts", "cap_window_hours", "feedback", "bounds", "curves", "plan",
            "planned_as_of", "experiment", "audiences", "is_simulated", "clock_at",
            "duplicated_from", "created_by", "approved_by", "created_at", "approved_at",
            "started_at", "paused_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_audiences(self, launch: Launch) -> list[str]:
        """The ids of its audiences."""
        return sorted({str(campaign.audience_id) for campaign in launch.campaigns.all()})


class WishSerializer(serializers.Serializer[Any]):
    """What a launch is to be. Give `days` or `ends_at`; the shop's defaults fill the rest."""

    sku = serializers.CharField()
    budget = AmountField(max_digits=18, decimal_places=4)
    currency = serializers.CharField(required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False)
    days = serializers.FloatField(required=False)
    channels = serializers.DictField(
        child=AmountField(max_digits=18, decimal_places=4), required=False
    )
    holdout = serializers.FloatField(required=False)
    cap_contacts = serializers.IntegerField(required=False)
    cap_window_hours = serializers.IntegerField(required=False)
    feedback = serializers.ChoiceField(Launch.Feedback.choices, required=False)
    bounds = serializers.ListField(child=serializers.DictField(), required=False)
    curves = serializers.DictField(required=False)
    name = serializers.CharField(required=False)
    as_of = serializers.DateTimeField(required=False)
    at = serializers.DateTimeField(required=False)


class FeedbackSerializer(serializers.Serializer[Any]):
    """What results may do to the shares of the variants."""

    feedback = serializers.ChoiceField(Launch.Feedback.choices)


class BudgetChangeSerializer(serializers.Serializer[Any]):
    """Another budget for a launch that runs, and why."""

    budget = serializers.CharField(help_text="An amount, such as 5000.00.")
    reason = serializers.CharField(max_length=500, help_text="Kept with the change.")
    at = serializers.DateTimeField(required=False)


class PlannedSerializer(LaunchSerializer):
    """A launch with the run that plans it."""

    run = serializers.UUIDField(read_only=True)

    class Meta(LaunchSerializer.Meta):
        fields = [*LaunchSerializer.Meta.fields, "run"]
        read_only_fields = fields


class ClockSerializer(serializers.Serializer[Any]):
    """An action may bring its own clock where the shop allows simulated time."""

    at = serializers.DateTimeField(required=False)


class PlanRequestSerializer(ClockSerializer):
    """Until when the plan may look."""

    as_of = serializers.DateTimeField(required=False)


class CampaignSerializer(ExactModelSerializer):
    """A launch's work in one channel towards one audience, and its money."""

    class Meta:
        model = Campaign
        fields = [
            "id", "launch", "channel", "audience", "cost_per_contact", "is_active", "allowance",
            "reserved", "spent",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name != "is_active"]


class CampaignChangeSerializer(serializers.Serializer[Any]):
    """Speak to another audience, or take the campaign out of the plan."""

    audience = serializers.PrimaryKeyRelatedField(queryset=Audience.objects.all(), required=False)
    is_active = serializers.BooleanField(required=False)


class MoneySerializer(serializers.Serializer[Any]):
    """The money of one hour, set by hand; without an amount the hour is left to the plan again."""

    starts_at = serializers.DateTimeField(help_text="Any instant of the hour.")
    amount = serializers.DecimalField(max_digits=18, decimal_places=4, allow_null=True)


class NamesSerializer(serializers.Serializer[Any]):
    """Customers by the shop's ids."""

    customers = serializers.ListField(
        child=serializers.CharField(max_length=200), min_length=1, max_length=10_000
    )
    reason = serializers.CharField(required=False, max_length=200)


class CountSerializer(serializers.Serializer[Any]):
    """How many customers it changed something for."""

    customers = serializers.IntegerField()


class BudgetCellSerializer(ExactModelSerializer):
    """Money for one campaign in one hour."""

    class Meta:
        model = BudgetCell
        fields = [
            "id", "campaign", "starts_at", "amount", "contacts", "expected_response", "is_pinned",
        ]  # fmt: skip
        read_only_fields = ["id", "campaign", "starts_at", "contacts", "expected_response"]


class BudgetPlanSerializer(ExactModelSerializer):
    """How the money is laid out: its cells and what stays unspent sum to the total."""

    cells = BudgetCellSerializer(many=True, read_only=True)

    class Meta:
        model = BudgetPlan
        fields = ["launch", "total", "unspent", "expected_response", "created_at", "cells"]
        read_only_fields = fields


class PlacementSerializer(serializers.ModelSerializer[Placement]):
    """A place in which something can be shown."""

    class Meta:
        model = Placement
        fields = ["name", "channel", "description"]


class CreativeSerializer(serializers.ModelSerializer[Creative]):
    """Words for one audience, channel and variant, and the proof of each claim."""

    class Meta:
        model = Creative
        fields = [
            "id", "launch", "audience", "segment", "channel", "variant", "language", "headline",
            "body", "call_to_action", "alt_text", "subject", "preheader", "writer",
            "fallback_reason", "claims", "refusals", "status", "reviewed_by", "reviewed_at",
            "rejection_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name not in (*PARTS, *EMAIL_PARTS)]


class RejectionSerializer(serializers.Serializer[Any]):
    """Why not."""

    reason = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    """Who stands before which placement."""

    customer = serializers.CharField(help_text="The shop's own id.")
    placement = serializers.CharField(help_text="Such as home.")
    context = serializers.DictField(required=False, help_text="What is known of the moment.")
    at = serializers.DateTimeField(required=False, help_text="Simulated time, where allowed.")


class ShownSerializer(serializers.Serializer[Any]):
    """The words to show."""

    id = serializers.UUIDField()
    sku = serializers.CharField()
    headline = serializers.CharField()
    body = serializers.CharField()
    call_to_action = serializers.CharField()
    alt_text = serializers.CharField()
    url = serializers.CharField()


class AnswerSerializer(serializers.Serializer[Any]):
    """What to show, or why nothing."""

    decision_id = serializers.UUIDField()
    creative = ShownSerializer(allow_null=True)
    reason = serializers.CharField()
    launch = serializers.UUIDField(allow_null=True)
    campaign = serializers.UUIDField(allow_null=True)
    variant = serializers.CharField(allow_null=True)
    propensity = serializers.FloatField()
    policy_version = serializers.CharField()


def answer_of(answer: Answer) -> dict[str, Any]:
    """An answer as JSON; written by hand, because a thousand go out at once."""
    decision = answer.decision
    return {
        "decision_id": str(decision.pk),
        "creative": _shown(answer.creative) if answer.creative else None,
        "reason": decision.reason,
        "launch": str(decision.launch_id) if decision.launch_id else None,
        "campaign": str(decision.campaign_id) if decision.campaign_id else None,
        "variant": decision.variant or None,
        "propensity": decision.propensity,
        "policy_version": decision.policy_version,
    }


def _shown(creative: Creative) -> dict[str, Any]:
    product = creative.launch.product
    return {
        "id": str(creative.pk),
        "sku": product.sku,
        "headline": creative.headline,
        "body": creative.body,
        "call_to_action": creative.call_to_action,
        "alt_text": creative.alt_text,
        "url": product.url,
    }


class DecisionSerializer(ExactModelSerializer):
    """A decision as it stands in the log."""

    customer = serializers.CharField(source="customer.external_id", read_only=True)
    why = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = [
            "id", "customer", "placement", "channel", "launch", "campaign", "creative", "variant",
            "phase", "reason", "why", "propensity", "policy_version", "candidates", "context",
            "inputs", "weight", "cost", "state", "decided_at", "expires_at", "exposed_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_why(self, decision: Decision) -> str:
        """The reason in words."""
        return decision.get_reason_display()

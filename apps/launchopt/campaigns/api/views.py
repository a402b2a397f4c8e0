"""Decisions, and what launches are made of, over REST."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.decorators import action
from rest_framework.mixins import (
    CreateModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.campaigns import creatives, services
from launchopt.campaigns.api.keys import KeptKeyAuthentication, look_again, revision_of
from launchopt.campaigns.api.parsing import questions_of
from launchopt.campaigns.api.serializers import (
    AnswerSerializer,
    BudgetPlanSerializer,
    CampaignChangeSerializer,
    CampaignSerializer,
    CreativeSerializer,
    DecisionSerializer,
    MoneySerializer,
    PlacementSerializer,
    QuestionSerializer,
    RejectionSerializer,
    answer_of,
)
from launchopt.campaigns.models import BudgetPlan, Campaign, Creative, Decision, Placement
from launchopt.operations.api.authentication import ApiKeyAuthentication
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import EmptySerializer
from launchopt.operations.api.strict import checked

APPROVE = "launchopt_campaigns.approve_launch"


class DecisionViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """What to show whom, and the log of what was decided."""

    queryset = Decision.objects.select_related("customer").order_by("-decided_at")
    serializer_class = DecisionSerializer
    filterset_fields = ["launch", "campaign", "reason", "variant", "state", "customer__external_id"]
    permissions = {
        "create": ["launchopt_campaigns.decide"],
        "list": ["launchopt_campaigns.view_decision"],
        "retrieve": ["launchopt_campaigns.view_decision"],
    }

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Who asks for decisions is known to the process; who reads them is looked up."""
        is_asked = self.request is not None and self.request.method == "POST"
        by_key = KeptKeyAuthentication if is_asked else ApiKeyAuthentication
        return [by_key(), SessionAuthentication()]

    @extend_schema(
        auth=[{"apiKey": []}, {"cookieAuth": []}],  # as elsewhere: the key is kept, no other
        request=PolymorphicProxySerializer(
            component_name="Questions",
            serializers=[QuestionSerializer, QuestionSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses=PolymorphicProxySerializer(
            component_name="Answers",
            serializers=[AnswerSerializer, AnswerSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
    )
    def create(self, request: Request) -> Response:
        """Decide for one customer, or for a list of up to 1,000, answered in its order."""
        answers = services.decide(
            questions=questions_of(request.data),
            under=revision_of(request),
            look_again=lambda: look_again(request),
        )
        rows = [answer_of(answer) for answer in answers]
        return Response(rows if isinstance(request.data, list) else rows[0])


class CampaignViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """A launch's work in one channel towards one audience; changed while its plan may be."""

    queryset = Campaign.objects.select_related("launch").order_by("launch", "channel", "pk")
    serializer_class = CampaignSerializer
    filterset_fields = ["launch", "channel", "audience", "is_active"]
    permissions = {
        "list": ["launchopt_campaigns.view_campaign"],
        "retrieve": ["launchopt_campaigns.view_campaign"],
        "partial_update": ["launchopt_campaigns.change_campaign"],
        "money": ["launchopt_campaigns.change_budgetcell"],
    }

    @extend_schema(request=CampaignChangeSerializer, responses=CampaignSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Speak to another audience, or take it out of the plan; the money is laid out anew."""
        given = checked(CampaignChangeSerializer, request)
        campaign, by, now = self.get_object(), request.user, timezone.now()
        if "audience" in given:
            services.change_audience(campaign=campaign, audience=given["audience"], by=by, now=now)
        if "is_active" in given:
            services.switch_campaign(
                campaign=campaign, is_active=given["is_active"], by=by, now=now
            )
        return Response(CampaignSerializer(self.get_object()).data)

    @extend_schema(request=MoneySerializer, responses=BudgetPlanSerializer)
    @action(detail=True, methods=["post"])
    def money(self, request: Request, pk: str) -> Response:
        """Set the money of one hour by hand; the rest is laid out anew around it."""
        given = checked(MoneySerializer, request)
        plan = services.pin_money(
            campaign=self.get_object(), by=request.user, now=timezone.now(), **given
        )
        return Response(BudgetPlanSerializer(plan).data)


class BudgetPlanViewSet(RetrieveModelMixin, LaunchOptViewSet):
    """How a launch's money is laid out, by the launch's id."""

    queryset = BudgetPlan.objects.prefetch_related("cells")
    serializer_class = BudgetPlanSerializer


class PlacementViewSet(
    CreateModelMixin, UpdateModelMixin, ListModelMixin, RetrieveModelMixin, LaunchOptViewSet
):
    """Places in which decisions can show something."""

    queryset = Placement.objects.order_by("name")
    serializer_class = PlacementSerializer
    filterset_fields = ["channel"]
    http_method_names = ["get", "post", "patch", "head", "options"]


class CreativeViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Words that wait for a person, and those that a person approved."""

    queryset = Creative.objects.select_related("launch").order_by("launch", "channel", "pk")
    serializer_class = CreativeSerializer
    filterset_fields = ["launch", "audience", "channel", "variant", "status"]
    permissions = {
        "list": ["launchopt_campaigns.view_creative"],
        "retrieve": ["launchopt_campaigns.view_creative"],
        "partial_update": ["launchopt_campaigns.change_creative"],
        "approve": [APPROVE],
        "reject": [APPROVE],
    }

    @extend_schema(request=CreativeSerializer, responses=CreativeSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change words; an approval of the former words is dropped."""
        shape = CreativeSerializer(self.get_object(), data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        creative = creatives.edit_creative(
            creative=self.get_object(),
            by=request.user,
            now=timezone.now(),
            **shape.validated_data,
        )
        return Response(CreativeSerializer(creative).data)

    @extend_schema(request=EmptySerializer, responses=CreativeSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve exactly these words."""
        creative = creatives.approve_creative(
            creative=self.get_object(), by=request.user, now=timezone.now()
        )
        return Response(CreativeSerializer(creative).data)

    @extend_schema(request=RejectionSerializer, responses=CreativeSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Say no, with a reason."""
        reason = checked(RejectionSerializer, request)["reason"]
        creative = creatives.reject_creative(
            creative=self.get_object(),
            by=request.user,
            reason=reason,
            now=timezone.now(),
        )
        return Response(CreativeSerializer(creative).data)

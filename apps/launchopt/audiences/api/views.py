"""Customers, events and audiences over REST."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.audiences import selectors, services
from launchopt.audiences.api.serializers import (
    AudienceSerializer,
    CustomerSerializer,
    EventReportSerializer,
    EventSerializer,
    IdentifySerializer,
    MemberSerializer,
)
from launchopt.audiences.models import Audience, Customer
from launchopt.operations.api.base import LaunchOptView, LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import EmptySerializer


class EventsView(LaunchOptView):
    """Accept events. Sending one twice is the same as sending it once."""

    permissions = {"post": ["launchopt_audiences.add_event"]}

    @extend_schema(
        request=PolymorphicProxySerializer(
            component_name="Events",
            serializers=[EventSerializer, EventSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={202: EventReportSerializer},
    )
    def post(self, request: Request) -> Response:
        """One event, or a list of up to 1,000. What cannot be stored is kept with its reason."""
        batch = request.data if isinstance(request.data, list) else [request.data]
        report = services.record_events(
            batch, received_at=timezone.now(), source=request.user.get_username()
        )
        return Response(report.as_dict(), status=status.HTTP_202_ACCEPTED)


class CustomerViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Shoppers, by the shop's own id. A visitor who became a customer is that customer."""

    queryset = Customer.objects.filter(merged_into=None).prefetch_related("consents")
    serializer_class = CustomerSerializer
    lookup_field = "external_id"
    lookup_value_regex = ".+"
    filterset_fields = ["country", "language", "gender", "is_anonymous"]
    ordering_fields = ["external_id", "joined_at", "created_at", "updated_at"]
    permissions = {
        "identify": ["launchopt_audiences.identify_customer"],
        "list": ["launchopt_audiences.view_customer"],
        "retrieve": ["launchopt_audiences.view_customer"],
        "create": ["launchopt_audiences.add_customer"],
        "update": ["launchopt_audiences.change_customer"],
        "partial_update": ["launchopt_audiences.change_customer"],
    }

    def get_object(self) -> Customer:
        """By the id in the address."""
        return selectors.customer_named(self.kwargs["external_id"])

    @extend_schema(responses={201: CustomerSerializer})
    def create(self, request: Request) -> Response:
        """Add a customer. The id must be new."""
        customer = services.add_customer(
            self._given(request), now=timezone.now(), source=request.user.get_username()
        )
        return Response(self.get_serializer(customer).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, external_id: str) -> Response:
        """Change what is given; what is given empty is emptied."""
        return self._change(request, self._given(request))

    def partial_update(self, request: Request, external_id: str) -> Response:
        """Change what is given; what is given empty is emptied."""
        return self._change(request, self._given(request, partial=True))

    @extend_schema(request=IdentifySerializer, responses=CustomerSerializer)
    @action(detail=False, methods=["post"])
    def identify(self, request: Request) -> Response:
        """A visitor logs in: the visitor's history becomes the customer's. It may be repeated."""
        serializer = IdentifySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        customer = services.identify_customer(**serializer.validated_data, now=timezone.now())
        return Response(self.get_serializer(customer).data)

    def _change(self, request: Request, values: dict[str, Any]) -> Response:
        customer = services.change_customer(
            self.get_object(), values, now=timezone.now(), source=request.user.get_username()
        )
        return Response(self.get_serializer(customer).data)

    def _given(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = CustomerSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


class AudienceViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Questions about customers. Build one to store who answers it."""

    queryset = Audience.objects.select_related("product").order_by("-created_at", "name")
    serializer_class = AudienceSerializer
    filterset_fields = ["product__sku", "name"]
    permissions = {
        "build": ["launchopt_audiences.change_audience"],
        "members": ["launchopt_audiences.view_audience", "launchopt_audiences.view_customer"],
        "list": ["launchopt_audiences.view_audience"],
        "retrieve": ["launchopt_audiences.view_audience"],
        "create": ["launchopt_audiences.add_audience"],
        "update": ["launchopt_audiences.change_audience"],
        "partial_update": ["launchopt_audiences.change_audience"],
    }

    @extend_schema(responses={201: AudienceSerializer})
    def create(self, request: Request) -> Response:
        """Keep a question. Its rules are checked."""
        audience = services.save_audience(values=self._given(request), now=timezone.now())
        return Response(self.get_serializer(audience).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: str) -> Response:
        """Change the question."""
        return self._change(self._given(request))

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a part of the question."""
        return self._change(self._given(request, partial=True))

    @extend_schema(request=EmptySerializer, responses=AudienceSerializer)
    @action(detail=True, methods=["post"])
    def build(self, request: Request, pk: str) -> Response:
        """Ask it now, and store who answers."""
        now = timezone.now()
        audience = services.build_audience(audience=self.get_object(), as_of=now, now=now)
        return Response(self.get_serializer(audience).data)

    @extend_schema(responses=MemberSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"])
    def members(self, request: Request, pk: str) -> Response:
        """Who answered when it was last built, the likeliest first."""
        page = self.paginate_queryset(selectors.stored_members(self.get_object()))
        return self.get_paginated_response(MemberSerializer(page, many=True).data)

    def _change(self, values: dict[str, Any]) -> Response:
        audience = services.save_audience(
            audience=self.get_object(), values=values, now=timezone.now()
        )
        return Response(self.get_serializer(audience).data)

    def _given(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = AudienceSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

"""Webhook endpoints and their deliveries over REST."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema
from launchopt.operations.api.serializers import EmptySerializer
from launchopt.operations.api.strict import StrictSerializer, checked
from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.privacy import masked_text
from launchopt.operations.webhooks import endpoints

CHANGE = ["launchopt_operations.change_webhookendpoint"]


class WebhookEndpointSerializer(StrictSerializer, serializers.ModelSerializer[WebhookEndpoint]):
    """A system that is told of events."""

    events = serializers.ListField(child=serializers.CharField(), allow_empty=False)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id", "name", "url", "events", "is_active", "failing_since", "switched_off",
            "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "failing_since", "switched_off", "created_at"]


class NewWebhookEndpointSerializer(WebhookEndpointSerializer):
    """A new endpoint, with the secret that is shown this once."""

    class Meta(WebhookEndpointSerializer.Meta):
        fields = [*WebhookEndpointSerializer.Meta.fields, "secret"]
        read_only_fields = [*WebhookEndpointSerializer.Meta.read_only_fields, "is_active", "secret"]


class WebhookSecretSerializer(serializers.Serializer[Any]):
    """A secret that is shown this once."""

    secret = serializers.CharField(read_only=True)


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """An event for an endpoint, and what became of it."""

    payload = serializers.SerializerMethodField()
    response_start = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = [
            "id", "endpoint", "event", "key", "payload", "state", "attempts", "next_attempt_at",
            "expires_at", "response_status", "response_start", "error", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_payload(self, delivery: WebhookDelivery) -> dict[str, Any]:
        """What is sent, without addresses and numbers of people."""
        payload: dict[str, Any] = json.loads(masked_text(delivery.body))
        return payload

    def get_response_start(self, delivery: WebhookDelivery) -> str:
        """How the last answer began, without addresses and numbers of people."""
        return masked_text(delivery.response_start)


class WebhookEndpointViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Systems that are told of events. The secret is in the answer that makes one, and no other."""

    queryset = WebhookEndpoint.objects.order_by("name")
    serializer_class = WebhookEndpointSerializer
    filterset_fields = ["is_active"]
    permissions = {
        "create": ["launchopt_operations.add_webhookendpoint"],
        "partial_update": CHANGE,
        "secret": CHANGE,
        "test": CHANGE,
        "list": ["launchopt_operations.view_webhookendpoint"],
        "retrieve": ["launchopt_operations.view_webhookendpoint"],
    }

    @extend_schema(
        request=NewWebhookEndpointSerializer, responses={201: NewWebhookEndpointSerializer}
    )
    def create(self, request: Request) -> Response:
        """Make one. Its address must be public, or allowed by a setting."""
        endpoint = endpoints.create_endpoint(
            **checked(NewWebhookEndpointSerializer, request), now=timezone.now(), by=request.user
        )
        shown = NewWebhookEndpointSerializer(endpoint).data
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=WebhookEndpointSerializer, responses=WebhookEndpointSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it, or switch it on or off."""
        endpoint = self.get_object()
        given = self.get_serializer(endpoint, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changed = endpoints.change_endpoint(
            endpoint=endpoint, changes=given.validated_data, now=timezone.now(), by=request.user
        )
        return Response(self.get_serializer(changed).data)

    @extend_schema(request=EmptySerializer, responses=WebhookSecretSerializer)
    @action(detail=True, methods=["post"])
    def secret(self, request: Request, pk: str) -> Response:
        """Make a new secret; the one before signs too for a day."""
        new = endpoints.replace_secret(
            endpoint=self.get_object(), now=timezone.now(), by=request.user
        )
        return Response({"secret": new})

    @extend_schema(request=EmptySerializer, responses={202: EmptySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send it a test event; its deliveries tell what came of it."""
        endpoints.send_test(endpoint=self.get_object(), now=timezone.now(), by=request.user)
        return Response({}, status=status.HTTP_202_ACCEPTED)


class WebhookDeliveryViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """Events that were told, or wait to be. One that has ended can be sent again."""

    queryset = WebhookDelivery.objects.order_by("-created_at", "pk")
    serializer_class = WebhookDeliverySerializer
    filterset_fields = ["endpoint", "event", "state"]
    permissions = {
        "resend": ["launchopt_operations.change_webhookdelivery"],
        "list": ["launchopt_operations.view_webhookdelivery"],
        "retrieve": ["launchopt_operations.view_webhookdelivery"],
    }

    @extend_schema(request=EmptySerializer, responses=WebhookDeliverySerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send it again under its old id."""
        again = endpoints.resend(delivery=self.get_object(), now=timezone.now(), by=request.user)
        return Response(self.get_serializer(again).data)

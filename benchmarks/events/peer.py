"""The peers: the same events over a DRF ModelSerializer and `bulk_create`, without authentication.

`PlainView` is what DRF makes of the model: it looks each customer and product up and each message.
`TunedView` looks nothing up: its clients must know our numbers of customers and products; an
unknown one is stored as it comes. Neither creates customers, keeps what is wrong, nor knows a
message that comes again with another instant.
"""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from launchopt.audiences.models import Customer, Event
from launchopt.catalog.models import Product

FIELDS = ["message_id", "kind", "occurred_at", "quantity", "price", "currency", "order_id"]


class PlainSerializer(serializers.ModelSerializer[Event]):
    """The model's fields, with the shop's own ids of customers and products."""

    customer = serializers.SlugRelatedField(
        slug_field="external_id", queryset=Customer.objects.all()
    )
    product = serializers.SlugRelatedField(slug_field="sku", queryset=Product.objects.all())

    class Meta:
        model = Event
        fields = [*FIELDS, "customer", "product"]


class TunedSerializer(serializers.ModelSerializer[Event]):
    """The model's fields, with plain numbers in the place of what would be looked up."""

    customer_id = serializers.IntegerField()
    product_id = serializers.IntegerField()

    class Meta:
        model = Event
        fields = [*FIELDS, "customer_id", "product_id"]
        extra_kwargs = {"message_id": {"validators": []}}


class PlainView(APIView):
    """Check each row, and store all at once."""

    serializer_class: type[serializers.ModelSerializer[Event]] = PlainSerializer
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        """A list of events."""
        serializer = self.serializer_class(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        now = timezone.now()
        rows = [Event(received_at=now, **row) for row in serializer.validated_data]
        Event.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"accepted": len(rows)}, status=202)


class TunedView(PlainView):
    """The same without a query for each row."""

    serializer_class = TunedSerializer


urlpatterns = [
    path("plain/", PlainView.as_view()),
    path("tuned/", TunedView.as_view()),
    path("", include("launchopt_project.urls")),
]

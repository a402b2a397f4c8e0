"""The peer, in the same server: a DRF view that reads ten rows by the ORM and checks nobody."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny

from launchopt.audiences.models import Recommendation


class RowSerializer(serializers.ModelSerializer[Recommendation]):
    """The fields of a stored entry and of its product."""

    sku = serializers.CharField(source="product.sku")
    title = serializers.CharField(source="product.title")
    url = serializers.CharField(source="product.url")
    image_url = serializers.CharField(source="product.image_url")
    price = serializers.DecimalField(source="product.price", max_digits=18, decimal_places=4)
    currency = serializers.CharField(source="product.currency")

    class Meta:
        model = Recommendation
        fields = [
            "rank", "sku", "title", "url", "image_url", "price", "currency", "score", "source",
            "reason", "is_new",
        ]  # fmt: skip


class RowsView(generics.ListAPIView[Recommendation]):
    """Ten rows, no filters, no checks: what anybody would write first."""

    serializer_class = RowSerializer
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    pagination_class = None

    def get_queryset(self) -> Any:
        """The stored list of a customer."""
        rows = Recommendation.objects.filter(customer__external_id=self.kwargs["customer"])
        return rows.select_related("product").order_by("rank")[:10]


urlpatterns = [
    path("peer/<str:customer>/", RowsView.as_view()),
    path("", include("launchopt_project.urls")),
]

"""Products over REST."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import status
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from launchopt.catalog import selectors, services
from launchopt.catalog.api.serializers import ProductSerializer, given_values
from launchopt.catalog.models import Product
from launchopt.operations.api.base import LaunchOptViewSet
from launchopt.operations.api.schema import extend_schema


class ProductViewSet(ListModelMixin, RetrieveModelMixin, LaunchOptViewSet):
    """What the shop sells, by SKU. A new product, or a changed text, is scored by itself."""

    queryset = Product.objects.select_related("category").order_by("sku")
    serializer_class = ProductSerializer
    lookup_field = "sku"
    lookup_value_regex = ".+"
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]
    filterset_fields = ["category__name", "brand", "language", "is_placeholder"]
    search_fields = ["sku", "title"]
    ordering_fields = ["sku", "title", "launched_at", "created_at", "updated_at"]

    @extend_schema(responses={201: ProductSerializer})
    def create(self, request: Request) -> Response:
        """Add a product. Its SKU must be new."""
        product = services.add_product(self._given(request), now=timezone.now())
        return Response(self.get_serializer(product).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, sku: str) -> Response:
        """Change what is given; what is given empty is emptied."""
        return self._change(request, sku, self._given(request))

    def partial_update(self, request: Request, sku: str) -> Response:
        """Change what is given; what is given empty is emptied."""
        return self._change(request, sku, self._given(request, partial=True))

    def _change(self, request: Request, sku: str, values: dict[str, Any]) -> Response:
        product = services.change_product(
            selectors.product_with_sku(sku), values, now=timezone.now()
        )
        return Response(self.get_serializer(product).data)

    def _given(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = ProductSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return given_values(serializer)

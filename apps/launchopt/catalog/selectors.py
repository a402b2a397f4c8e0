"""Questions about products."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from launchopt.catalog.models import Product
from launchopt.operations.errors import NotFound


def products() -> QuerySet[Product]:
    """Every product with its category, by SKU."""
    return Product.objects.select_related("category").order_by("sku")


def product_with_sku(sku: str) -> Product:
    """One product. Raises NotFound, naming the SKU."""
    product = products().filter(sku=sku).first()
    if product is None:
        raise NotFound(f"There is no product with the SKU {sku!r}.")
    return product


def ids_by_sku(skus: Iterable[str]) -> dict[str, int]:
    """The ids of those SKUs that are known, in one query."""
    wanted = Product.objects.filter(sku__in=list(skus)).order_by()
    return dict(wanted.values_list("sku", "id"))

"""Questions about products."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet

from launchopt.catalog.embeddings import encoder_name
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


def siblings_of(product: Product, *, most: int = 20) -> list[int]:
    """Ids of the products most like it in what their texts mean, the nearest first.

    Those of its category where it has one, else those whose cosine is at least LIKE. Where its text
    has not been read yet, any of its category.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SIBLINGS,
            {
                "product": product.pk,
                "category": product.category_id,
                "encoder": encoder_name(),
                "like": LIKE,
                "most": most,
            },
        )
        return [row[0] for row in cursor.fetchall()]


LIKE = 0.5
SIBLINGS = """
    SELECT p.id
    FROM launchopt_catalog_product p
    LEFT JOIN launchopt_catalog_productembedding own
      ON own.product_id = %(product)s AND own.encoder = %(encoder)s
    LEFT JOIN launchopt_catalog_productembedding e
      ON e.product_id = p.id AND e.encoder = %(encoder)s
    WHERE p.id <> %(product)s AND CASE
        WHEN %(category)s::bigint IS NOT NULL THEN p.category_id = %(category)s
        ELSE 1 - (own.vector <=> e.vector) >= %(like)s
    END
    ORDER BY own.vector <=> e.vector, p.id
    LIMIT %(most)s
"""

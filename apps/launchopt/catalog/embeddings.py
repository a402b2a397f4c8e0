"""Which texts the encoder has yet to read, and what it read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from launchopt.catalog.models import Product, ProductEmbedding
from launchopt.catalog.texts import product_text
from launchopt.conf import launchopt_settings
from launchopt.operations.selectors import active_model

ENCODER = "encoder"  # the name of its model versions
PREFIX = f"{ENCODER}:"  # before the id of a version, where embeddings name what read them


@dataclass(frozen=True)
class UnreadText:
    """A product's text, and whether another text of it was read before."""

    product_id: int
    text: str
    text_hash: str
    is_change: bool


def encoder_name() -> str:
    """The encoder in force, as embeddings name it: the active version, else the setting's."""
    active = active_model(ENCODER)
    return f"{PREFIX}{active.pk}" if active and active.files else launchopt_settings().encoder


def unread_products(*, encoder: str) -> QuerySet[Product]:
    """Products whose text, as it stands, this encoder has not read."""
    read = ProductEmbedding.objects.filter(
        product=OuterRef("pk"), encoder=encoder, text_hash=OuterRef("text_hash")
    )
    return Product.objects.filter(~Exists(read), is_placeholder=False).exclude(text_hash="")


def unread_texts(*, encoder: str, most: int) -> list[UnreadText]:
    """The next texts to read, by id."""
    before = ProductEmbedding.objects.filter(product=OuterRef("pk"), encoder=encoder)
    products = (
        unread_products(encoder=encoder)
        .select_related("category")
        .annotate(was_read=Exists(before))
        .order_by("pk")[:most]
    )
    return [
        UnreadText(product.pk, text_of(product), product.text_hash, product.was_read)
        for product in products
    ]


def text_of(product: Product) -> str:
    """What the encoder reads of a product."""
    return product_text(
        title=product.title,
        description=product.description,
        category=product.category.name if product.category else "",
        brand=product.brand,
        attributes=product.attributes,
    )


@transaction.atomic
def save_embeddings(
    texts: Sequence[UnreadText],
    *,
    vectors: Mapping[int, Sequence[float]],
    encoder: str,
    now: datetime,
) -> None:
    """Keep the vectors by product id, each with the hash of the text that it was made from."""
    ProductEmbedding.objects.bulk_create(
        [
            ProductEmbedding(
                product_id=text.product_id,
                encoder=encoder,
                text_hash=text.text_hash,
                vector=vectors[text.product_id],
                created_at=now,
            )
            for text in texts
        ],
        update_conflicts=True,
        unique_fields=["product", "encoder"],
        update_fields=["text_hash", "vector", "created_at"],
        batch_size=1000,
    )

"""The fields of a product, as an import or the API gives them."""

from __future__ import annotations

import polars as pl

from launchopt.conf import launchopt_settings
from launchopt.operations.importing import Field, Rule
from launchopt.operations.importing import fields as kinds

PRODUCT_FIELDS = (
    Field("sku", kinds.text(100), is_required=True),
    Field("title", kinds.text(1000), is_required=True),
    Field("description", kinds.text(1_000_000)),
    Field("category", kinds.text(200)),
    Field("brand", kinds.text(200)),
    Field("price", kinds.amount()),
    Field("currency", kinds.currency()),
    Field("url", kinds.url()),
    Field("image_url", kinds.url()),
    Field("language", kinds.text(20)),
    Field("stock", kinds.integer()),
    Field("launched_at", kinds.instant()),
    Field("retired_at", kinds.instant()),
    Field("attributes.", kinds.text(1000)),
)
TEXT_COLUMNS = frozenset({"title", "description", "category_id", "brand", "attributes"})


def product_rules() -> tuple[Rule, ...]:
    """What must hold between the fields; the limit is a setting."""
    limit = launchopt_settings().text_limit
    length = pl.col("title").str.len_chars().fill_null(0) + pl.col(
        "description"
    ).str.len_chars().fill_null(0)
    return (
        Rule(
            ("title", "description"),
            length > limit,
            f"title and description are longer than {limit:,} characters together",
        ),
        Rule(
            ("launched_at", "retired_at"),
            pl.col("retired_at") <= pl.col("launched_at"),
            "retired_at is not after launched_at",
        ),
    )

"""Actions on products: save many at once, make placeholders, retire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from launchopt import jobs
from launchopt.catalog.fields import PRODUCT_FIELDS, TEXT_COLUMNS, product_rules
from launchopt.catalog.models import Category, Product
from launchopt.catalog.signals import products_changed
from launchopt.catalog.texts import hash_of_text, product_text
from launchopt.operations.bulk import Upsert, Upserted
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.importing import Field
from launchopt.operations.importing.batches import frame_of, mapping_of, reasons_frame
from launchopt.operations.importing.cleaning import REASON, clean_rows, split_rejected
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.outcome import Outcome

LOCK = 7_316_022  # one writer of products at a time, so that none is lost between two
NAMES = frozenset({f.name for f in PRODUCT_FIELDS if not f.is_family})
FAMILY = "attributes."


@transaction.atomic
def save_products(rows: Sequence[Mapping[str, Any]], *, now: datetime) -> Outcome:
    """Create or change products from dictionaries with the fields of the import.

    `attributes` may be a dictionary, or `attributes.NAME` single facts. What a row does not name,
    and what it leaves empty, stays as it is. Rejected rows come back with index and reason.
    """
    plain = [_without_attributes(row) for row in rows]
    names = NAMES | {name for row in plain for name in row if name.startswith(FAMILY)}
    frame, bad = frame_of(plain, names=names)
    cleaned = clean_rows(
        frame, mapping=mapping_of(frame), fields=PRODUCT_FIELDS, rules=product_rules()
    )
    good, rejected = split_rejected(cleaned)
    good = _with_given_attributes(good, rows)
    outcome = store_products(good.unique("sku", keep="last", maintain_order=True), now=now)
    outcome.rejected = pl.concat([reasons_frame(bad), rejected]).sort(LINE)
    return outcome


@transaction.atomic
def add_product(values: Mapping[str, Any], *, now: datetime) -> Product:
    """Create one. Raises Conflict where the SKU is taken, InvalidInput for what is wrong."""
    sku = str(values.get("sku", "")).strip()
    if Product.objects.filter(sku=sku, is_placeholder=False).exists():
        raise Conflict(f"There is a product with the SKU {sku!r} already.")
    return _save_one(values, fields=PRODUCT_FIELDS, now=now)


@transaction.atomic
def change_product(product: Product, values: Mapping[str, Any], *, now: datetime) -> Product:
    """Change what is given; what is given empty is emptied. Raises InvalidInput."""
    if values.get("sku", product.sku) != product.sku:
        raise InvalidInput.at("/sku", "The SKU of a product cannot be changed.")
    optional = tuple(replace(f, is_required=f.name == "sku") for f in PRODUCT_FIELDS)
    return _save_one({**values, "sku": product.sku}, fields=optional, now=now)


@transaction.atomic
def keep_product(*, product: Product, changed: Iterable[str], now: datetime) -> Product:
    """Save a product that a form has changed: as every save, with its text's hash and its news."""
    is_new = product.pk is None
    product.created_at = product.created_at or now
    product.updated_at = now
    if "title" in changed:
        product.is_placeholder = False
    product.save()
    names = [Product._meta.get_field(name).column for name in changed]
    done = Upserted(created=[product.pk]) if is_new else Upserted(changed={product.pk: names})
    _renew_hashes(_ids_with_new_text(done))
    if names:
        _tell(done, now=now)
    return product


@transaction.atomic
def store_products(rows: pl.DataFrame, *, now: datetime, clears: bool = False) -> Outcome:
    """Write clean rows, one for each SKU, in a fixed number of statements.

    With `clears` an empty value empties the field. New products and changed texts are scored on
    commit; `products_changed` tells the apps above what changed.
    """
    if rows.is_empty():
        return Outcome()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    frame = _columns(rows)
    done = Upsert(Product, key="sku", frame=frame, now=now, clears=clears).run()
    _renew_hashes(_ids_with_new_text(done))
    _tell(done, now=now)
    accepted = len(done.created) + len(done.changed)
    return Outcome(accepted=accepted, updated=len(done.changed))


def _save_one(values: Mapping[str, Any], *, fields: Sequence[Field], now: datetime) -> Product:
    frame, bad = frame_of([_without_attributes(values)], names=NAMES)
    good, rejected = split_rejected(
        clean_rows(frame, mapping=mapping_of(frame), fields=fields, rules=product_rules())
    )
    faults = [reason for _, reason in bad] + rejected[REASON].to_list()
    if faults:
        raise InvalidInput.at(f"/{faults[0].split(' ')[0]}", faults[0])
    store_products(_with_given_attributes(good, [values]), now=now, clears=True)
    return Product.objects.select_related("category").get(sku=good["sku"][0])


@transaction.atomic
def ensure_placeholders(skus: Iterable[str], *, now: datetime) -> int:
    """Make products of which only the SKU is known, to be filled in later. Returns how many."""
    made = [
        Product(sku=sku, title=sku, is_placeholder=True, created_at=now, updated_at=now)
        for sku in sorted(set(skus))
    ]
    before = Product.objects.filter(sku__in=[p.sku for p in made]).count()
    Product.objects.bulk_create(made, ignore_conflicts=True, batch_size=5_000)
    return len(made) - before


@transaction.atomic
def retire_products(skus: Iterable[str], *, at: datetime, now: datetime) -> int:
    """Take products off sale from an instant on. Returns how many that changed."""
    standing = Product.objects.filter(sku__in=list(skus)).exclude(retired_at=at)
    ids = list(standing.select_for_update(no_key=True).values_list("id", flat=True))
    Product.objects.filter(id__in=ids).update(retired_at=at, updated_at=now)
    _tell(Upserted(changed={row_id: ["retired_at"] for row_id in ids}), now=now)
    return len(ids)


def _without_attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "attributes"}


def _with_given_attributes(good: pl.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Dictionaries of attributes as JSON, which keeps their types."""
    if not any("attributes" in row for row in rows):
        return good
    found = [_attributes_json(rows[index].get("attributes")) for index in good[LINE]]
    return good.with_columns(pl.Series("attributes", found, dtype=pl.String))


def _attributes_json(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidInput.at("/attributes", "attributes is an object of names and values.")
    return json.dumps(value)


def _columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Clean fields as database columns."""
    frame = _with_family(rows.drop(LINE, strict=False))
    if "title" in frame.columns:
        frame = frame.with_columns(is_placeholder=pl.lit(False))
    if "category" in frame.columns:
        ids = _category_ids(frame["category"])
        made = pl.col("category").replace_strict(ids, default=None, return_dtype=pl.Int64)
        frame = frame.with_columns(category_id=made).drop("category")
    return frame


def _with_family(frame: pl.DataFrame) -> pl.DataFrame:
    """`attributes.colour` and its like as one JSON column; an empty one is no fact."""
    names = [name for name in frame.columns if name.startswith(FAMILY)]
    if not names:
        return frame
    short = [name.removeprefix(FAMILY) for name in names]
    texts = [
        json.dumps({name: value for name, value in zip(short, row, strict=True) if value})
        for row in frame.select(names).iter_rows()
    ]
    return frame.drop(names).with_columns(pl.Series("attributes", texts))


def _category_ids(names: pl.Series) -> dict[str, int]:
    wanted = names.drop_nulls().unique().to_list()
    known = Category.objects.filter(name__in=wanted)
    found = dict(known.values_list("name", "id"))
    missing = [Category(name=name) for name in sorted(set(wanted) - set(found))]
    if missing:
        Category.objects.bulk_create(missing, ignore_conflicts=True)
        found = dict(known.all().values_list("name", "id"))
    return found


def _ids_with_new_text(done: Upserted) -> list[int]:
    changed = [row_id for row_id, names in done.changed.items() if TEXT_COLUMNS & set(names)]
    return [*done.created, *changed]


def _renew_hashes(ids: list[int]) -> None:
    """Bring the hash up to date with the text; the prediction worker compares it."""
    facts = Product.objects.filter(id__in=ids, is_placeholder=False).values_list(
        "id", "title", "description", "category__name", "brand", "attributes"
    )
    rows = [(row_id, hash_of_text(_text(*values))) for row_id, *values in facts]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE launchopt_catalog_product p SET text_hash = n.hash "
            "FROM unnest(%s::bigint[], %s::text[]) AS n(id, hash) WHERE p.id = n.id",
            [[row_id for row_id, _ in rows], [hash_ for _, hash_ in rows]],
        )
    jobs.send(jobs.SCORE_NEW_PRODUCTS)


def _text(
    title: str, description: str, category: str | None, brand: str, attributes: dict[str, Any]
) -> str:
    return product_text(
        title=title,
        description=description,
        category=category or "",
        brand=brand,
        attributes=attributes,
    )


def _tell(done: Upserted, *, now: datetime) -> None:
    if done.changed:
        products_changed.send(sender=Product, changes=done.changed, now=now)

"""What makes two events the same: the sender's message id, or else the content."""

from __future__ import annotations

import re
from hashlib import md5

import polars as pl

KEY = "message_key"
HAS_KEY = "has_message_key"
SEPARATOR = "\x1f"
UUID_FORM = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}").fullmatch
# The customer is the one whom the sender named, so that joining a visitor to a customer changes no
# id. What a sender leaves out is the same as what it leaves empty.
CONTENT = (
    "source_id",
    "product_id",
    "kind",
    "occurred_at",
    "quantity",
    "price",
    "currency",
    "value",
    "order_id",
    "session",
    "text",
    "decision_id",
)


def with_keys(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the id of each as 32 hexadecimal digits, and whether its sender gave one.

    A UUID that the sender gave is kept; other ids, and contents, are hashed: 128 bits of MD5, which
    is quick and here guards against chance, not against enemies: who may send events may send any.
    """
    if "message_id" not in rows.columns:
        keys = _hashed(_contents(rows))
        return rows.with_columns(pl.Series(KEY, keys), pl.lit(False).alias(HAS_KEY))
    sent = rows["message_id"]
    contents = iter(_hashed(_contents(rows.filter(sent.is_null()))))
    keys = [next(contents) if text is None else _sent(text) for text in sent.to_list()]
    return rows.with_columns(pl.Series(KEY, keys), sent.is_not_null().alias(HAS_KEY))


def _sent(text: str) -> str:
    if UUID_FORM(text):
        return text.replace("-", "").lower()
    return _hash(f"message{SEPARATOR}{text}")


def _contents(rows: pl.DataFrame) -> pl.Series:
    parts = [_part(rows, name) for name in CONTENT]
    return rows.select(pl.concat_str(parts, separator=SEPARATOR).alias("content"))["content"]


def _part(rows: pl.DataFrame, name: str) -> pl.Expr:
    """A field as a text that no version of a library writes differently."""
    if name not in rows.columns:
        return pl.lit("1" if name == "quantity" else "")
    column = pl.col(name)
    if name == "quantity":
        return column.fill_null(1).cast(pl.String)
    if name == "occurred_at":
        return column.dt.epoch("us").cast(pl.String)
    if name == "price":
        column = (column * 10_000).cast(pl.Int64)
    if name == "value":
        column = pl.Series(
            name, [None if v is None else repr(v) for v in rows[name].to_list()], dtype=pl.String
        )
        return pl.lit(column).fill_null("")
    if name == "decision_id":
        column = column.str.replace_all("-", "", literal=True)
    return column.cast(pl.String).fill_null("")


def _hashed(texts: pl.Series) -> list[str]:
    return [_hash(text) for text in texts.to_list()]


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()

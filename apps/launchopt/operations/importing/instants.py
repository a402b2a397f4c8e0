"""Instants written as text, to UTC: with their own zone, or the zone that a mapping gives."""

from __future__ import annotations

import polars as pl

UTC = pl.Datetime("us", "UTC")
EARLIEST, LATEST = 1970, 2200

NO_INSTANT = "is no instant"
NO_ZONE = "has no time zone"
NO_SUCH_HOUR = "does not exist in its time zone"
OUT_OF_RANGE = f"is not between {EARLIEST} and {LATEST}"


def parse_instants(
    texts: pl.Series, *, zone: str | None = None, pattern: str | None = None
) -> tuple[pl.Series, pl.Series]:
    """The instants in UTC and the fault of each; one of the two is null.

    Each distinct text is read once: a file has far fewer instants than rows.
    """
    given = texts.rename("text").to_frame()
    read = given.unique().drop_nulls().with_columns(_local(pattern), _zoned(pattern))
    at, no_such_hour = _in_utc(zone)
    read = read.with_columns(at=at, gap=no_such_hour).with_columns(fault=_fault(zone))
    read = read.with_columns(at=pl.when(pl.col("fault").is_null()).then(pl.col("at")))
    joined = given.join(
        read.select("text", "at", "fault"), on="text", how="left", maintain_order="left"
    )
    return joined["at"], joined["fault"]


def _iso() -> pl.Expr:
    """`2026-03-01 09:00` as `2026-03-01T09:00:00`; a date alone begins its day."""
    text = pl.col("text").str.strip_chars().str.replace(r"^(\d{4}-\d\d-\d\d)[ t]", "${1}T")
    text = text.str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00")
    return text.str.replace(r"T(\d\d:\d\d)([Zz]|[+-]\d\d(?::?\d\d)?)?$", "T${1}:00${2}")


def _local(pattern: str | None) -> pl.Expr:
    if pattern:
        return pl.col("text").str.to_datetime(pattern, strict=False).alias("local")
    return _iso().str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False).alias("local")


def _zoned(pattern: str | None) -> pl.Expr:
    if pattern:
        return pl.lit(None, dtype=UTC).alias("zoned")
    form = "%Y-%m-%dT%H:%M:%S%.f%#z"  # Z, +01, +0100 or +01:00
    made = _iso().str.to_datetime(form, strict=False, time_zone="UTC")
    return made.cast(UTC).alias("zoned")


def _in_utc(zone: str | None) -> tuple[pl.Expr, pl.Expr]:
    if not zone:
        return pl.col("zoned"), pl.lit(False)
    local = pl.col("local").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    gap = pl.col("zoned").is_null() & pl.col("local").is_not_null() & local.is_null()
    return pl.coalesce("zoned", local.dt.convert_time_zone("UTC").cast(UTC)), gap


def _fault(zone: str | None) -> pl.Expr:
    year = pl.col("at").dt.year()
    neither = pl.col("local").is_null() & pl.col("zoned").is_null()
    chain = pl.when(neither).then(pl.lit(NO_INSTANT))
    chain = chain.when(pl.col("gap")).then(pl.lit(NO_SUCH_HOUR))
    if not zone:
        chain = chain.when(pl.col("zoned").is_null()).then(pl.lit(NO_ZONE))
    return chain.when((year < EARLIEST) | (year >= LATEST)).then(pl.lit(OUT_OF_RANGE))

"""Database expressions shared by the apps."""

from __future__ import annotations

from django.db import models


class CurrentTransaction(models.Func):
    """The number of the database transaction at work, as a bigint.

    A reader that has seen every transaction below `pg_snapshot_xmin(pg_current_snapshot())` has
    missed none, which clocks cannot promise: a row may commit long after its timestamp.
    """

    template = "(pg_current_xact_id()::text::bigint)"
    arity = 0
    output_field = models.BigIntegerField()

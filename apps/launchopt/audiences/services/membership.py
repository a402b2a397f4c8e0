"""Audiences: keep a question, and those who answer it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from launchopt.audiences.models import Audience, AudienceMember
from launchopt.audiences.selectors import members_of


@transaction.atomic
def save_audience(
    *, values: Mapping[str, Any], now: datetime, audience: Audience | None = None
) -> Audience:
    """Keep a question: name, description, product, rules; what is not given stays.

    Its members are those of the last build until it is built again. Raises InvalidInput for rules
    that say nothing, or ask about interest where no product is named.
    """
    audience = audience or Audience(created_at=now)
    for name, value in values.items():
        setattr(audience, name, value)
    members_of(audience, as_of=now)
    audience.save()
    return audience


@transaction.atomic
def build_audience(*, audience: Audience, as_of: datetime, now: datetime) -> Audience:
    """Ask the question as of an instant and store who answers, in one statement."""
    audience = Audience.objects.select_for_update().get(pk=audience.pk)
    sql, params = members_of(audience, as_of=as_of).query.sql_with_params()
    AudienceMember.objects.filter(audience=audience).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO launchopt_audiences_audiencemember "  # noqa: S608 - the ORM's own query
            "(audience_id, customer_id, probability) "
            f"SELECT %s, m.id, m.probability FROM ({sql}) AS m",
            [audience.pk, *params],
        )
        audience.size = cursor.rowcount
    audience.built_at = now
    audience.save(update_fields=["size", "built_at"])
    return audience

"""A benchmark's database made ready, and the key to ask it with."""

from __future__ import annotations

from collections.abc import Callable


def prepared(build: Callable[[], None], *, group: str) -> str:
    """Migrate, build the shop, and give an API key of the group."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from launchopt.operations.services import create_api_key

    call_command("migrate", verbosity=0)
    build()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    now = timezone.now()
    key: str = create_api_key(name=f"benchmark {now.isoformat()}", group=group, now=now)
    connection.close()
    return key

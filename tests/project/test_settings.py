"""The settings work with nothing set."""

from django.core.cache import cache
from django.db import connection


class TestEmbeddedServices:
    def test_the_database_is_postgres_15_or_later_with_pgvector(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
            assert cursor.fetchone() == (1,)
        assert connection.pg_version >= 150000

    def test_the_cache_keeps_what_it_is_given(self):
        cache.set("answer", {"value": 42})
        assert cache.get("answer") == {"value": 42}

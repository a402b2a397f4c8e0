"""The settings work with nothing set."""

import os
import subprocess
import sys
from pathlib import Path

from django.core.cache import cache
from django.db import connection

from launchopt.checks import check_settings

ROOT = Path(__file__).resolve().parents[2]


class TestEmbeddedServices:
    def test_the_database_is_postgres_15_or_later_with_pgvector(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
            assert cursor.fetchone() == (1,)
        assert connection.pg_version >= 150000

    def test_the_cache_keeps_what_it_is_given(self):
        cache.set("answer", {"value": 42})
        assert cache.get("answer") == {"value": 42}


class TestChecks:
    def test_warn_of_a_cache_that_workers_do_not_share(self, settings):
        private = "django.core.cache.backends.locmem.LocMemCache"
        settings.CACHES = {"default": {"BACKEND": private}}
        assert "launchopt.W002" in {message.id for message in check_settings()}

    def test_find_nothing_in_the_reference_project(self):
        assert check_settings() == []


class TestHomeless:
    def test_services_of_your_own_need_no_embedded_ones(self, tmp_path):
        environment = {
            "PATH": os.environ["PATH"],
            "LAUNCHOPT_HOME": str(tmp_path / "unused"),
            "DATABASE_URL": "postgres://shop:p%40ss@db.example:5433/shop",
            "CELERY_BROKER_URL": "redis://cache.example:6379/0",
            "CACHE_URL": "redis://cache.example:6379/1",
            "DJANGO_SECRET_KEY": "known",
            "DJANGO_SETTINGS_MODULE": "launchopt_project.settings",
        }
        program = (
            "from django.conf import settings as s; d = s.DATABASES['default'];"
            "print(d['HOST'], d['PORT'], d['PASSWORD'], s.CELERY_BROKER_URL, s.SECRET_KEY, s.DEBUG)"
        )
        finished = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert finished.stdout.split() == [
            *("db.example", "5433", "p@ss", "redis://cache.example:6379/0", "known", "False")
        ], finished.stderr
        assert not (tmp_path / "unused").exists()

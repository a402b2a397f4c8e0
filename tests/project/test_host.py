"""The wheel in a host project that shares none of our habits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import uuid
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
HOST_FILES = Path(__file__).parent / "host"
PACKAGES = {"launchopt", "launchopt_core", "launchopt_ml", "launchopt_workers"}
HEAVY = {"torch", "transformers", "launchopt_ml", "launchopt_workers"}


@dataclass(frozen=True)
class Host:
    """A Django project in a virtual environment that has the wheel and its dependencies."""

    folder: Path
    python: Path
    environment: dict[str, str]

    def run(self, *words: str, **environment: str) -> str:
        """Run Python in the host's folder; what it printed."""
        finished = subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr[-4000:]
        return finished.stdout

    def manage(self, *words: str) -> str:
        return self.run("manage.py", *words)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources as they stand."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*words, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("launchopt-*.whl")
    return built


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """An empty database of the host's own."""
    name = f"host_{uuid.uuid4().hex[:12]}"
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        yield name
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


@pytest.fixture(scope="module")
def host(wheel: Path, database: str, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """`startproject`, our hostile files over it, the wheel beside the dependencies."""
    folder = tmp_path_factory.mktemp("host")
    python = _environment_with(wheel, folder=folder / "venv")
    project = folder / "project"
    project.mkdir()
    subprocess.run(
        [python, "-m", "django", "startproject", "shop", str(project)], cwd=folder, check=True
    )
    (project / "shop" / "settings.py").rename(project / "shop" / "settings_of_startproject.py")
    shutil.copytree(HOST_FILES, project, dirs_exist_ok=True)
    (project / "shop" / "plugged.py").rename(project / "shop" / "settings.py")
    host = Host(project, python, _environment_variables(database))
    host.manage("makemigrations", "catalog", "people")
    host.manage("migrate")
    return host


def _environment_with(wheel: Path, *, folder: Path) -> Path:
    """A virtual environment with the wheel; its dependencies are those of this one, by a .pth.

    A .pth adds a folder without the .pth files in it, so the editable install stays out.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*words, "--no-deps", "--no-index", str(wheel)], check=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _environment_variables(database: str) -> dict[str, str]:
    ours = ("DJANGO_", "LAUNCHOPT_", "DATABASE_URL", "CELERY_", "CACHE_URL", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    where = connection.settings_dict
    return kept | {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "HOST_DATABASE_NAME": database,
        "HOST_DATABASE_HOST": where["HOST"],
        "HOST_DATABASE_USER": where["USER"],
        "HOST_DATABASE_PASSWORD": where["PASSWORD"],
        "HOST_DATABASE_PORT": str(where["PORT"]),
        "HOST_BROKER_URL": settings.CELERY_BROKER_URL,
        "HOST_CACHE_URL": settings.CACHES["default"]["LOCATION"],
    }


@pytest.fixture(scope="module")
def visit(host: Host) -> dict[str, Any]:
    """What a program with a key and a person in the admin see."""
    key = json.loads(host.manage("create_api_key", "host", "--group", "integration", "--json"))[
        "key"
    ]
    return json.loads(host.run("visit.py", key))


class TestWheel:
    def test_holds_four_packages_and_nothing_else(self, wheel):
        names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
        assert {name for name in names if not name.endswith(".dist-info")} == PACKAGES

    def test_holds_what_is_not_python(self, wheel):
        names = zipfile.ZipFile(wheel).namelist()
        in_source = {
            str(path.relative_to(root))
            for root in (ROOT / "apps", ROOT / "workers")
            for path in root.rglob("*")
            if path.is_file() and path.suffix in {".html", ".json", ".css", ".js", ".toml"}
        }
        assert in_source <= set(names)


class TestHost:
    def test_checks_find_no_fault(self, host):
        host.manage("check", "--fail-level", "WARNING")

    def test_nothing_is_left_to_migrate(self, host):
        host.manage("makemigrations", "--check", "--dry-run")

    def test_the_suite_comes_from_the_wheel(self, host, visit):
        assert str(host.python.parents[1]) in visit["launchopt_is_at"]

    def test_a_missing_key_is_a_401_in_our_shape(self, visit):
        answer = visit["without_key"]
        assert answer["status"] == 401
        assert answer["body"]["status"] == 401
        assert {"type", "title", "detail"} <= set(answer["body"])

    def test_a_product_is_created_and_listed(self, visit):
        assert visit["created"]["status"] == 201, visit["created"]
        assert visit["listed"]["status"] == 200
        (row,) = visit["listed"]["body"]["results"]
        assert row["sku"] == "S1"
        assert isinstance(row["price"], str)
        assert Decimal(row["price"]) == Decimal("12.50")

    def test_errors_have_our_shape(self, visit):
        assert visit["missing"]["status"] == 404
        assert visit["bad"]["status"] == 400
        assert visit["bad"]["body"]["errors"]

    def test_health_answers_under_the_hosts_namespace(self, visit):
        assert visit["alive"]["body"] == {"status": "ok"}

    def test_the_admin_shows_the_suite(self, visit):
        assert set(visit["admin"].values()) == {200}

    def test_the_web_process_has_no_torch(self, visit):
        assert not HEAVY & set(visit["modules"])

    def test_the_hosts_celery_knows_our_tasks(self, host):
        program = (
            "import django; django.setup()\n"
            "from shop.celery import app\n"
            "app.loader.import_default_modules(); app.finalize()\n"
            "from launchopt import jobs\n"
            "print([name for name in jobs.ALL if name not in app.tasks])\n"
        )
        assert host.run("-c", program, HOST_IS_WORKER="1").strip() == "[]"

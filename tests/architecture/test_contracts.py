"""The contracts of the architecture: who may import whom, and how large a file may grow."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
HEAVY = {"torch", "transformers", "sentence_transformers", "launchopt_ml", "launchopt_workers"}

WEB_PROCESS = """
import sys
from launchopt_project.wsgi import application
from django.contrib import admin
from django.urls import get_resolver

admin.autodiscover()
assert get_resolver().reverse_dict, "no address was resolved"
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""

WORKER_PROCESS = """
import sys
import django
django.setup()
from launchopt_project.celery import app
app.loader.import_default_modules()
app.finalize()
from launchopt import jobs
cpu = [name for name, job in jobs.ALL.items() if job.queue == jobs.Queue.CPU]
missing = [name for name in jobs.ALL if name not in app.tasks]
assert not missing, f"promised by jobs.py, but no task has the name: {missing}"
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def tracked_files(*suffixes: str) -> list[Path]:
    """What git tracks with one of these suffixes; every file where the tree is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: no list of tracked files")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name.endswith(suffixes)]
    return [path for path in paths if path.is_file()]


def modules_of(program: str) -> set[str]:
    """The top-level modules that a fresh process has after this program."""
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.split())


class TestImports:
    def test_the_import_contracts_hold(self):
        lint = Path(sys.executable).with_name("lint-imports")
        finished = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout

    def test_a_web_process_has_neither_torch_nor_the_workers(self):
        modules = modules_of(WEB_PROCESS)
        assert "rest_framework" in modules
        assert not HEAVY & modules

    def test_the_cpu_worker_knows_every_task_and_never_loads_torch(self):
        modules = modules_of(WORKER_PROCESS)
        assert "launchopt_workers" in modules
        assert not {"torch", "transformers"} & modules

    @pytest.mark.parametrize("root", ["apps", "workers"])
    def test_a_source_root_is_no_package(self, root):
        assert not (ROOT / root / "__init__.py").exists()


class TestFiles:
    def test_no_file_is_longer_than_a_reader_bears(self):
        lengths = {
            path.relative_to(ROOT): len(path.read_text().splitlines())
            for path in tracked_files(".py")
            if "migrations" not in path.parts
        }
        assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}

    def test_no_file_names_a_place_of_one_machine(self):
        # The pattern is in two halves, so that this file does not find itself.
        place = re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+)/[\w.]")
        guilty = [
            path.relative_to(ROOT)
            for path in tracked_files(
                ".py", ".md", ".toml", ".txt", ".html", ".yml", ".run", "Makefile"
            )
            if place.search(path.read_text())
        ]
        assert guilty == []

    def test_only_conf_reads_the_settings_of_the_suite(self):
        pattern = re.compile(r"settings\.LAUNCHOPT|getattr\(settings, .LAUNCHOPT")
        readers = [
            path.relative_to(ROOT)
            for path in tracked_files(".py")
            if path.relative_to(ROOT).parts[0] in {"apps", "workers"}
            and pattern.search(path.read_text())
        ]
        assert readers == [Path("apps/launchopt/conf.py")]

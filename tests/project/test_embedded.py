"""The embedded services: found again, started once, and apart from those of another home."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from launchopt_project import embedded
from launchopt_project.embedded import EmbeddedError, Home, postgres, redis
from launchopt_project.embedded.home import LONGEST_SOCKET_FOLDER

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def far_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home at a long path with a space and a quote in it, started by four processes at once."""
    folder = tmp_path_factory.mktemp("shop")
    for ancestor in [folder, *folder.parents][:3]:
        ancestor.chmod(ancestor.stat().st_mode | stat.S_IXOTH)
    home = Home.at(folder / "it's far away" / ("long" * 30))
    command = [
        sys.executable,
        "-m",
        "launchopt_project.embedded",
        "--home",
        str(home.path),
        "start",
    ]
    with ThreadPoolExecutor(4) as pool:
        started = list(
            pool.map(
                lambda _: subprocess.run(
                    command, cwd=ROOT, capture_output=True, text=True, check=False
                ),
                range(4),
            )
        )
    assert [each.returncode for each in started] == [0] * 4, started[0].stderr
    yield home
    embedded.stop(home)


def database_of(home: Home) -> str:
    with psycopg.connect(host=str(home.sockets), user="postgres", dbname="launchopt") as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    assert row is not None
    return str(row[0])


class TestStart:
    def test_many_starts_make_one_server(self, far_home):
        assert database_of(far_home) == str(far_home.postgres_data)
        assert postgres.is_running(far_home)
        assert redis.is_running(far_home)

    def test_attaches_to_what_runs(self, far_home):
        before = (far_home.postgres_data / "postmaster.pid").read_text()
        embedded.start(far_home)
        assert (far_home.postgres_data / "postmaster.pid").read_text() == before

    def test_keeps_the_data_over_a_stop(self, far_home):
        address = {"host": str(far_home.sockets), "user": "postgres", "dbname": "launchopt"}
        with psycopg.connect(**address) as connection:
            connection.execute("CREATE TABLE kept (answer int)")
        embedded.stop(far_home)
        assert not postgres.is_running(far_home)
        embedded.start(far_home)
        with psycopg.connect(**address) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)

    def test_a_path_that_is_too_long_has_its_sockets_elsewhere(self, far_home):
        assert len(os.fsencode(far_home.sockets)) <= LONGEST_SOCKET_FOLDER
        assert stat.S_IMODE(far_home.sockets.stat().st_mode) == 0o700


class TestHome:
    def test_two_homes_share_no_address(self, tmp_path):
        one, other = Home.at(tmp_path / "one"), Home.at(tmp_path / "other")
        assert not set(vars(embedded.services_of(one)).values()) & set(
            vars(embedded.services_of(other)).values()
        )

    def test_the_secret_key_is_made_once_and_kept_from_others(self, tmp_path):
        home = Home.at(tmp_path / "shop")
        key = home.secret_key()
        assert len(key) >= 50
        assert Home.at(tmp_path / "shop").secret_key() == key
        assert stat.S_IMODE((home.path / "secret_key").stat().st_mode) == 0o600

    def test_refuses_a_socket_folder_of_a_stranger(self, tmp_path, monkeypatch):
        home = Home.at(tmp_path)
        home.sockets.mkdir()
        if os.getuid() == 0:
            os.chown(home.sockets, 12345, 12345)
        else:
            monkeypatch.setattr(os, "getuid", lambda: 12345)
        with pytest.raises(EmbeddedError, match="belongs to another user"):
            home.make()

    def test_status_says_when_nothing_runs(self, tmp_path):
        command = [sys.executable, "-m", "launchopt_project.embedded", "--home", str(tmp_path)]
        finished = subprocess.run(
            [*command, "status"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 1
        assert "stopped" in finished.stdout

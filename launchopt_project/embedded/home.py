"""The folder in which a shop keeps its embedded services, its secret key and its files."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# A unix socket's path holds at most 107 bytes, and PostgreSQL appends `/.s.PGSQL.5432`.
LONGEST_SOCKET_FOLDER = 80
UNPRIVILEGED_ID = 65534  # "nobody": PostgreSQL refuses to run as root.


class EmbeddedError(RuntimeError):
    """An embedded service cannot run here; the message says what to do."""


@dataclass(frozen=True)
class Home:
    """One shop's folder. Two folders are two shops that know nothing of each other."""

    path: Path

    @classmethod
    def at(cls, path: str | Path) -> Home:
        """The home at this path, made absolute."""
        return cls(Path(path).expanduser().resolve())

    @property
    def postgres_data(self) -> Path:
        return self.path / "postgres"

    @property
    def postgres_log(self) -> Path:
        return self.path / "postgres.log"

    @property
    def redis_data(self) -> Path:
        return self.path / "redis"

    @property
    def media(self) -> Path:
        return self.path / "media"

    @property
    def static(self) -> Path:
        return self.path / "static"

    @property
    def sockets(self) -> Path:
        """The folder of the sockets; in the temporary directory where the home's path is long."""
        inside = self.path / "sockets"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"launchopt-{os.getuid()}-{digest}"

    @property
    def redis_socket(self) -> Path:
        # Beside PostgreSQL's folder when that one is given away to another user: Redis stays ours.
        return self.sockets / "redis.sock"

    def make(self) -> None:
        """Create the folder and the one for its sockets; refuse a socket folder of a stranger."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        owner = self.sockets.stat().st_uid
        if owner not in {os.getuid(), UNPRIVILEGED_ID if os.getuid() == 0 else os.getuid()}:
            raise EmbeddedError(
                f"{self.sockets} belongs to another user (id {owner}). "
                "Choose a shorter LAUNCHOPT_HOME, so that the sockets can live inside it."
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home's lock: one process starts or stops services, the others wait."""
        self.make()
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def secret_key(self) -> str:
        """Django's secret key: made once, readable by its owner alone."""
        file = self.path / "secret_key"
        if not file.exists():
            with self.lock():
                self._make_secret_key(file)
        return file.read_text().strip()

    @staticmethod
    def _make_secret_key(file: Path) -> None:
        if file.exists():
            return
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(50))
        draft.rename(file)

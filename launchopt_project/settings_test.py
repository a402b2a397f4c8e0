"""Settings of the tests: a home, a queue and a cache of their own, and quick password hashes."""

import os

from launchopt_project.paths import ROOT

# Before the settings are read: no test touches the data of a shop that stands in `.launchopt`.
os.environ.setdefault("LAUNCHOPT_HOME", str(ROOT / ".launchopt-test"))
os.environ.setdefault("LAUNCHOPT_SHARED_BUFFERS", "128MB")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # beside test databases and workers

from launchopt_project.settings import *  # noqa: F403
from launchopt_project.settings import CACHES, CELERY_BROKER_URL, HOME

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = str(HOME.path / "test-media")

# Where a home is shared with a shop that runs, its workers must not take the tests' tasks; and
# parallel test processes must not take each other's. Redis has databases 0 to 15.
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 6
if CELERY_BROKER_URL.startswith("redis+socket://"):
    CELERY_BROKER_URL = f"{CELERY_BROKER_URL.partition('?')[0]}?virtual_host={15 - 2 * _process}"
if CACHES["default"]["LOCATION"].startswith("unix://"):
    CACHES["default"]["LOCATION"] = (
        f"{CACHES['default']['LOCATION'].partition('?')[0]}?db={14 - 2 * _process}"
    )

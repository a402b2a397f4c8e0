"""Settings of the tests: a home, a queue and a cache of their own, and quick password hashes."""

import os

from launchopt_project.paths import ROOT

# Before the settings are read: no test touches the data of a shop that stands in `.launchopt`.
os.environ.setdefault("LAUNCHOPT_HOME", str(ROOT / ".launchopt-test"))
os.environ.setdefault("LAUNCHOPT_SHARED_BUFFERS", "128MB")

from launchopt_project.settings import *  # noqa: E402, F403
from launchopt_project.settings import CACHES, CELERY_BROKER_URL  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Where a home is shared with a shop that runs, its workers must not take the tests' tasks.
if CELERY_BROKER_URL.startswith("redis+socket://"):
    CELERY_BROKER_URL = CELERY_BROKER_URL.partition("?")[0] + "?virtual_host=14"
if CACHES["default"]["LOCATION"].startswith("unix://"):
    CACHES["default"]["LOCATION"] = CACHES["default"]["LOCATION"].partition("?")[0] + "?db=15"

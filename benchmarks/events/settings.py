"""The reference project's settings, with the peers' addresses beside LaunchOpt's."""

from launchopt_project.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.events.peer"
ALLOWED_HOSTS = ["testserver"]

"""The reference project's settings, with the peer's address beside LaunchOpt's."""

from launchopt_project.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.recommendations.peer"

"""The app of the workers: installed where their commands and tasks run."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Brings the commands that need `launchopt_ml`; it has no models."""

    name = "launchopt_workers"
    label = "launchopt_workers"
    verbose_name = "LaunchOpt: workers"

"""The app of the workers: installed where their commands and tasks run."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Brings the commands that need `launchopt_ml`; it has no models."""

    name = "launchopt_workers"
    label = "launchopt_workers"
    verbose_name = "LaunchOpt: workers"

    def ready(self) -> None:
        """Let the workers of the host's Celery application give signs of life."""
        from launchopt_workers import heartbeat  # noqa: F401

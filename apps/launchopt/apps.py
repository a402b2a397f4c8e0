"""The root of the suite: it holds no models, only the system checks."""

from django.apps import AppConfig


class LaunchOptConfig(AppConfig):
    """Installed first, so that a wrong setting is named before anything else fails on it."""

    name = "launchopt"
    label = "launchopt"
    verbose_name = "LaunchOpt"

    def ready(self) -> None:
        """Register the system checks."""
        from launchopt import checks  # noqa: F401

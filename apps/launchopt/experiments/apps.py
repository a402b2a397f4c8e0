"""The experiments app of LaunchOpt."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ExperimentsConfig(AppConfig):
    """Prefixes the label, and keeps the shipped metrics after each migrate."""

    name = "launchopt.experiments"
    label = "launchopt_experiments"
    verbose_name = "LaunchOpt: experiments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Wire what must exist once the tables do."""
        from launchopt.experiments import receivers  # noqa: F401
        from launchopt.experiments.metrics import ensure_metrics

        post_migrate.connect(ensure_metrics, sender=self, dispatch_uid="launchopt.metrics")

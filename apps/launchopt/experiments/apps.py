"""The experiments app of LaunchOpt."""

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Registers the app under a prefixed label, so that it collides with nothing in a host."""

    name = "launchopt.experiments"
    label = "launchopt_experiments"
    verbose_name = "LaunchOpt: experiments"
    default_auto_field = "django.db.models.BigAutoField"

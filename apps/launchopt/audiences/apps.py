"""The audiences app of LaunchOpt."""

from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    """Registers the app under a prefixed label, so that it collides with nothing in a host."""

    name = "launchopt.audiences"
    label = "launchopt_audiences"
    verbose_name = "LaunchOpt: audiences"
    default_auto_field = "django.db.models.BigAutoField"

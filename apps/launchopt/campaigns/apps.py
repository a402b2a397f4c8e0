"""The campaigns app of LaunchOpt."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Registers the app under a prefixed label, so that it collides with nothing in a host."""

    name = "launchopt.campaigns"
    label = "launchopt_campaigns"
    verbose_name = "LaunchOpt: campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what changes below."""
        from launchopt.campaigns import receivers  # noqa: F401

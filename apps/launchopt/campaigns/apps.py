"""The campaigns app of LaunchOpt."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


class CampaignsConfig(AppConfig):
    """Registers the app under a prefixed label, so that it collides with nothing in a host."""

    name = "launchopt.campaigns"
    label = "launchopt_campaigns"
    verbose_name = "LaunchOpt: campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what changes below, and keep the placement that every shop has."""
        from launchopt.campaigns import receivers  # noqa: F401
        from launchopt.campaigns.onsite.visitors import join_visitor

        user_logged_in.connect(join_visitor, dispatch_uid="launchopt.campaigns.visitor")

        from launchopt.campaigns.watching.rules import ensure_rules

        post_migrate.connect(ensure_home, sender=self, dispatch_uid="launchopt.campaigns.home")
        post_migrate.connect(ensure_rules, sender=self, dispatch_uid="launchopt.campaigns.rules")


def ensure_home(using: str, **_: Any) -> None:
    """Create the placement `home` where it is not there. What a person changed stays."""
    placements = apps.get_model("launchopt_campaigns", "Placement").objects.using(using)
    placements.get_or_create(
        name="home",
        defaults={"channel": "onsite", "description": "The shop's first page."},
    )

"""The catalog app of LaunchOpt."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Registers the app under a prefixed label, so that it collides with nothing in a host."""

    name = "launchopt.catalog"
    label = "launchopt_catalog"
    verbose_name = "LaunchOpt: catalog"
    default_auto_field = "django.db.models.BigAutoField"

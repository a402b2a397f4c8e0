"""The operations app of LaunchOpt."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OperationsConfig(AppConfig):
    """Prefixes the label, and keeps groups and schedules after each migrate."""

    name = "launchopt.operations"
    label = "launchopt_operations"
    verbose_name = "LaunchOpt: operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Wire what must exist once the tables do."""
        from launchopt.operations.groups import ensure_groups
        from launchopt.operations.schedules import ensure_schedules

        post_migrate.connect(ensure_groups, dispatch_uid="launchopt.groups")
        post_migrate.connect(ensure_schedules, dispatch_uid="launchopt.schedules")

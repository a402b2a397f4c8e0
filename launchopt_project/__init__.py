"""The reference host: one Django project that runs LaunchOpt alone. It is not in the wheel."""

from launchopt_project.celery import app as celery_app

__all__ = ["celery_app"]

"""The Celery application of the reference host. A host of your own brings its own."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")

app = Celery("launchopt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

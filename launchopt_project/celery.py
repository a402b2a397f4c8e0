"""The Celery application of the reference host. A host of your own brings its own."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")

app = Celery("launchopt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def route(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """The queue that `launchopt.jobs` promises for a task; others go to the default one."""
    from launchopt import jobs

    job = jobs.ALL.get(name)
    return {"queue": job.queue.value} if job else None


app.conf.task_routes = (route,)

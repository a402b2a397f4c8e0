"""What experiments show, kept hour by hour, so that the effect can be drawn over time."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from launchopt.campaigns.models import Launch
from launchopt.experiments.models import Experiment, Result
from launchopt.experiments.outcomes import groups_rolled_up
from launchopt.experiments.services import record_results


def keep_results(*, now: datetime, with_simulated: bool) -> int:
    """Keep the results of the running experiments at the last full hour, once.

    Launches on a clock of their own are left out unless `now` is of that clock.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    kept = 0
    for experiment in _due(hour, with_simulated=with_simulated):
        found = groups_rolled_up(experiment, until=hour)
        kept += len(record_results(experiment=experiment, until=hour, found=found))
    return kept


def _due(hour: datetime, *, with_simulated: bool) -> QuerySet[Experiment]:
    due = Experiment.objects.filter(
        status=Experiment.Status.RUNNING, starts_at__lt=hour
    ).select_related("primary_metric")
    if not with_simulated:
        simulated = Launch.objects.filter(is_simulated=True, experiment__isnull=False)
        due = due.exclude(pk__in=simulated.values("experiment"))
    return due.exclude(pk__in=Result.objects.filter(until=hour).values("experiment"))

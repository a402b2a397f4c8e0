"""What is counted from other rows, and can be counted anew."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class MetricRollup(models.Model):
    """Counts and sums of one minute, hour or day (UTC), by everything that a report is split by."""

    class Granularity(models.TextChoices):
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    launch_id = models.UUIDField()
    campaign_id = models.UUIDField(null=True)
    creative_id = models.UUIDField(null=True)
    audience_id = models.UUIDField(null=True)
    variant = models.CharField(max_length=60, default="")
    phase = models.PositiveSmallIntegerField(null=True)
    channel = models.CharField(max_length=60, default="")
    granularity = models.CharField(max_length=6, choices=Granularity)
    starts_at = models.DateTimeField(help_text="First instant of the minute, hour or day.")
    decisions = models.PositiveIntegerField(default=0)
    exposures = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    conversions = models.PositiveIntegerField(default=0)
    returns = models.PositiveIntegerField(default=0)
    revenue = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    spend = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "launch_id",
                    "granularity",
                    "starts_at",
                    "campaign_id",
                    "creative_id",
                    "audience_id",
                    "variant",
                    "phase",
                    "channel",
                ],
                nulls_distinct=False,
                name="launchopt_one_rollup",
            )
        ]

    def __str__(self) -> str:
        return f"{self.granularity} of {self.starts_at:%Y-%m-%d %H:%M}"


def exact_sum() -> Any:
    """A sum that loses no digit: prices have four decimals, their products eight."""
    return models.DecimalField(max_digits=48, decimal_places=8, default=0)


class MomentRollup(models.Model):
    """What one minute (UTC) added to the sufficient statistics of an experiment's metric.

    Summed over all minutes before an instant they are the statistics as of that instant: customers
    count in the minute of their assignment, with their covariate; an outcome adds what it changes
    of its customer's value, of the value's square, and of its product with the covariate. Minutes
    sum up to hours and days.
    """

    experiment = models.ForeignKey(
        "launchopt_experiments.Experiment",
        on_delete=models.CASCADE,
        db_index=False,
        related_name="moments",
    )
    metric = models.ForeignKey(
        "launchopt_experiments.Metric", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    variant = models.CharField(max_length=60)
    phase = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(help_text="First instant of the minute.")
    n = models.PositiveIntegerField(default=0, help_text="Customers assigned.")
    active = models.PositiveIntegerField(default=0, help_text="Customers with a first outcome.")
    sum = exact_sum()
    sum_squares = exact_sum()
    covariate_sum = exact_sum()
    covariate_sum_squares = exact_sum()
    covariate_cross_sum = exact_sum()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "starts_at", "metric", "variant", "phase"],
                name="launchopt_one_moment_rollup",
            )
        ]

    def __str__(self) -> str:
        return f"minute of {self.starts_at:%Y-%m-%d %H:%M}"

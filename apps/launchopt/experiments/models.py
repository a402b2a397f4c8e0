"""What is compared with what, who belongs where, what was seen, and what came of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Audience, Customer, EventKind, Segment
from launchopt.experiments.derived import MetricRollup as MetricRollup
from launchopt.experiments.derived import MomentRollup as MomentRollup
from launchopt.operations.fields import CurrentTransaction


class Metric(models.Model):
    """What counts as an outcome, in words and as events."""

    class Kind(models.TextChoices):
        PROPORTION = "proportion", _("share of customers")
        MEAN = "mean", _("mean per customer")

    name = models.SlugField(primary_key=True, max_length=60)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MEAN)
    event_kind = models.CharField(max_length=16, choices=EventKind)
    of_value = models.BooleanField(
        default=False, help_text="Sums price x quantity instead of counting."
    )
    of_product = models.BooleanField(
        default=True, help_text="Counts the experiment's product alone; else the whole shop."
    )
    definition = models.CharField(max_length=500, help_text="As shown beside every figure of it.")

    def __str__(self) -> str:
        return self.name


class Experiment(models.Model):
    """A comparison registered before it starts."""

    class StoppingRule(models.TextChoices):
        FIXED = "fixed", _("one look, at the planned end")
        SEQUENTIAL = "sequential", _("any number of looks")

    class CountsFrom(models.TextChoices):
        ASSIGNMENT = "assignment", _("everybody assigned, from their assignment on")
        EXPOSURE = "exposure", _("whoever saw it, from their first exposure on")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    subject_id = models.UUIDField(
        null=True, blank=True, unique=True, help_text="The launch that it measures."
    )
    product_id = models.BigIntegerField(
        null=True, blank=True, help_text="Outcomes count for this product."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    salt = models.CharField(max_length=40, help_text="Mixed into the hash that assigns customers.")
    primary_metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="experiments")
    guardrails = models.JSONField(
        default=dict,
        blank=True,
        help_text="Metric -> the largest relative change that is tolerated: -0.05 for one that may "
        "not fall by more than 5 %.",
    )
    minimum_detectable_effect = models.FloatField(
        null=True,
        blank=True,
        help_text="Absolute, in the metric's unit, found with the stated power.",
    )
    alpha = models.FloatField(
        default=0.05, help_text="Risk of seeing an effect where there is none."
    )
    power = models.FloatField(default=0.8, help_text="Chance of seeing the minimum effect.")
    planned_sample_size = models.PositiveIntegerField(
        null=True, blank=True, help_text="Customers in all."
    )
    stopping_rule = models.CharField(
        max_length=10,
        choices=StoppingRule,
        default=StoppingRule.FIXED,
        help_text="When a result may end it.",
    )
    counts_from = models.CharField(
        max_length=10,
        choices=CountsFrom,
        default=CountsFrom.ASSIGNMENT,
        help_text="Whose outcomes count, and from when. For a customer held out, the exposure is "
        "the first moment at which they would have been contacted.",
    )
    is_aa = models.BooleanField(
        _("A/A test"),
        default=False,
        help_text="Tick it to test the measuring itself: all variants are treated alike, so that a "
        "difference says that something is broken.",
    )
    exclusion_group = models.SlugField(
        max_length=60,
        blank=True,
        help_text="Experiments of one group share no customer: each has its slice of them.",
    )
    slice_from = models.FloatField(default=0.0, help_text="Of the group's customers, inclusive.")
    slice_until = models.FloatField(default=1.0, help_text="Of the group's customers, exclusive.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at=None)
                | Q(ends_at=None)
                | Q(ends_at__gt=models.F("starts_at")),
                name="launchopt_experiment_has_length",
            ),
            models.CheckConstraint(
                condition=Q(slice_from__gte=0, slice_until__lte=1)
                & Q(slice_until__gt=models.F("slice_from")),
                name="launchopt_experiment_has_customers",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """One way of treating customers. Exactly one of an experiment's variants is the control."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    name = models.SlugField(max_length=60)
    description = models.CharField(max_length=300, blank=True)
    is_control = models.BooleanField(default=False)
    weight = models.FloatField(
        help_text="Share of new customers; the shares of an experiment sum to 1."
    )

    class Meta:
        ordering = ["experiment", "-is_control", "name"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="launchopt_variant_name"),
            models.UniqueConstraint(
                fields=["experiment"], condition=Q(is_control=True), name="launchopt_one_control"
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=1), name="launchopt_weight_is_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Phase(models.Model):
    """Weights with which new customers are drawn, all of them or those of one audience.

    New ones open another phase and move nobody. One for everybody ends those of audiences.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField()
    audience = models.ForeignKey(
        Audience,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose customers it is for; empty for everybody.",
    )
    weights = models.JSONField(help_text="Variant name -> share.")
    reason = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["experiment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="launchopt_one_phase")
        ]

    def __str__(self) -> str:
        return f"phase {self.number}"


class Proposal(models.Model):
    """Weights that results speak for, waiting for a person. A newer one takes its place."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="proposals")
    audience = models.ForeignKey(
        Audience,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose customers it is for; empty for everybody.",
    )
    weights = models.JSONField(help_text="Variant name -> share of new customers.")
    reason = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    is_accepted = models.BooleanField(null=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "audience"],
                condition=Q(decided_at=None),
                nulls_distinct=False,
                name="launchopt_one_proposal",
            )
        ]

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.weights.items())
        return f"{self.experiment}: {shares}"


class Assignment(models.Model):
    """Which variant a customer belongs to. Made once and kept, so that new weights move nobody."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, db_index=False, related_name="assignments"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="assignments")
    phase = models.PositiveSmallIntegerField(help_text="The weights in force when it was made.")
    assigned_at = models.DateTimeField()
    segment = models.ForeignKey(
        Segment,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The customer's persona as it was then: what came of it can move nobody between "
        "personas that are compared.",
    )
    is_placed = models.BooleanField(
        db_default=False, editable=False, help_text="Whether the persona has been looked up."
    )
    recorded_in = models.BigIntegerField(
        db_default=CurrentTransaction(),
        editable=False,
        help_text="The database transaction that wrote it: the order in which rollups see it.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "customer"], name="launchopt_one_assignment"
            )
        ]
        indexes = [
            models.Index(fields=["experiment", "assigned_at"], name="launchopt_assignment_time"),
            BrinIndex(fields=["recorded_in"], name="launchopt_assignment_recorded"),
            models.Index(
                fields=["experiment"],
                name="launchopt_assignment_unplaced",
                condition=Q(is_placed=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} -> {self.variant_id}"


class Exposure(models.Model):
    """A customer saw what a decision chose."""

    decision_id = models.UUIDField(primary_key=True, help_text="The decision that chose it.")
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, db_index=False, related_name="exposures"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    exposed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["experiment", "customer"], name="launchopt_exposure_customer")
        ]

    def __str__(self) -> str:
        return str(self.decision_id)


class Result(models.Model):
    """What an experiment showed at an instant; kept, so that the effect can be drawn over time."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="results")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(help_text="Outcomes from this instant on are not in it.")
    n = models.PositiveIntegerField()
    control_n = models.PositiveIntegerField()
    mean = models.FloatField(null=True)
    control_mean = models.FloatField(null=True)
    effect = models.FloatField(null=True, help_text="Absolute difference to the control.")
    interval_low = models.FloatField(null=True)
    interval_high = models.FloatField(null=True)
    always_valid_low = models.FloatField(null=True, help_text="Of the interval that holds at every")
    always_valid_high = models.FloatField(null=True, help_text="look, however many there are.")
    p_value = models.FloatField(null=True)
    verdict = models.CharField(max_length=300)

    class Meta:
        ordering = ["-until"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "metric", "variant", "until"], name="launchopt_one_result"
            )
        ]

    def __str__(self) -> str:
        return self.verdict

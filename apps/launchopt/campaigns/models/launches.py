"""The launch, whom it leaves out, and its campaigns."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Audience, Customer
from launchopt.catalog.models import Product
from launchopt.experiments.models import Experiment

DECIDED_BY_UPLIFT = "what a contact adds"
DECIDED_BY_CHANCE = "the chance to buy"


class Launch(models.Model):
    """A product's way into the market, from plan to measured result."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PLANNING = "planning", _("being planned")
        PLANNED = "planned", _("planned")
        APPROVED = "approved", _("approved")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")

    class Feedback(models.TextChoices):
        AUTO = "auto", _("change the weights by themselves")
        PROPOSE = "propose", _("propose weights to a person")
        OFF = "off", _("change nothing")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="launches")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    budget = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        validators=[MinValueValidator(0)],
        help_text="The most that may be spent. What would buy nothing stays unspent.",
    )
    currency = models.CharField(max_length=3)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first instant after the launch.")
    holdout = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(0.9)],
        help_text="Share of the audience left alone, to measure what the launch causes.",
    )
    channels = models.JSONField(
        default=dict, help_text='Channel -> cost of one contact, such as {"onsite": "0.02"}.'
    )
    cap_contacts = models.PositiveSmallIntegerField(
        help_text="Contacts of a customer at most in the window, over all launches and channels."
    )
    cap_window_hours = models.PositiveSmallIntegerField(help_text="Length of the rolling window.")
    bounds = models.JSONField(
        default=list,
        blank=True,
        help_text="What a channel or an audience gets at least and at most, such as "
        '[{"channel": "email", "floor": "100.00", "ceiling": "500.00"}]; and what an hour there '
        'gets at least where it gets anything: [{"channel": "email", "minimum_if_used": "5.00"}].',
    )
    curves = models.JSONField(
        default=dict,
        blank=True,
        help_text="Paid channels, whose spend is answered by a curve and not customer by customer: "
        'channel -> a hill as fit_response writes it, such as {"meta": {"kind": "hill", "scale": '
        '40, "half": 300, "shape": 1}}, or {"meta": {"kind": "learned"}}: learned from what past '
        "launches spent there and what it brought.",
    )
    plan = models.JSONField(
        default=dict,
        editable=False,
        help_text="Every figure of the plan with its source: prior, analog, model or measured.",
    )
    planned_as_of = models.DateTimeField(
        null=True, editable=False, help_text="The plan knows nothing from this instant on."
    )
    experiment = models.OneToOneField(
        Experiment, null=True, blank=True, on_delete=models.PROTECT, related_name="launch"
    )
    feedback = models.CharField(
        max_length=8,
        choices=Feedback,
        default=Feedback.AUTO,
        help_text="What results may do to the shares of its variants while it runs.",
    )
    is_simulated = models.BooleanField(
        default=False,
        editable=False,
        help_text="Started on a clock of its own; beat leaves it alone.",
    )
    clock_at = models.DateTimeField(
        null=True, editable=False, help_text="How far a simulated launch's clock has come."
    )
    duplicated_from = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    approved_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "launches"
        permissions = [
            ("plan_launch", "Can plan a launch"),
            ("approve_launch", "Can approve a launch and its creatives"),
            ("run_launch", "Can start, pause and finish a launch"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="launchopt_launch_has_length"
            ),
            models.CheckConstraint(condition=Q(budget__gt=0), name="launchopt_launch_has_money"),
            models.CheckConstraint(
                condition=Q(holdout__gte=0, holdout__lt=1), name="launchopt_holdout_is_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_editable(self) -> bool:
        """Whether a person may still change its plan."""
        return self.status in (self.Status.DRAFT, self.Status.PLANNED)

    def on_its_clock(self, now: datetime, *, is_simulated: bool) -> datetime:
        """The instant on the launch's clock, which for a simulated one is not that of the wall."""
        if self.is_simulated and not is_simulated:
            return self.clock_at or now
        return now

    @property
    def goes_by_uplift(self) -> bool:
        """Whether what a contact adds decides, and not the chance to buy."""
        return bool(self.plan.get("decided_by", {}).get("value") == DECIDED_BY_UPLIFT)

    @property
    def contacts_once(self) -> bool:
        """Whether a campaign speaks to a customer once: what is known is what one contact adds."""
        return self.goes_by_uplift


class ExcludedCustomer(models.Model):
    """A customer that a person left out of a launch."""

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="excluded")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["launch", "customer"], name="launchopt_one_exclusion")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}"


class Campaign(models.Model):
    """A launch's work in one channel towards one audience."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="campaigns")
    channel = models.CharField(max_length=60)
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="campaigns")
    cost_per_contact = models.DecimalField(max_digits=18, decimal_places=4)
    is_active = models.BooleanField(default=True)
    allowance = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        default=0,
        help_text="Money that pacing has let out so far; reserved and spent stay below it.",
    )
    reserved = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        default=0,
        help_text="Promised to decisions not yet confirmed.",
    )
    spent = models.DecimalField(max_digits=18, decimal_places=4, default=0, help_text="Confirmed.")

    class Meta:
        ordering = ["launch", "channel", "audience"]
        constraints = [
            models.UniqueConstraint(
                fields=["launch", "channel", "audience"], name="launchopt_one_campaign"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, spent__gte=0), name="launchopt_money_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.audience}"

    @property
    def is_paid(self) -> bool:
        """Whether another system spends its money, and tells of it."""
        return self.channel in self.launch.curves

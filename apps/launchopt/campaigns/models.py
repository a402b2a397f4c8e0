"""The launch: what is planned, at what cost, with which words, what was decided, and why."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Audience, Customer
from launchopt.catalog.models import Product
from launchopt.experiments.models import Experiment
from launchopt.operations.fields import CurrentTransaction

OUTBOUND_CHANNELS = frozenset({"email", "sms"})


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


class BudgetPlan(models.Model):
    """How a launch's money is laid out. Its cells and what stays unspent sum to the total."""

    launch = models.OneToOneField(
        Launch, primary_key=True, on_delete=models.CASCADE, related_name="budget_plan"
    )
    total = models.DecimalField(max_digits=18, decimal_places=4)
    unspent = models.DecimalField(max_digits=18, decimal_places=4)
    expected_response = models.FloatField(help_text="Purchases expected from those contacted.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"budget of {self.launch_id}"


class BudgetCell(models.Model):
    """Money for one campaign in one hour."""

    budget_plan = models.ForeignKey(BudgetPlan, on_delete=models.CASCADE, related_name="cells")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="cells")
    starts_at = models.DateTimeField(help_text="First instant of the hour.")
    amount = models.DecimalField(max_digits=18, decimal_places=4, validators=[MinValueValidator(0)])
    contacts = models.PositiveIntegerField(help_text="Contacts that the money buys.")
    expected_response = models.FloatField(default=0)
    is_pinned = models.BooleanField(
        default=False, help_text="Set by a person; planning again keeps it."
    )

    class Meta:
        ordering = ["starts_at", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "starts_at"], name="launchopt_one_cell"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="launchopt_cell_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} at {self.starts_at:%Y-%m-%d %H}h"


class Placement(models.Model):
    """A place in which a decision can show something."""

    name = models.SlugField(primary_key=True, max_length=60)
    channel = models.CharField(max_length=60, default="onsite")
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Creative(models.Model):
    """Words for one audience, channel and variant. Only what a person approved is shown."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("waiting for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        STALE = "stale", _("stale: the product changed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="creatives")
    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="creatives")
    channel = models.CharField(max_length=60)
    variant = models.SlugField(max_length=60, help_text="The experiment's variant that shows it.")
    language = models.CharField(max_length=20)
    headline = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    call_to_action = models.CharField(max_length=100, blank=True)
    alt_text = models.CharField(max_length=300, blank=True)
    writer = models.CharField(
        max_length=60, help_text="Who wrote it: phrasebook, a model, or a person."
    )
    claims = models.JSONField(
        default=list, help_text="Each claim in the text, and the fact behind it."
    )
    facts_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Of the product's facts when it was written; other facts make it stale.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    content_hash = models.CharField(max_length=64, editable=False, help_text="Of its words.")
    approved_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the words that were approved."
    )
    reviewed_by = models.CharField(max_length=150, blank=True, editable=False)
    reviewed_at = models.DateTimeField(null=True, editable=False)
    rejection_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["launch", "channel", "audience", "variant"]
        constraints = [
            models.UniqueConstraint(
                fields=["launch", "audience", "channel", "variant", "content_hash"],
                name="launchopt_one_creative",
            )
        ]

    def __str__(self) -> str:
        return self.headline


class Reason(models.TextChoices):
    """Why a customer saw something, or nothing."""

    SHOWN = "shown", _("shown")
    NO_LAUNCH = "no_launch", _("no launch was running here")
    NOT_IN_AUDIENCE = "not_in_audience", _("not in any audience")
    NO_CONSENT = "no_consent", _("no consent to marketing")
    HOLDOUT = "holdout", _("held out to measure the effect")
    CAPPED = "capped", _("contacted often enough")
    SUPPRESSED = "suppressed", _("bought it already, or asked not to see it")
    NO_BUDGET = "no_budget", _("no money left for now")
    NOT_WORTH_IT = "not_worth_it", _("the contact costs more than it brings")
    NO_CREATIVE = "no_creative", _("no approved words")
    PAUSED = "paused", _("the launch is paused")


class Decision(models.Model):
    """What a customer was shown at one moment, or why nothing: the log that is measured by."""

    class State(models.TextChoices):
        SILENT = "silent", _("nothing shown")
        RESERVED = "reserved", _("reserved")
        CONFIRMED = "confirmed", _("confirmed by its exposure")
        LAPSED = "lapsed", _("lapsed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_index=False, related_name="decisions"
    )
    placement = models.ForeignKey(
        Placement, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    channel = models.CharField(max_length=60)
    launch = models.ForeignKey(
        Launch, null=True, on_delete=models.CASCADE, db_index=False, related_name="decisions"
    )
    campaign = models.ForeignKey(
        Campaign, null=True, on_delete=models.CASCADE, db_index=False, related_name="decisions"
    )
    creative = models.ForeignKey(
        Creative, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    variant = models.CharField(max_length=60, blank=True)
    phase = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=20, choices=Reason)
    propensity = models.FloatField(help_text="Probability with which the policy chose this.")
    policy_version = models.CharField(max_length=60)
    candidates = models.JSONField(default=list, help_text="What could have been chosen.")
    context = models.JSONField(default=dict, help_text="What the caller said of the moment.")
    cost = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    state = models.CharField(max_length=10, choices=State)
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="A reservation lapses at this instant.")
    exposed_at = models.DateTimeField(null=True)
    recorded_in = models.BigIntegerField(
        db_default=CurrentTransaction(),
        editable=False,
        help_text="The database transaction that wrote it: the order in which rollups see it.",
    )

    class Meta:
        ordering = ["-decided_at"]
        indexes = [
            models.Index(
                fields=["customer", "-decided_at"],
                name="launchopt_decision_contacts",
                condition=Q(state__in=["reserved", "confirmed"]),
            ),
            models.Index(fields=["customer", "launch"], name="launchopt_decision_customer"),
            models.Index(fields=["launch", "decided_at"], name="launchopt_decision_launch"),
            models.Index(fields=["recorded_in"], name="launchopt_decision_recorded"),
            models.Index(
                fields=["expires_at"],
                name="launchopt_decision_expiring",
                condition=Q(state="reserved"),
            ),
        ]
        permissions = [("decide", "Can ask for decisions")]

    def __str__(self) -> str:
        return f"{self.reason} at {self.decided_at:%Y-%m-%d %H:%M}"


class SpendEntry(models.Model):
    """Money that a channel reports as spent, where decisions do not tell it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="spend_entries")
    starts_at = models.DateTimeField(help_text="First instant of the hour it was spent in.")
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    source = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "spend entries"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "starts_at", "source"], name="launchopt_one_spend_entry"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} at {self.starts_at:%Y-%m-%d %H}h"

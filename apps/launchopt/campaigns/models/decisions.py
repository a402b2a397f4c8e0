"""What was decided about whom, why, and what was sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Customer
from launchopt.campaigns.models.launches import Campaign, Launch
from launchopt.campaigns.models.words import Creative, Placement
from launchopt.operations.fields import CurrentTransaction


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
    """What a customer was shown at one moment, or why nothing: the log that is measured by.

    The database checks the customer alone: to check the rows that all decisions share, it would
    lock them for each.
    """

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
        Placement,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    channel = models.CharField(max_length=60)
    launch = models.ForeignKey(
        Launch,
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="decisions",
    )
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="decisions",
    )
    creative = models.ForeignKey(
        Creative,
        null=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    variant = models.CharField(max_length=60, blank=True)
    phase = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=20, choices=Reason)
    propensity = models.FloatField(help_text="Probability with which the policy chose this.")
    policy_version = models.CharField(max_length=60)
    candidates = models.JSONField(default=list, help_text="What could have been chosen.")
    context = models.JSONField(default=dict, help_text="What the caller said of the moment.")
    inputs = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="The facts and draws that it was decided by: enough to decide it again.",
    )
    weight = models.PositiveIntegerField(
        default=1,
        db_default=1,
        help_text="How many decisions it stands for; above 1 where silent ones are kept by lot.",
    )
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


class Turn(models.Model):
    """How often decisions about a customer were kept. Who counts it on from the number that was
    read knows that nobody else decided meanwhile."""

    customer = models.OneToOneField(
        Customer,
        primary_key=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="+",
    )
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"turn {self.number}"


class Message(models.Model):
    """An attempt to send what a decision chose. Noted before anything leaves, so that it is sent
    at most once."""

    class State(models.TextChoices):
        ATTEMPTED = "attempted", _("attempted: nobody knows yet")
        SENT = "sent", _("handed over")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("unknown: a person must look")

    decision = models.OneToOneField(
        Decision, primary_key=True, on_delete=models.CASCADE, related_name="message"
    )
    state = models.CharField(max_length=10, choices=State, default=State.ATTEMPTED)
    attempted_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why it was refused.")

    class Meta:
        ordering = ["-attempted_at"]
        indexes = [
            models.Index(
                fields=["attempted_at"],
                name="launchopt_message_open",
                condition=Q(state="attempted"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} at {self.attempted_at:%Y-%m-%d %H:%M}"

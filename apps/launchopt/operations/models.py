"""What runs, what was learned, what went wrong, who did what, and who may call."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from launchopt.operations.webhooks.models import (  # noqa: F401 - Django looks for models here
    WebhookDelivery,
    WebhookEndpoint,
)


class Run(models.Model):
    """One piece of long work: how far it is, and what became of it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.CharField(max_length=100, help_text="Name of the job, as in launchopt.jobs.")
    arguments = models.JSONField(default=dict, help_text="Ids and instants; never personal data.")
    subject = models.CharField(
        max_length=100,
        blank=True,
        help_text="What it works for, such as launch:UUID or product:SKU.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=200, blank=True, help_text="The step at work now.")
    done = models.PositiveIntegerField(default=0, help_text="Pieces of work finished.")
    total = models.PositiveIntegerField(
        default=0, help_text="Pieces of work in all; 0 while unknown."
    )
    message = models.CharField(max_length=500, blank=True, help_text="What it says of itself.")
    error = models.TextField(blank=True, help_text="Why it failed, in one line.")
    result = models.JSONField(default=dict, help_text="What came out, in numbers and ids.")
    attempt = models.PositiveSmallIntegerField(
        default=0, help_text="How often a worker took it up."
    )
    lease = models.UUIDField(
        null=True, editable=False, help_text="Held by the worker at work on it."
    )
    cancel_requested = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="Last sign of life of its worker."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "heartbeat_at"], name="launchopt_run_state"),
            models.Index(fields=["subject", "-created_at"], name="launchopt_run_subject"),
            models.Index(fields=["-created_at"], name="launchopt_run_created"),
        ]

    def __str__(self) -> str:
        return f"{self.job.rpartition('.')[2]} {self.subject}".strip()

    @property
    def is_open(self) -> bool:
        """Whether it waits or works."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """Progress in whole percent, 0 while the total is unknown."""
        if self.state == self.State.SUCCEEDED:
            return 100
        return min(100, 100 * self.done // self.total) if self.total else 0


class RunStep(models.Model):
    """A step that a run has finished and need not repeat."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=200)
    result = models.JSONField(default=dict)
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["finished_at"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="launchopt_one_step")]

    def __str__(self) -> str:
        return self.name


class JobClock(models.Model):
    """Until when a periodic job has done its work, for `run_due` and for watermarks."""

    job = models.CharField(max_length=100, unique=True)
    last_run_at = models.DateTimeField(null=True, help_text="The instant that it last ran for.")
    watermark = models.BigIntegerField(
        default=0, help_text="Rows written by database transactions before this one are counted."
    )
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.job


class ModelVersion(models.Model):
    """Something learned: its files, the data it saw, and how well it did on unseen launches."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, help_text="What it predicts, such as interest.")
    status = models.CharField(max_length=10, choices=Status, default=Status.CANDIDATE)
    files = models.JSONField(
        default=dict, help_text="File name -> path in Django's default storage."
    )
    data_since = models.DateTimeField(
        null=True, help_text="First instant of the data it learned from."
    )
    data_until = models.DateTimeField(null=True, help_text="It knows nothing from this instant on.")
    metrics = models.JSONField(
        default=dict, help_text="Its backtest, and its baselines in the same run."
    )
    card = models.JSONField(
        default=dict, help_text="Features, parameters, intended use and limits."
    )
    run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="model_versions"
    )
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(status="active"), name="launchopt_one_active_model"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.created_at:%Y-%m-%d %H:%M}"


class Alert(models.Model):
    """Something a person should look at. It opens once and resolves by itself."""

    class Severity(models.TextChoices):
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=60)
    subject = models.CharField(max_length=100)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.WARNING)
    message = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    is_told = models.BooleanField(
        default=False, help_text="Whether e-mail and webhook told that it opened."
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(
        max_length=150, blank=True, help_text="Who said that they look after it."
    )
    muted_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then neither this alert nor the next of its kind on the same subject is "
        "told by e-mail or webhook.",
    )

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"],
                condition=Q(resolved_at=None),
                name="launchopt_one_open_alert",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.opened_at:%Y-%m-%d %H:%M} UTC"

    @property
    def title(self) -> str:
        """Its code, as a person reads it."""
        return self.code.replace("_", " ").capitalize()

    @property
    def is_open(self) -> bool:
        """Whether its cause is still there."""
        return self.resolved_at is None


class AlertNotice(models.Model):
    """An e-mail about an alert. Noted before it leaves, so that nobody is told twice."""

    class About(models.TextChoices):
        OPENED = "opened", _("it opened")
        RESOLVED = "resolved", _("it is over")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting to be sent")
        ATTEMPTED = "attempted", _("attempted: nobody knows yet")
        SENT = "sent", _("sent")
        GIVEN_UP = "given_up", _("not sent")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    about = models.CharField(max_length=10, choices=About)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    wanted_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why it could not be sent.")

    class Meta:
        ordering = ["wanted_at"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "about"], name="launchopt_told_once")
        ]
        indexes = [
            models.Index(
                fields=["wanted_at"], name="launchopt_notice_waiting", condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_about_display()}: {self.get_state_display()}"


class AuditEntry(models.Model):
    """Who did what to what, and what it was before."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150, help_text="User name, API key or job.")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=100, db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"


class ApiKey(models.Model):
    """A program that may call. The key itself is shown once and only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    prefix = models.CharField(
        max_length=12, help_text="The key's first characters, to tell keys apart."
    )
    hash = models.CharField(max_length=64, unique=True, editable=False)
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="+", help_text="What it may do."
    )
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

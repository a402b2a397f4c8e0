"""Who is told of events, and each telling until it has arrived: an outbox in the database."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WebhookEndpoint(models.Model):
    """An address of another system that is told of the events it asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True, help_text="A name that tells it apart.")
    url = models.URLField(
        max_length=500, help_text="Where it listens, such as https://shop.example/launchopt/."
    )
    events = models.JSONField(default=list, help_text="The events that it is told of.")
    is_active = models.BooleanField(
        default=True,
        help_text="Off, it gets no new events; what waits for it goes out once it is on again.",
    )
    secret = models.CharField(
        max_length=100, editable=False, help_text="Signs what is sent; shown once."
    )
    previous_secret = models.CharField(
        max_length=100, blank=True, editable=False, help_text="Signs too, until it runs out."
    )
    previous_until = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="The first failure after which nothing arrived."
    )
    rests_until = models.DateTimeField(
        null=True, editable=False, help_text="It failed, and is left in peace until then."
    )
    switched_off = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Why LaunchOpt switched it off."
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        app_label = "launchopt_operations"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one endpoint: written with what it tells of, kept until it has arrived.

    Its id is the `webhook-id`, the same in every attempt.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.CharField(max_length=60)
    key = models.CharField(
        max_length=200, help_text="What it tells of: an event and a key are told once."
    )
    body = models.TextField(help_text="What is sent, to the byte.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(
        help_text="Not before; while a worker is at it, when another may take over."
    )
    expires_at = models.DateTimeField(null=True, help_text="Worth nothing from then on.")
    is_doubtful = models.BooleanField(
        default=False, help_text="An attempt ended without an answer: it may have arrived."
    )
    response_status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status.")
    response_start = models.CharField(
        max_length=500, blank=True, help_text="How the last answer began."
    )
    error = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "launchopt_operations"
        ordering = ["-created_at"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event", "key"], name="launchopt_one_delivery"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="launchopt_delivery_due",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["-created_at"], name="launchopt_delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"

"""The places in which something is shown, and the words that are."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Audience, Segment
from launchopt.campaigns.models.launches import Launch


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
    """Words for one audience, persona, channel, language and variant.

    Only what a person approved is shown. A place has several candidates.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("waiting for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        STALE = "stale", _("stale: the facts changed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="creatives")
    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="creatives")
    channel = models.CharField(max_length=60)
    variant = models.SlugField(max_length=60, help_text="The experiment's variant that shows it.")
    language = models.CharField(max_length=20)
    segment = models.ForeignKey(
        Segment,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="creatives",
        verbose_name="persona",
        help_text="The kind of shopper that it is written for; none: all of the audience.",
    )
    headline = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    call_to_action = models.CharField(max_length=100, blank=True)
    alt_text = models.CharField(max_length=300, blank=True)
    subject = models.CharField(
        max_length=200, blank=True, help_text="Of an e-mail; without one its headline."
    )
    preheader = models.CharField(
        max_length=200,
        blank=True,
        help_text="What a mailbox shows of an e-mail behind its subject.",
    )
    writer = models.CharField(
        max_length=60, help_text="Who wrote it: phrasebook, a model, or a person."
    )
    edited_by = models.CharField(
        max_length=150,
        blank=True,
        editable=False,
        help_text="Who wrote these words by hand, and so does not approve them.",
    )
    claims = models.JSONField(
        default=list, help_text="Each claim in the text, and the fact behind it."
    )
    refusals = models.JSONField(
        default=list, help_text="Each span that may not be said, and the rule against it."
    )
    fallback_reason = models.CharField(
        max_length=300,
        blank=True,
        editable=False,
        help_text="Why the writer that the settings choose did not write it.",
    )
    facts_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Of the product's facts when it was written; other facts make it stale.",
    )
    brand_facts = models.JSONField(
        default=list,
        editable=False,
        help_text="Approved sentences about the shop that it rests on; without one it is stale.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    content_hash = models.CharField(max_length=64, editable=False, help_text="Of its words.")
    approved_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the words that were approved."
    )
    reviewed_by = models.CharField(max_length=150, blank=True, editable=False)
    reviewed_at = models.DateTimeField(null=True, editable=False)
    rejection_reason = models.CharField(max_length=300, blank=True)
    click_rate = models.FloatField(
        null=True, editable=False, help_text="Clicks per exposure that its words let expect."
    )
    click_rate_low = models.FloatField(
        null=True, editable=False, help_text="The rate lies above it with 90 % certainty."
    )
    click_rate_high = models.FloatField(
        null=True, editable=False, help_text="The rate lies below it with 90 % certainty."
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["launch", "channel", "audience", "variant"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "launch",
                    "audience",
                    "segment",
                    "channel",
                    "language",
                    "variant",
                    "content_hash",
                ],
                nulls_distinct=False,
                name="launchopt_one_creative",
            )
        ]

    def __str__(self) -> str:
        return self.headline


class CopyUse(models.Model):
    """What was used at the copy server on a day, by all runs together."""

    day = models.DateField(primary_key=True)
    tokens_read = models.BigIntegerField(default=0)
    tokens_written = models.BigIntegerField(default=0)
    money = models.DecimalField(
        max_digits=14, decimal_places=6, default=0, help_text="In the currency of its prices."
    )

    class Meta:
        ordering = ["-day"]
        verbose_name = "use of the copy server"
        verbose_name_plural = "use of the copy server"

    def __str__(self) -> str:
        return f"{self.day}: {self.tokens_read + self.tokens_written:,} tokens"

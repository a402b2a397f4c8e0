"""Models of what workers find and keep beside the customers: segments, and scores on their way."""

from __future__ import annotations

import uuid

from django.db import models

from launchopt.catalog.models import Category


class ScoredShard(models.Model):
    """Probabilities of a range of customers for some products, kept until every range has its own.

    Numbers are packed, little-endian: a shop of a million customers has tens of millions of them.
    """

    run = models.ForeignKey(
        "launchopt_operations.Run", on_delete=models.CASCADE, related_name="scored_shards"
    )
    shard = models.PositiveIntegerField(help_text="Which range of customers, from 0.")
    step = models.PositiveIntegerField(help_text="Which products of the run, from 0.")
    customer_ids = models.BinaryField(help_text="(customers,) int64.")
    probabilities = models.BinaryField(help_text="(products, customers) float32.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step", "shard"], name="launchopt_one_shard")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: step {self.step}, shard {self.shard}"


class Segment(models.Model):
    """A kind of shopper that many customers share. A rebuild keeps who it is.

    Found in what customers did and named by the words of what they like; never by who they are.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="Its strongest terms.")
    terms = models.JSONField(
        default=list, help_text='What sets it apart: [{"name", "kind": category|term, "weight"}].'
    )
    size = models.PositiveIntegerField(help_text="Customers whose persona it is.")
    price_bands = models.JSONField(
        default=dict, help_text="Share of its customers by the price band they usually buy in."
    )
    classes = models.JSONField(
        default=dict, help_text="Mean class of recency, frequency and money, 1 to 5."
    )
    active_hours = models.JSONField(
        default=list, help_text="Share of activity by local hour, 24 numbers."
    )
    examples = models.JSONField(default=list, help_text="Ids of its most typical customers.")
    centre = models.JSONField(default=list, help_text="Where it lies among tastes and behaviour.")
    space = models.CharField(
        max_length=200, help_text="What the centre is measured in; only equals can be compared."
    )
    found_at = models.DateTimeField(help_text="When it was first found.")
    as_of = models.DateTimeField(help_text="What was known when it was last found.")
    retired_at = models.DateTimeField(
        null=True, help_text="When customers of its kind could no longer be told apart."
    )

    class Meta:
        ordering = ["retired_at", "-size", "name"]
        verbose_name = "persona segment"

    def __str__(self) -> str:
        return self.name


class CheckedWords(models.Model):
    """Words of lists, written for nobody in particular, shown while they are those checked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    language = models.CharField(max_length=20)
    writer = models.CharField(
        max_length=60, editable=False, help_text="Who wrote it: phrasebook, a model, or a person."
    )
    fallback_reason = models.CharField(
        max_length=300,
        blank=True,
        editable=False,
        help_text="Why the writer that the settings choose did not write it.",
    )
    claims = models.JSONField(
        default=list, editable=False, help_text="Each claim in it, and the fact behind it."
    )
    content_hash = models.CharField(
        max_length=64, editable=False, help_text="Of the words that were checked."
    )
    written_at = models.DateTimeField(editable=False)

    class Meta:
        abstract = True


class ListTheme(CheckedWords):
    """The line over a list's products of one category, and why they stand together.

    Written once for a category and a language, for nobody in particular, and shown while its
    claims are proved, its words are those that were checked, and nobody withdrew it.
    """

    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="themes",
        help_text="None: of products that have no category.",
    )
    title = models.CharField(max_length=80, help_text="Such as: For your kitchen corner.")
    reason = models.CharField(max_length=300, help_text="One sentence that is true of all of them.")
    facts_hash = models.CharField(
        max_length=64, editable=False, help_text="Of the category's facts when it was written."
    )
    is_withdrawn = models.BooleanField(
        default=False, editable=False, help_text="A person said that it is not shown."
    )

    class Meta:
        ordering = ["category__name", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "language"], nulls_distinct=False, name="launchopt_one_theme"
            )
        ]

    def __str__(self) -> str:
        return self.title


class ReasonLine(CheckedWords):
    """How a list says why a product stands in it, with a gap for what the customer did.

    Written once for what the reason rests on, never for a customer: whoever words it sees none.
    """

    kind = models.CharField(
        max_length=30, editable=False, help_text="What the reason rests on, such as: alike."
    )
    text = models.CharField(
        max_length=160,
        help_text="{deed} is what the customer did, {these} what was named with it.",
    )

    class Meta:
        ordering = ["language", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="launchopt_one_reason_line")
        ]

    def __str__(self) -> str:
        return self.text

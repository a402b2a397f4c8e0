"""Who the shoppers are, what they did, what they agreed to, and what they are likely to want."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.derived import ListTheme as ListTheme
from launchopt.audiences.derived import ReasonLine as ReasonLine
from launchopt.audiences.derived import ScoredShard as ScoredShard
from launchopt.audiences.derived import Segment as Segment
from launchopt.catalog.models import Product
from launchopt.operations.fields import CurrentTransaction


class Customer(models.Model):
    """A shopper, known by the host's own id. An anonymous visitor is a customer without a name."""

    external_id = models.CharField(max_length=200, unique=True, help_text="The shop's own id.")
    is_anonymous = models.BooleanField(default=False, help_text="A visitor who has not logged in.")
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="merged",
        help_text="The customer that this visitor turned out to be.",
    )
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    gender = models.CharField(max_length=20, blank=True, help_text="As declared; never guessed.")
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True, help_text="As declared.")
    interests = models.CharField(
        max_length=500,
        blank=True,
        help_text="As declared: categories or words, separated by commas. They decide the persona.",
    )
    country = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(
        max_length=60, blank=True, help_text="IANA name; the shop's own if empty."
    )
    language = models.CharField(max_length=20, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["external_id"]
        permissions = [
            ("view_personal_data", "Can see e-mail and phone in the clear"),
            ("identify_customer", "Can join a visitor to a customer"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Consent(models.Model):
    """What a customer agreed to, for one purpose. No row means no."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(
        max_length=60, help_text="marketing covers every contact of a launch."
    )
    is_granted = models.BooleanField()
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "purpose"], name="launchopt_one_consent")
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'yes' if self.is_granted else 'no'}"


class EventKind(models.TextChoices):
    """What a shopper did, or what happened to them."""

    VIEW = "view", _("view")
    CLICK = "click", _("click")
    FAVOURITE = "favourite", _("favourite")
    CART = "cart", _("cart")
    PURCHASE = "purchase", _("purchase")
    RETURN = "return", _("return")
    RATING = "rating", _("rating")
    REVIEW = "review", _("review")
    LIKE = "like", _("like")
    DISLIKE = "dislike", _("dislike")
    SHARE = "share", _("share")
    COMMENT = "comment", _("comment")
    EXPOSURE = "exposure", _("exposure")
    SEARCH = "search", _("search")
    DELIVERED = "delivered", _("delivered")
    OPEN = "open", _("open")
    BOUNCE = "bounce", _("bounce")
    COMPLAINT = "complaint", _("complaint")
    UNSUBSCRIBE = "unsubscribe", _("unsubscribe")


KINDS_WITHOUT_PRODUCT = frozenset(
    {
        EventKind.SEARCH,
        EventKind.DELIVERED,
        EventKind.OPEN,
        EventKind.BOUNCE,
        EventKind.COMPLAINT,
        EventKind.UNSUBSCRIBE,
    }
)


class Event(models.Model):
    """One thing that happened, stored once. The table is partitioned by month of `occurred_at`.

    Its key in the database is (message_id, occurred_at); see the first migration. The foreign keys
    are not checked by the database, which halves the time of a bulk load: the one service that
    writes events keeps them true.
    """

    message_id = models.UUIDField(
        primary_key=True, help_text="Made from the sender's message id, or from the content."
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )
    product = models.ForeignKey(
        Product,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )
    kind = models.CharField(max_length=16, choices=EventKind)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    quantity = models.IntegerField(default=1)
    price = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, help_text="Of one piece."
    )
    currency = models.CharField(max_length=3, default="")
    value = models.FloatField(null=True, help_text="Such as the stars of a rating.")
    order_id = models.CharField(max_length=100, default="")
    session = models.CharField(max_length=100, default="")
    text = models.TextField(default="")
    decision_id = models.UUIDField(null=True, help_text="The decision that it answers.")
    is_randomised = models.BooleanField(
        default=False, help_text="An exposure whose receiver was chosen by chance."
    )
    recorded_in = models.BigIntegerField(
        db_default=CurrentTransaction(),
        editable=False,
        help_text="The database transaction that wrote it: the order in which rollups see it.",
    )

    class Meta:
        ordering = ["-occurred_at"]
        indexes = [
            models.Index(fields=["customer", "-occurred_at"], name="launchopt_event_history"),
            models.Index(fields=["product", "kind", "occurred_at"], name="launchopt_event_product"),
            models.Index(
                fields=["decision_id"],
                name="launchopt_event_decision",
                condition=Q(decision_id__isnull=False),
            ),
            BrinIndex(fields=["recorded_in"], name="launchopt_event_recorded"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M}"


class MessageKey(models.Model):
    """A message id that a sender gave: stored once, even when it comes again later."""

    message_id = models.UUIDField(primary_key=True)
    occurred_at = models.DateTimeField(help_text="Of the event that was stored.")

    def __str__(self) -> str:
        return str(self.message_id)


class RejectedEvent(models.Model):
    """What could not be stored as an event: kept apart with its reason, never dropped."""

    received_at = models.DateTimeField(db_index=True)
    source = models.CharField(max_length=200, help_text="The file or key that it came from.")
    line = models.PositiveBigIntegerField(null=True, help_text="Line or index in its source.")
    reason = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)

    class Meta:
        ordering = ["-received_at", "-id"]

    def __str__(self) -> str:
        return self.reason


class InterestScore(models.Model):
    """How likely a customer is to buy a product within a horizon, as known at an instant."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, db_index=False, related_name="interest_scores"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interest_scores")
    probability = models.FloatField(help_text="That the customer buys it before as_of + horizon.")
    rank = models.PositiveIntegerField(help_text="1 is the likeliest customer of the product.")
    model_version = models.ForeignKey(
        "launchopt_operations.ModelVersion", on_delete=models.PROTECT, related_name="+"
    )
    as_of = models.DateTimeField(help_text="Nothing from this instant on was known.")
    horizon_days = models.PositiveSmallIntegerField()
    reasons = models.JSONField(
        null=True, help_text="Named factors; kept for the likeliest customers."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "customer"], name="launchopt_one_score"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="launchopt_probability"
            ),
        ]
        indexes = [models.Index(fields=["product", "rank"], name="launchopt_score_rank")]

    def __str__(self) -> str:
        return f"{self.probability:.3f}"


class Persona(models.Model):
    """What a customer is like as a shopper, from declared data and behaviour."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="persona"
    )
    age_band = models.CharField(
        max_length=10, blank=True, help_text="From a declared birth year only."
    )
    gender = models.CharField(max_length=20, blank=True, help_text="As declared only.")
    interests = models.JSONField(
        default=list, help_text='[{"name", "kind": category|term, "weight"}].'
    )
    price_band = models.CharField(
        max_length=10, blank=True, help_text="low, middle or high, from prices paid."
    )
    recency = models.PositiveSmallIntegerField(help_text="Class 1 (long ago) to 5 (just now).")
    frequency = models.PositiveSmallIntegerField(help_text="Class 1 (rarely) to 5 (often).")
    monetary = models.PositiveSmallIntegerField(help_text="Class 1 (little) to 5 (much).")
    active_hours = models.JSONField(
        default=list, help_text="Share of activity by local hour, 24 numbers."
    )
    segment = models.ForeignKey(
        Segment,
        null=True,
        on_delete=models.SET_NULL,
        related_name="personas",
        help_text="The kind of shopper; none while too little is known.",
    )
    confidence = models.FloatField(
        default=0,
        help_text="How often another look at the same history finds the same segment, 0 to 1; "
        "1 where the customer's declared interests decide.",
    )
    is_declared = models.BooleanField(
        default=False, help_text="Whether the customer's declared interests decided the segment."
    )
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="launchopt_confidence"
            )
        ]
        indexes = [models.Index(fields=["age_band", "gender"], name="launchopt_persona_declared")]

    def __str__(self) -> str:
        return ", ".join(i["name"] for i in self.interests[:3]) or "unknown tastes"


class Audience(models.Model):
    """A question about customers, and those who answered it when it was last asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="audiences",
        help_text="Ranked by interest in this product.",
    )
    rules = models.JSONField(
        default=dict,
        blank=True,
        help_text='Such as {"probability": [0.02, 1], "interests": ["Kitchen"]}.',
    )
    size = models.PositiveIntegerField(default=0, editable=False)
    built_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-created_at", "name"]

    def __str__(self) -> str:
        return self.name


class AudienceMember(models.Model):
    """A customer in an audience, with the probability that the plan was made on."""

    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, db_index=False, related_name="members"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memberships")
    probability = models.FloatField(null=True)
    hour = models.PositiveSmallIntegerField(
        null=True,
        help_text="Hour of the day, in the shop's zone, in which to contact; empty for any.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "customer"], name="launchopt_one_membership"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audience_id}: {self.customer_id}"


class Recommendation(models.Model):
    """One entry of a customer's list, with a reason that is true."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_index=False, related_name="recommendations"
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="recommendations")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    source = models.CharField(
        max_length=20, help_text="content, co_purchase, popularity, interest or exploration."
    )
    propensity = models.FloatField(
        null=True,
        help_text="How likely chance was to put it here; empty where its score alone did.",
    )
    reason = models.CharField(max_length=500)
    is_new = models.BooleanField(default=False, help_text="Nobody had bought it yet.")
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["customer", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "rank"], name="launchopt_one_rank")
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.product_id}"

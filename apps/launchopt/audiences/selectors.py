"""Questions about customers, and about who belongs to an audience."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast

from launchopt.audiences.models import (
    Audience,
    AudienceMember,
    Consent,
    Customer,
    Event,
    InterestScore,
    Persona,
)
from launchopt.audiences.rules import MARKETING, AudienceRules
from launchopt.catalog.models import Product
from launchopt.operations.errors import InvalidInput, NotFound


def customers() -> QuerySet[Customer]:
    """Every customer with its consents; visitors who turned out to be another are left out."""
    standing = Customer.objects.filter(merged_into=None)
    return standing.prefetch_related("consents").order_by("external_id")


def customer_named(external_id: str) -> Customer:
    """One customer; for a visitor who turned out to be a customer, that customer.

    Raises NotFound, naming the id.
    """
    customer = Customer.objects.select_related("merged_into").filter(external_id=external_id)
    found = customer.first()
    if found is None:
        raise NotFound(f"There is no customer {external_id!r}.")
    return found.merged_into or found


def persona_of(external_id: str) -> Persona:
    """A customer's persona with its segment. Raises NotFound: no such customer, or none built."""
    customer = customer_named(external_id)
    persona = Persona.objects.select_related("customer", "segment").filter(pk=customer.pk).first()
    if persona is None:
        raise NotFound(f"No persona of {external_id!r} is built yet; it is built every night.")
    return persona


def has_consent(*, purpose: str = MARKETING) -> Exists:
    """A condition on customers: they agreed to this. No row means no."""
    agreed = Consent.objects.filter(customer=OuterRef("pk"), purpose=purpose, is_granted=True)
    return Exists(agreed)


def known_customers(*, before: datetime) -> QuerySet[Customer]:
    """Customers who joined, or have an event, before an instant."""
    seen = Event.objects.filter(customer=OuterRef("pk"), occurred_at__lt=before)
    return Customer.objects.filter(
        Q(joined_at__lt=before) | Exists(seen.order_by()), merged_into=None
    )


def audience_members(
    *, rules: AudienceRules, product: Product | None, as_of: datetime
) -> QuerySet[Any, dict[str, Any]]:
    """Who answers the question, as rows of `id` and `probability`, the likeliest first.

    One statement. With a product only customers with a score for it, made as of this instant or
    before, belong; without one the probability is null. Raises InvalidInput where the rules ask
    for interest and no product is named.
    """
    if product is None and rules.needs_scores:
        raise InvalidInput.at(
            "/product", "A rule on probability or top_share needs a product to be interested in."
        )
    members = _scored(product, as_of) if product else _unscored(as_of)
    members = members.filter(_declared(rules), _behaves(rules), **_interested(rules))
    if rules.top_share is not None and product:
        members = members.filter(rank__lte=_last_rank(product, as_of, rules.top_share))
    if rules.consent:
        members = members.filter(has_consent(purpose=rules.consent))
    if rules.active_since:
        members = members.filter(_active(since=rules.active_since, until=as_of))
    return members.order_by(F("probability").desc(nulls_last=True), "id").values(
        "id", "probability"
    )


def members_of(audience: Audience, *, as_of: datetime) -> QuerySet[Any, dict[str, Any]]:
    """Who answers an audience's question now, whoever was stored when it was built."""
    rules = AudienceRules.parse(audience.rules)
    return audience_members(rules=rules, product=audience.product, as_of=as_of)


def stored_members(audience: Audience) -> QuerySet[AudienceMember]:
    """Who answered when the audience was last built, the likeliest first."""
    members = AudienceMember.objects.filter(audience=audience).select_related("customer")
    return members.order_by(F("probability").desc(nulls_last=True), "customer_id")


def customers_interested_in(
    product: Product, *, as_of: datetime, purpose: str | None = MARKETING
) -> QuerySet[Any, dict[str, Any]]:
    """Who has a score for a product and agreed to the purpose, the likeliest first."""
    return audience_members(rules=AudienceRules(consent=purpose), product=product, as_of=as_of)


def _scored(product: Product, as_of: datetime) -> QuerySet[Customer]:
    score = FilteredRelation(
        "interest_scores",
        condition=Q(interest_scores__product=product, interest_scores__as_of__lte=as_of),
    )
    scored = Customer.objects.filter(merged_into=None).annotate(score=score)
    return scored.filter(score__isnull=False).annotate(
        probability=F("score__probability"), rank=F("score__rank")
    )


def _unscored(as_of: datetime) -> QuerySet[Customer]:
    nothing = Cast(Value(None), FloatField(null=True))
    return known_customers(before=as_of).annotate(probability=nothing)


def _last_rank(product: Product, as_of: datetime, share: float) -> Any:
    scores = InterestScore.objects.filter(product=product, as_of__lte=as_of).order_by()
    count = Subquery(scores.values("product").annotate(n=Count("pk")).values("n"))
    return Cast(count, FloatField()) * Value(share)


def _interested(rules: AudienceRules) -> dict[str, Any]:
    return {"probability__range": rules.probability} if rules.probability else {}


def _declared(rules: AudienceRules) -> Q:
    condition = Q()
    for name in ("country", "language"):
        if getattr(rules, name):
            condition &= Q(**{f"{name}__in": getattr(rules, name)})
    for name in ("age_band", "gender"):
        if getattr(rules, name):
            condition &= Q(**{f"persona__{name}__in": getattr(rules, name)})
    return condition


def _behaves(rules: AudienceRules) -> Q:
    condition = Q()
    if rules.price_band:
        condition &= Q(persona__price_band__in=rules.price_band)
    for name, bounds in rules.persona_ranges.items():
        condition &= Q(**{f"persona__{name}__range": bounds})
    if rules.interests:
        wanted = Q()
        for interest in rules.interests:
            wanted |= Q(persona__interests__contains=[{"name": interest}])
        condition &= wanted
    return condition


def _active(*, since: datetime, until: datetime) -> Exists:
    return Exists(
        Event.objects.filter(
            customer=OuterRef("pk"), occurred_at__gte=since, occurred_at__lt=until
        ).order_by()
    )

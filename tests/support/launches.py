"""Launches made by hand: customers, an audience, money and words, without any model."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from launchopt.audiences.models import Audience, AudienceMember, Consent, Customer, Event
from launchopt.campaigns import services
from launchopt.campaigns.creatives import Place, approve_creatives, save_drafts
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Launch
from launchopt.catalog.models import Product
from launchopt.experiments.services import register_experiment
from launchopt_core.claims import Draft

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
WEIGHTS = {"holdout": 0.1, "a": 0.45, "b": 0.45}


def make_product(sku: str = "MUG-1", **fields: Any) -> Product:
    """A product on sale."""
    given = {"title": "BLUE MUG", "description": "Holds 300 ml.", "price": Decimal("7.50")}
    given |= {"currency": "GBP", "language": "en", "created_at": NOW, "updated_at": NOW}
    return Product.objects.create(sku=sku, **(given | fields))


def make_customers(count: int, *, consent: bool = True, prefix: str = "c") -> list[Customer]:
    """Customers who agreed to marketing, or of whom nothing is known."""
    customers = Customer.objects.bulk_create(
        Customer(external_id=f"{prefix}{number}", created_at=NOW, updated_at=NOW)
        for number in range(count)
    )
    if consent:
        Consent.objects.bulk_create(
            Consent(customer=c, purpose="marketing", is_granted=True, recorded_at=NOW - 99 * HOUR)
            for c in customers
        )
    return customers


def make_audience(customers: Sequence[Customer], *, probability: float = 0.1) -> Audience:
    """An audience of these customers."""
    audience = Audience.objects.create(name="The likeliest", size=len(customers), created_at=NOW)
    AudienceMember.objects.bulk_create(
        AudienceMember(audience=audience, customer=customer, probability=probability)
        for customer in customers
    )
    return audience


def make_launch(
    audience: Audience,
    *,
    product: Product | None = None,
    channel: str = "onsite",
    budget: str = "100.00",
    cost: str = "0.02",
    hours: int = 24,
    weights: dict[str, float] | None = None,
    **fields: Any,
) -> Launch:
    """A planned launch with one campaign, its money spread evenly over its hours."""
    given: dict[str, Any] = {"cap_contacts": 3, "cap_window_hours": 24, "starts_at": NOW}
    given |= {"ends_at": NOW + hours * HOUR, "created_at": NOW, "status": Launch.Status.PLANNED}
    product = product or make_product()
    launch = Launch.objects.create(
        name=f"Launch of {product.sku}",
        product=product,
        budget=Decimal(budget),
        currency="GBP",
        channels={channel: cost},
        **(given | fields),
    )
    launch.experiment = register_experiment(
        name=launch.name,
        weights=weights or WEIGHTS,
        now=NOW,
        product_id=product.pk,
        subject_id=launch.pk,
        salt="a salt of its own",
    )
    launch.save()
    campaign = Campaign.objects.create(
        launch=launch, channel=channel, audience=audience, cost_per_contact=Decimal(cost)
    )
    _lay_out_money(launch, campaign, hours=hours)
    write_words(launch, audience, channel=channel)
    return launch


def make_running(audience: Audience, **given: Any) -> Launch:
    """A launch that has started."""
    launch = make_launch(audience, **given)
    approve_creatives(launch=launch, by="approver", now=NOW)
    services.approve_launch(launch=launch, by="approver", now=NOW)
    return services.start_launch(launch=launch, by="marketer", now=NOW)


def write_words(launch: Launch, audience: Audience, *, channel: str = "onsite") -> None:
    """A creative for each variant that is shown one."""
    names = [v.name for v in launch.experiment.variants.all() if not v.is_control]
    words = Draft(
        headline="Meet the Blue Mug",
        body="Holds 300 ml.",
        call_to_action="Take a look",
        alt_text="Picture of the Blue Mug",
    )
    place = Place(launch=launch, audience=audience, channel=channel, language="en")
    save_drafts(place=place, drafts={name: [words] for name in names}, writer="hand", now=NOW)


def ask(customer: Customer | str, *, at: datetime = NOW, placement: str = "home") -> Any:
    """What is decided about one customer."""
    name = customer if isinstance(customer, str) else customer.external_id
    question = services.Question(customer=name, placement=placement, at=at, context={})
    return services.decide(questions=[question])[0].decision


def add_event(
    customer: Customer,
    kind: str,
    *,
    product: Product | None = None,
    at: datetime = NOW,
    **more: Any,
) -> Event:
    """Something that a customer did."""
    given = {"received_at": at} | more
    return Event.objects.create(
        message_id=uuid.uuid4(), customer=customer, product=product, kind=kind, occurred_at=at,
        **given,
    )  # fmt: skip


def _lay_out_money(launch: Launch, campaign: Campaign, *, hours: int) -> None:
    cents = int(launch.budget * 100)
    plan = BudgetPlan.objects.create(
        launch=launch, total=launch.budget, unspent=0, expected_response=1, created_at=NOW
    )
    per_hour = [cents // hours + (1 if number < cents % hours else 0) for number in range(hours)]
    BudgetCell.objects.bulk_create(
        BudgetCell(
            budget_plan=plan,
            campaign=campaign,
            starts_at=launch.starts_at + number * HOUR,
            amount=Decimal(amount) / 100,
            contacts=int(Decimal(amount) / 100 / campaign.cost_per_contact),
        )
        for number, amount in enumerate(per_hour)
    )

"""Helpers for the tests of a host project: a shop, and a launch that runs, without any worker.

Everything goes through the services that the shop itself uses, so what these helpers make is what
imports, planning and approval make. Time is an argument: a test chooses its own `now`.

    from launchopt import testing

    def test_the_page_shows_the_launch(client, db):
        now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        kettle = testing.make_product("KETTLE", title="Brass kettle", now=now)
        [ada] = testing.make_customers(1, now=now)
        testing.make_running_launch(product=kettle, customers=[ada], now=now, holdout=0)
        assert testing.decide_for(ada, now=now).reason == "shown"
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience, AudienceMember, Customer
from launchopt.audiences.services import record_events, save_customers
from launchopt.campaigns import services
from launchopt.campaigns.creatives import Place, save_drafts
from launchopt.campaigns.models import (
    BudgetCell,
    BudgetPlan,
    Campaign,
    Creative,
    Decision,
    Launch,
    Placement,
)
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.experiments.services import register_experiment
from launchopt.operations.importing.cleaning import REASON
from launchopt.operations.importing.outcome import Outcome
from launchopt_core.claims import Draft

CENT = Decimal("0.01")
HOUR = timedelta(hours=1)
# A launch without a control is no experiment: this share is held out where a test wants nobody.
NOBODY = 1e-9
WORDS = Draft(
    headline="Look what is new",
    body="",
    call_to_action="Take a look",
    alt_text="Picture of the product",
)


def make_product(sku: str = "KETTLE", *, now: datetime, **fields: Any) -> Product:
    """A product on sale, with the fields of the import."""
    given = {"title": "Brass kettle", "price": "12.50", "currency": "GBP", "language": "en"}
    _refuse_rejected(save_products([given | {"sku": sku} | fields], now=now))
    return Product.objects.get(sku=sku)


def make_customers(
    count: int, *, now: datetime, has_consent: bool = True, prefix: str = "customer-"
) -> list[Customer]:
    """Customers who agreed to marketing, or did not: `customer-0`, `customer-1`, ..."""
    names = [f"{prefix}{number}" for number in range(count)]
    rows = [{"external_id": name, "consent.marketing": has_consent} for name in names]
    _refuse_rejected(save_customers(rows, now=now))
    known = {c.external_id: c for c in Customer.objects.filter(external_id__in=names)}
    return [known[name] for name in names]


def make_event(
    customer: Customer, kind: str, *, at: datetime, product: Product | None = None, **fields: Any
) -> None:
    """Something that a customer did, as `POST events/` stores it."""
    event = {"customer": customer.external_id, "kind": kind, "occurred_at": at.isoformat()}
    event |= {"sku": product.sku} if product else {}
    report = record_events([event | fields], received_at=at)
    if report.rejected:
        raise ValueError(f"No such event can be: {report.rejected[0]}")


@transaction.atomic
def make_running_launch(
    *,
    product: Product,
    customers: Sequence[Customer],
    now: datetime,
    days: int = 14,
    budget: Decimal = Decimal("100.00"),
    cost_per_contact: Decimal = Decimal("0.02"),
    channel: str = "onsite",
    holdout: float = 0.1,
    probability: float = 0.1,
) -> Launch:
    """A launch to these customers that has just started, its money spread evenly over its hours."""
    launch = Launch.objects.create(
        name=f"Launch of {product.sku}",
        product=product,
        status=Launch.Status.PLANNED,
        budget=budget,
        currency=product.currency,
        starts_at=now,
        ends_at=now + timedelta(days=days),
        holdout=holdout,
        channels={channel: str(cost_per_contact)},
        cap_contacts=3,
        cap_window_hours=24,
        created_at=now,
    )
    _register_experiment(launch, now=now)
    audience = _make_audience(customers, product=product, probability=probability, now=now)
    campaign = Campaign.objects.create(
        launch=launch, channel=channel, audience=audience, cost_per_contact=cost_per_contact
    )
    _lay_out_money(launch, campaign, now=now)
    _write_words(launch, campaign, now=now)
    services.approve_launch(launch=launch, by="approver", now=now)
    return services.start_launch(launch=launch, by="operator", now=now)


def decide_for(customer: Customer, *, now: datetime, placement: str = "home") -> Decision:
    """What is decided about this customer here and now, as `POST decisions/` decides it."""
    Placement.objects.get_or_create(name=placement, defaults={"channel": "onsite"})
    question = services.Question(
        customer=customer.external_id, placement=placement, at=now, context={}
    )
    [answer] = services.decide(questions=[question])
    return answer.decision


def _refuse_rejected(outcome: Outcome) -> None:
    if outcome.rejected is not None and len(outcome.rejected):
        raise ValueError(f"This cannot be stored: {outcome.rejected[REASON][0]}")


def _register_experiment(launch: Launch, *, now: datetime) -> None:
    share = max(launch.holdout, NOBODY)
    launch.experiment = register_experiment(
        name=launch.name,
        weights={"holdout": share, "launch": 1 - share},
        product_id=launch.product_id,
        subject_id=launch.pk,
        now=now,
    )
    launch.save(update_fields=["experiment"])


def _make_audience(
    customers: Sequence[Customer], *, product: Product, probability: float, now: datetime
) -> Audience:
    audience = Audience.objects.create(
        name="Everybody", product=product, size=len(customers), built_at=now, created_at=now
    )
    AudienceMember.objects.bulk_create(
        AudienceMember(audience=audience, customer=customer, probability=probability)
        for customer in customers
    )
    return audience


def _lay_out_money(launch: Launch, campaign: Campaign, *, now: datetime) -> None:
    hours = (launch.ends_at - launch.starts_at) // HOUR
    each, more = divmod(int(launch.budget / CENT), hours)
    plan = BudgetPlan.objects.create(
        launch=launch, total=launch.budget, unspent=0, expected_response=1, created_at=now
    )
    amounts = [(each + (number < more)) * CENT for number in range(hours)]
    BudgetCell.objects.bulk_create(
        BudgetCell(
            budget_plan=plan,
            campaign=campaign,
            starts_at=launch.starts_at + number * HOUR,
            amount=amount,
            contacts=int(amount / campaign.cost_per_contact),
        )
        for number, amount in enumerate(amounts)
    )


def _write_words(launch: Launch, campaign: Campaign, *, now: datetime) -> list[Creative]:
    return save_drafts(
        place=Place(
            launch=launch, audience=campaign.audience, channel=campaign.channel, language="en"
        ),
        drafts={"launch": [WORDS]},
        writer="a test",
        now=now,
    )

"""A launch that was played by hand, and a reader of its report's page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

from launchopt.audiences.models import Audience, Customer, Event, InterestScore
from launchopt.audiences.partitions import ensure_partitions
from launchopt.campaigns import creatives
from launchopt.campaigns.models import (
    BudgetCell,
    BudgetPlan,
    Campaign,
    Decision,
    Launch,
    Placement,
)
from launchopt.campaigns.reporting import report_page
from launchopt.catalog.models import Product
from launchopt.experiments.models import Assignment, MetricRollup
from launchopt.experiments.services import register_experiment, start_experiment
from launchopt.operations.models import ModelVersion
from launchopt_core.claims import Draft

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAYS = 14
HOSTILE = '<script>alert("x")</script>'
PLAN = {
    "reach": {"value": 0.21, "source": "measured", "detail": "Active in the last 30 days."},
    "channels": [
        {
            "channel": "onsite",
            "click_rate": {"value": 0.03, "source": "prior", "detail": "Assumed."},
        },
        {
            "channel": "email",
            "click_rate": {"value": 0.05, "source": "analog", "detail": "4 launches."},
        },
    ],
    "expected_purchases": {"value": 41.5, "source": "model", "detail": "Sum of probabilities."},
}


def planned_launch(*, name="The blue mug"):
    """A launch with two audiences, two channels and money in every hour of the day."""
    product = Product.objects.create(
        sku=name[:40],
        title="BLUE MUG",
        price=Decimal("7.50"),
        currency="GBP",
        created_at=NOW,
        updated_at=NOW,
    )
    launch = Launch.objects.create(
        name=name,
        product=product,
        status=Launch.Status.PLANNED,
        budget=Decimal(400),
        currency="GBP",
        starts_at=NOW,
        ends_at=NOW + timedelta(days=DAYS),
        channels={"onsite": "0.02", "email": "0.05"},
        cap_contacts=3,
        cap_window_hours=24,
        plan=PLAN,
        planned_as_of=NOW - timedelta(days=1),
        created_at=NOW,
    )
    plan = BudgetPlan.objects.create(
        launch=launch,
        total=400,
        unspent=Decimal("64.00"),
        expected_response=41.5,
        created_at=NOW,
    )
    for number, (audience_name, size) in enumerate([("Likeliest tenth", 400), ("Next fifth", 800)]):
        audience = Audience.objects.create(
            name=audience_name, description=f"Tier {number + 1}", size=size, created_at=NOW
        )
        for channel in ("onsite", "email"):
            plan_campaign(launch, plan, audience, channel)
    return launch


def plan_campaign(launch, plan, audience, channel):
    campaign = Campaign.objects.create(
        launch=launch, channel=channel, audience=audience, cost_per_contact=Decimal("0.02")
    )
    BudgetCell.objects.bulk_create(
        BudgetCell(
            budget_plan=plan,
            campaign=campaign,
            starts_at=NOW + timedelta(hours=hour),
            amount=Decimal(hour % 24) / 46,
            contacts=hour % 24,
        )
        for hour in range(24 * DAYS)
    )
    creatives.save_drafts(
        place=creatives.Place(launch=launch, audience=audience, channel=channel, language="en"),
        drafts={v: [draft_for(v, channel)] for v in ("plain", "warm")},
        writer="phrasebook",
        now=NOW,
    )


def draft_for(variant, channel):
    return Draft(
        headline=f"Meet the Blue Mug, {variant}",
        body="Yours for £7.50.",
        call_to_action="Take a look",
        alt_text=f"Picture for {channel}",
    )


def start(launch, *, customers=600):
    """Start it, assign customers and let those of `warm` buy twice as often as the others."""
    experiment = register_experiment(
        name=launch.name,
        weights={"holdout": 0.2, "plain": 0.4, "warm": 0.4},
        product_id=launch.product_id,
        subject_id=launch.pk,
        now=NOW,
        ends_at=launch.ends_at,
    )
    start_experiment(experiment=experiment, now=NOW)
    launch.experiment, launch.status, launch.started_at = experiment, Launch.Status.RUNNING, NOW
    launch.save()
    ensure_partitions(since=NOW, until=launch.ends_at)
    variants = {variant.name: variant for variant in experiment.variants.all()}
    rows = [
        Customer(external_id=f"{launch.pk}-{n}", created_at=NOW, updated_at=NOW)
        for n in range(customers)
    ]
    people = Customer.objects.bulk_create(rows)
    groups = ("holdout", "plain", "plain", "warm", "warm")
    Assignment.objects.bulk_create(
        Assignment(
            experiment=experiment,
            customer=customer,
            variant=variants[groups[number % 5]],
            phase=1,
            assigned_at=NOW,
        )
        for number, customer in enumerate(people)
    )
    each = {"holdout": 20, "plain": 15, "warm": 4}
    Event.objects.bulk_create(
        purchase(launch, customer, number)
        for number, customer in enumerate(people)
        if number // 5 % each[groups[number % 5]] == 0
    )
    return people


def purchase(launch, customer, number):
    at = NOW + timedelta(days=1, minutes=number)
    return Event(
        message_id=f"{launch.pk.hex[:20]}{number:012d}",
        customer=customer,
        product=launch.product,
        kind="purchase",
        occurred_at=at,
        received_at=at,
        quantity=1,
        price=launch.product.price,
    )


def roll(launch, *, hours=150):
    """Rollups of so many hours: in each, for each creative, 4 decisions and 2 exposures."""
    campaigns = {(c.audience_id, c.channel): c.pk for c in launch.campaigns.all()}
    MetricRollup.objects.bulk_create(
        MetricRollup(
            launch_id=launch.pk,
            campaign_id=campaigns[creative.audience_id, creative.channel],
            creative_id=creative.pk,
            audience_id=creative.audience_id,
            variant=creative.variant,
            phase=1,
            channel=creative.channel,
            granularity="hour",
            starts_at=NOW + timedelta(hours=hour),
            decisions=4,
            exposures=2,
            clicks=hour % 2,
            conversions=1 if hour % 10 == 0 else 0,
            returns=1 if hour % 50 == 0 else 0,
            revenue=Decimal("7.50") if hour % 10 == 0 else 0,
            spend=Decimal("0.0400") * (hour % 24) / 3,
        )
        for creative in launch.creatives.all()
        for hour in range(hours)
    )


def score(launch, people):
    model = ModelVersion.objects.create(name="interest", created_at=NOW)
    InterestScore.objects.bulk_create(
        InterestScore(
            product=launch.product,
            customer=customer,
            probability=0.4 / rank,
            rank=rank,
            model_version=model,
            as_of=NOW,
            horizon_days=30,
        )
        for rank, customer in enumerate(people, start=1)
    )


def decide(launch, people):
    home, _ = Placement.objects.get_or_create(name="home")
    Decision.objects.bulk_create(
        Decision(
            customer=customer,
            placement=home,
            channel="onsite",
            launch=launch,
            reason=("shown", "capped", "holdout", "shown")[number % 4],
            propensity=0.4,
            policy_version="1",
            state="silent",
            decided_at=NOW,
        )
        for number, customer in enumerate(people)
    )


def played_launch(**names):
    """A launch that has run for six days."""
    launch = planned_launch(**names)
    people = start(launch)
    roll(launch)
    score(launch, people)
    decide(launch, people)
    return launch


def page_of(launch):
    return report_page(launch, now=NOW + timedelta(days=6))


class WellFormed(HTMLParser):
    """Notes every address that a browser would ask for, and every element left open."""

    VOID = frozenset(["meta", "link", "img", "br", "hr", "input"])

    def __init__(self):
        super().__init__()
        self.addresses, self.open, self.tags, self.ids = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.addresses += [v for k, v in found.items() if k in ("src", "href", "data", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page):
    reader = WellFormed()
    reader.feed(page)
    assert reader.open == []
    return reader

"""A mug to write about: its launch, an audience with personas, and words for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from launchopt.audiences.models import Audience, AudienceMember, Customer, Persona
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Creative, Launch
from launchopt.catalog.models import Category, Product
from launchopt_core.claims import Draft

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MUG = Draft(
    headline="Meet the Blue Mug",
    body="Holds 300 ml. Yours for £7.50.",
    call_to_action="Take a look",
    alt_text="Picture of the Blue Mug",
)


def make_mug() -> Product:
    """A product with a price and a description."""
    return Product.objects.create(
        sku="MUG-1",
        title="BLUE MUG",
        description="Holds 300 ml.",
        category=Category.objects.create(name="Kitchen"),
        price=Decimal("7.50"),
        currency="GBP",
        language="en",
        created_at=NOW,
        updated_at=NOW,
    )


def mug_launch(product: Product) -> Launch:
    """A planned launch of it."""
    return Launch.objects.create(
        name="Blue mug",
        product=product,
        status=Launch.Status.PLANNED,
        budget=100,
        currency="GBP",
        starts_at=NOW,
        ends_at=NOW + timedelta(days=14),
        cap_contacts=3,
        cap_window_hours=24,
        created_at=NOW,
    )


def audience_of(interests: list, *, price_band: str = "low", members: int = 3) -> Audience:
    """An audience whose members have these interests."""
    audience = Audience.objects.create(name="The likeliest", created_at=NOW)
    for number in range(members):
        customer = Customer.objects.create(
            external_id=f"{audience.pk}-{number}",
            email=f"canary-{number}@example.com",
            created_at=NOW,
            updated_at=NOW,
        )
        AudienceMember.objects.create(audience=audience, customer=customer, probability=0.1)
        Persona.objects.create(
            customer=customer,
            interests=interests,
            price_band=price_band,
            age_band="35-44",
            gender="female",
            recency=3,
            frequency=3,
            monetary=3,
            as_of=NOW,
        )
    return audience


def saved(launch: Launch, audience: Audience, draft: Draft) -> Creative:
    """The draft as a creative that waits for approval."""
    place = creatives.Place(launch=launch, audience=audience, channel="onsite", language="en")
    (creative,) = creatives.save_drafts(
        place=place,
        drafts={"treatment": [draft]},
        writer="phrasebook",
        now=NOW,
    )
    return creative

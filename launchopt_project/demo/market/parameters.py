"""Every number that the simulated market rests on. The words it speaks are in `vocabulary.toml`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A market is wholly given by these: the same ones make the same shop, event for event.

    Rates are per shopper and year unless they say otherwise; shares and chances lie in [0, 1].
    """

    seed: int = 20250901
    launch_starts_at: datetime = datetime(2025, 9, 1, tzinfo=UTC)
    launch_days: int = 14
    history_days: int = 365

    # The shop
    currency: str = "GBP"
    products: int = 300  # besides those to be launched
    chinese_share: float = 0.25  # of the products of themes that have Chinese words
    new_share: float = 0.3  # of the products are first sold inside the year, as ordinary novelties
    past_launches: int = 12  # products of the year with a launch of 14 days
    randomised_launches: int = 8  # of these showed the product to shoppers picked by chance
    randomised_share: float = 0.5  # of the consenting shoppers were picked

    # The shoppers
    shoppers: int = 4_000
    consent_share: float = 0.8
    declared_share: float = 0.6  # state their gender; as many, independently, their year of birth
    visits_mean: float = 60.0  # visits a year, log-normally spread
    visits_spread: float = 0.7
    browsing_share: float = 0.17  # of the visits look at a product; the others leave no event
    favourites: float = 0.45  # shape of the gamma law of tastes: the smaller, the pickier
    price_sensitivity: float = 0.35  # mean loss of appeal for a price e times the usual one

    # From a look to a purchase
    taste_strength: float = 1.8  # how much tastes steer what is looked at and bought
    looks_extra: float = 0.6  # looks at further products in a browsing visit
    novelty: float = 1.8  # extra appeal of a product in its first month
    search_share: float = 0.12  # of the browsing visits begin with a search
    click_rate: float = 0.25
    favourite_rate: float = 0.06
    cart_rate: float = 0.09
    purchase_rate: float = 0.045  # of the looks, at an appeal of 0
    return_rate: float = 0.07
    rating_rate: float = 0.22

    # What a launch does
    unasked_rate: float = 0.004  # who look around and like it averagely would buy it unasked
    persuasion: float = 0.40  # ceiling of what showing adds to the chance to buy
    persuasion_threshold: float = 1.6  # the appeal at which half of the ceiling is reached
    persuasion_slope: float = 1.8  # how sharply persuasion rises with appeal
    first_contact: float = 0.65  # of the full persuasion comes with the first contact
    stubborn_share: float = 0.20  # of the shoppers no advertisement moves
    creative_sensitivity: float = 0.35  # how much a fitting creative strengthens a contact
    contacts_cap: int = 3  # contacts of a shopper in a past launch
    launch_click_rate: float = 0.10  # clicks on an exposure at an appeal of 0

    # The terms on which the demo launches the newcomer
    budget: str = "80.00"
    cost_per_contact: str = "0.10"
    holdout: float = 0.25
    cap_contacts: int = 3  # of a shopper in the whole launch
    interval_hours: int = 6  # played at once; pacing and rollups run after each

    @property
    def history_starts_at(self) -> datetime:
        return self.launch_starts_at - timedelta(days=self.history_days)

    def without_tastes(self) -> Parameters:
        """A market in which everybody likes everything alike and showing a product moves nobody."""
        return replace(
            self,
            taste_strength=0.0,
            price_sensitivity=0.0,
            persuasion=0.0,
            creative_sensitivity=0.0,
        )

    def smaller(self, *, shoppers: int = 400, products: int = 80) -> Parameters:
        """The same market in little, for tests."""
        launches = max(2, min(self.past_launches, products // 12))
        return replace(
            self,
            shoppers=shoppers,
            products=products,
            past_launches=launches,
            randomised_launches=min(self.randomised_launches, launches),
        )


DEMO = Parameters()

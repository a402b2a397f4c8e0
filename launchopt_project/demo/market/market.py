"""The simulated shop as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .events import Events
from .fates import Fate, launch_fate
from .history import launch_browsing, ordinary_events, past_events
from .parameters import Parameters
from .products import Products, make_products
from .shoppers import Shoppers, make_shoppers
from .streams import stream


@dataclass(frozen=True, slots=True)
class Market:
    """A shop with a year behind it, and products that nobody has bought yet."""

    parameters: Parameters
    products: Products
    shoppers: Shoppers
    events: Events

    def fate(self, sku: str) -> Fate:
        """What every shopper would do about a newcomer, shown or not."""
        return launch_fate(self.parameters, self.products, self.shoppers, sku)

    def days_of(self, sku: str) -> tuple[datetime, datetime]:
        """When the launch of a newcomer begins and the first instant after it."""
        start = self.products.first_sold(sku)
        return start, start + timedelta(days=self.parameters.launch_days)

    def ordinary_events_during(self, sku: str, fate: Fate) -> Events:
        """What shoppers do about all the other products in the days of a launch."""
        events = ordinary_events(
            self.parameters,
            self.products,
            self.shoppers,
            browsing=launch_browsing(fate),
            rng=stream(self.parameters.seed, f"ordinary events during {sku}"),
        )
        return events.in_order()


def make_market(parameters: Parameters) -> Market:
    """The shop that these parameters describe, always the same for the same ones."""
    products, shoppers = make_products(parameters), make_shoppers(parameters)
    return Market(parameters, products, shoppers, past_events(parameters, products, shoppers))

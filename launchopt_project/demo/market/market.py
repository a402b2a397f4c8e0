"""The simulated shop as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from .events import Events
from .fates import Fate, launch_fate
from .history import past_events
from .parameters import Parameters
from .products import Products, make_products
from .shoppers import Shoppers, make_shoppers


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


def make_market(parameters: Parameters) -> Market:
    """The shop that these parameters describe, always the same for the same ones."""
    products, shoppers = make_products(parameters), make_shoppers(parameters)
    return Market(parameters, products, shoppers, past_events(parameters, products, shoppers))

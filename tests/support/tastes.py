"""The shop of tastes that models are tested on, stored in the database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import numpy as np

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt_ml.shop import KINDS, Shop, days
from tests.ml.shops import START, shop_of_tastes

AS_OF = (START + days(200)).astype(datetime).replace(tzinfo=UTC)
NOW = (START + days(270)).astype(datetime).replace(tzinfo=UTC)


def store_tastes(*, customers: int = 240, products: int = 120, declared: bool = True) -> Shop:
    """A shop whose customers like one topic each; gives back what was stored."""
    shop = shop_of_tastes(customers=customers, products=products)
    save_products([_product(shop, n, declared=declared) for n in range(products)], now=NOW)
    Customer.objects.bulk_create(
        Customer(external_id=name, joined_at=_at(START), created_at=NOW, updated_at=NOW)
        for name in shop.customers.id.tolist()
    )
    ensure_partitions(since=_at(START), until=NOW)
    store_events(shop)
    return shop


def store_events(shop: Shop) -> None:
    """Every event of a shop whose products and customers are stored."""
    products = dict(Product.objects.values_list("sku", "id"))
    customers = dict(Customer.objects.values_list("external_id", "id"))
    events = shop.events
    Event.objects.bulk_create(
        Event(
            message_id=uuid.uuid4(),
            customer_id=customers[str(shop.customers.id[events.customer[n]])],
            product_id=products[str(shop.products.sku[events.product[n]])],
            kind=KINDS[events.kind[n]],
            occurred_at=_at(events.time[n]),
            received_at=NOW,
            quantity=1,
            price=10,
        )
        for n in range(len(events))
    )


def new_products(shop: Shop) -> list[int]:
    """Ids of the products that went on sale in the 30 days after AS_OF."""
    since = START + days(200)
    new = (shop.new_at >= since) & (shop.new_at < since + days(30))
    skus = shop.products.sku[new].tolist()
    return list(Product.objects.filter(sku__in=skus).order_by("pk").values_list("pk", flat=True))


def _product(shop: Shop, number: int, *, declared: bool) -> dict[str, str]:
    products = shop.products
    row = {
        "sku": str(products.sku[number]),
        "title": str(products.text[number]),
        "category": str(products.category[number]),
        "price": "10.00",
    }
    return row | ({"launched_at": _at(products.new_at[number]).isoformat()} if declared else {})


def _at(instant: np.datetime64) -> datetime:
    return instant.astype("datetime64[us]").astype(datetime).replace(tzinfo=UTC)

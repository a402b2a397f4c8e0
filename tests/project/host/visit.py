"""Visit the host as a program and as a person would; print what was seen as JSON."""

import json
import sys

import django
from django.test import Client
from shop.celery import app  # noqa: F401 - as a host's own package does

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.urls import reverse  # noqa: E402

import launchopt  # noqa: E402

API = "/odd/prefix-1/api/v1/"
KEY = {"HTTP_AUTHORIZATION": f"Bearer {sys.argv[1]}"}


def seen(response) -> dict:
    body = json.loads(response.content) if "json" in response["Content-Type"] else None
    return {"status": response.status_code, "type": response["Content-Type"], "body": body}


program = Client(raise_request_exception=True)
products = {"sku": "S1", "title": "Brass kettle", "price": "12.50", "currency": "GBP"}
answers = {
    "without_key": seen(program.get(f"{API}products/")),
    "created": seen(program.post(f"{API}products/", products, "application/json", **KEY)),
    "listed": seen(program.get(f"{API}products/", **KEY)),
    "missing": seen(program.get(f"{API}products/NO-SUCH-SKU/", **KEY)),
    "bad": seen(program.post(f"{API}products/", {"sku": ""}, "application/json", **KEY)),
    "alive": seen(program.get(reverse("promotions:healthz"))),
}

person = Client(raise_request_exception=True)
person.force_login(get_user_model().objects.create_superuser("owner", "owner@example.com", "x"))
answers["admin"] = {
    address: person.get(f"/back-office/{address}").status_code
    for address in ["", "launchopt_catalog/product/", "launchopt_campaigns/launch/"]
}
answers["modules"] = sorted({name.partition(".")[0] for name in sys.modules})
answers["launchopt_is_at"] = launchopt.__file__
print(json.dumps(answers))

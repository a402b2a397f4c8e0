"""A real shop's year of invoices comes in, by three mapping files and as many commands."""

from __future__ import annotations

import csv
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from launchopt.audiences.models import Customer, Event, EventKind
from launchopt.catalog.models import Product

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "docs" / "howto" / "online_retail"
DATA = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "online_retail.csv.gz"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(
        not FILE.is_file(),
        reason="online_retail.csv.gz is not there; name its folder in LAUNCHOPT_DATA.",
    ),
]


def imported(name: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    mapping = str(MAPPINGS / f"{name}.toml")
    call_command(f"import_{name}", str(FILE), "--mapping", mapping, *options, "--json")
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["rows"] == 541_909
    assert report["rows"] == report["accepted"] + report["duplicates"] + report["rejected"]
    return report


class TestOnlineRetail:
    def test_the_whole_file_comes_in_and_every_row_is_accounted_for(self, capsys, tmp_path):
        products = imported("products", capsys)
        assert products["accepted"] == Product.objects.count() > 3_600
        customers = imported("customers", capsys)
        assert (customers["accepted"], customers["rejected"]) == (4_372, 135_080)

        rejects = tmp_path / "rejects.csv"
        events = imported("events", capsys, "--rejects", str(rejects))
        assert events["rejected"] == 137_033
        assert sorted(events["reasons"].values()) == [33, 1_920, 135_080]
        assert events["accepted"] + events["duplicates"] == 404_876
        assert events["accepted"] == Event.objects.count()
        with rejects.open(newline="", encoding="utf-8") as file:
            assert sum(1 for _ in csv.DictReader(file)) == 137_033

        self.check_products()
        self.check_customers()
        self.check_events(events)
        self.check_that_the_second_time_changes_nothing(capsys)

    def check_products(self) -> None:
        lantern = Product.objects.get(sku="71053")
        assert lantern.title in ("WHITE METAL LANTERN", "WHITE MOROCCAN METAL LANTERN")
        assert lantern.price == Decimal("3.39")  # of the first day
        assert not Product.objects.filter(sku__in=["POST", "M", "DOT"]).exists()

    def check_customers(self) -> None:
        assert Customer.objects.get(external_id="17850").country == "United Kingdom"
        assert not Customer.objects.filter(external_id__endswith=".0").exists()

    def check_events(self, report: dict[str, Any]) -> None:
        assert set(Event.objects.values_list("kind", flat=True).distinct()) == {
            EventKind.PURCHASE,
            EventKind.RETURN,
        }
        first = Event.objects.order_by("occurred_at").first()
        assert first is not None
        assert first.occurred_at.isoformat() == "2010-12-01T08:26:00+00:00"
        flagged = {row["value"] for row in report["largest_outliers"]}
        assert {80_995.0, 74_215.0} <= flagged
        pieces = Event.objects.filter(quantity__gte=74_215).aggregate(Sum("quantity"))
        assert pieces["quantity__sum"] == 2 * (80_995 + 74_215)

    def check_that_the_second_time_changes_nothing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("products", "customers", "events"):
            again = imported(name, capsys)
            assert (again["accepted"], again["updated"]) == (0, 0)

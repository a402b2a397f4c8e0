"""Importing files: every row is accounted for, bad files are refused in one line, twice is once."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launchopt.audiences.models import Customer, Event
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HEADER = "customer,sku,kind,occurred_at,quantity\n"
ROW = "anna,TEA,purchase,2026-03-01T10:00:00Z,2\n"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tea(db: None) -> None:
    save_products([{"sku": "TEA", "title": "Tea"}], now=NOW)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Write a file, import it, give the report."""

    def do(content: str | bytes, *options: str, command: str = "import_events") -> dict[str, Any]:
        file = tmp_path / "rows.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        capsys.readouterr()
        call_command(command, str(file), *options, "--json")
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert found["rows"] == found["accepted"] + found["duplicates"] + found["rejected"]
        assert found["rejected"] == sum(found["reasons"].values())
        return found

    return do


@pytest.fixture
def fault(run: Callable[..., dict[str, Any]]) -> Callable[..., str]:
    """Import what must be refused: exit code 2, one line, nothing stored."""

    def do(content: str | bytes, *options: str, **others: Any) -> str:
        with pytest.raises(CommandError) as caught:
            run(content, *options, **others)
        words = str(caught.value)
        assert caught.value.returncode == 2
        assert "\n" not in words
        assert not Event.objects.exists()
        return words

    return do


def rejects(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class TestImportEvents:
    def test_accounts_for_every_row(self, run, tmp_path):
        bad = "anna,TEA,bought,2026-03-01T10:00:00Z,2\n,TEA,view,2026-03-01T10:00:00Z,\n"
        found = run(HEADER + ROW + bad + ROW, "--rejects", str(tmp_path / "bad.csv"))
        assert (found["accepted"], found["duplicates"], found["rejected"]) == (1, 1, 2)
        assert found["reasons"] == {"kind is unknown": 1, "customer is missing": 1}
        assert [
            (row["line"], row["reason"], row["kind"]) for row in rejects(tmp_path / "bad.csv")
        ] == [
            ("3", "kind is unknown", "bought"),
            ("4", "customer is missing", "view"),
        ]

    def test_changes_nothing_the_second_time(self, run):
        run(HEADER + ROW)
        assert run(HEADER + ROW)["duplicates"] == 1
        assert Event.objects.count() == 1

    def test_a_dry_run_counts_and_stores_nothing(self, run):
        assert run(HEADER + ROW, "--dry-run")["accepted"] == 1
        assert not Event.objects.exists()
        assert not Customer.objects.exists()

    def test_rejects_an_unknown_product_unless_placeholders_are_wanted(self, run):
        rows = HEADER + ROW.replace("TEA", "COFFEE")
        assert run(rows)["reasons"] == {"sku is unknown": 1}
        assert run(rows, "--create-products")["accepted"] == 1
        assert Product.objects.get(sku="COFFEE").is_placeholder

    def test_exposures_left_to_chance_are_marked(self, run):
        rows = HEADER + ROW + "bert,TEA,exposure,2026-03-01T10:00:00Z,\n"
        run(rows, "--exposures-randomised")
        marked = Event.objects.filter(is_randomised=True)
        assert [event.kind for event in marked] == ["exposure"]

    def test_keeps_and_flags_outliers(self, run):
        usual = "".join(f"c{n},TEA,purchase,2026-03-01T10:00:00Z,{1 + n % 5}\n" for n in range(50))
        found = run(HEADER + usual + "anna,TEA,purchase,2026-03-01T10:00:00Z,80995\n")
        assert found["accepted"] == 51
        assert found["largest_outliers"] == [{"line": 52, "field": "quantity", "value": 80995.0}]

    def test_reads_gzip_and_parquet(self, run, tmp_path, capsys):
        assert run(gzip.compress((HEADER + ROW).encode()))["accepted"] == 1
        frame = pl.DataFrame(
            {
                "customer": ["anna", "bert"],
                "sku": ["TEA", "TEA"],
                "kind": ["purchase", "view"],
                "occurred_at": [datetime(2026, 3, 1, 10, tzinfo=UTC)] * 2,
                "quantity": [2, None],
            }
        )
        frame.write_parquet(tmp_path / "rows.parquet")
        call_command("import_events", str(tmp_path / "rows.parquet"), "--json")
        found = json.loads(capsys.readouterr().out)
        assert (found["accepted"], found["duplicates"]) == (1, 1)

    @pytest.mark.parametrize("field", ["text", "message_id"])
    def test_a_large_file_is_stored_once_whatever_stands_already(self, run, field):
        head = HEADER.replace("quantity", field)
        rows = [f"c{n % 700},TEA,view,2026-03-01T10:{n % 60:02}:00Z,{n}\n" for n in range(6_000)]
        assert run(head + "".join(rows) + rows[0])["accepted"] == 6_000
        assert run(head + "".join(rows) + ROW.replace("2\n", "x\n"))["accepted"] == 1
        assert Event.objects.count() == 6_001

    def test_messages_sent_before_with_another_instant_are_duplicates_in_a_large_file(self, run):
        head = HEADER.replace("quantity", "message_id")
        run(head + "anna,TEA,view,2025-01-01T00:00:00Z,m7\n")
        rows = [f"c{n},TEA,view,2026-03-01T10:00:00Z,m{n}\n" for n in range(6_000)]
        assert run(head + "".join(rows))["duplicates"] == 1

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["anna", "bert", ""]),
                st.sampled_from(["TEA", "COFFEE", ""]),
                st.sampled_from(["view", "search", "odd"]),
                st.sampled_from(["2026-03-01T10:00:00Z", "2026-03-01 10:00", "x", ""]),
                st.sampled_from(["1", "-1", "x", ""]),
            ),
            max_size=12,
        )
    )
    def test_any_rows_are_accounted_for_and_the_second_time_none_is_new(self, run, rows):
        content = HEADER + "".join(",".join(row) + "\n" for row in rows)
        first = run(content)
        assert first["rows"] == len(rows)
        second = run(content)
        assert (second["accepted"], second["rejected"]) == (0, first["rejected"])


class TestMalformedFiles:
    def test_lines_with_too_many_or_too_few_fields_are_rejected_alone(self, run, tmp_path):
        rows = HEADER + "a,b\n" + ROW + "\n" + ROW.replace("\n", ",x,y\n")
        found = run(rows, "--rejects", str(tmp_path / "bad.csv"))
        assert (found["rows"], found["accepted"]) == (3, 1)
        kept = rejects(tmp_path / "bad.csv")
        assert [(row["line"], row["reason"]) for row in kept] == [
            ("2", "malformed: 2 fields where the header has 5"),
            ("5", "malformed: 7 fields where the header has 5"),
        ]
        assert (kept[1]["quantity"], kept[1]["surplus"]) == ("2", "x,y")

    def test_fields_may_hold_commas_quotes_and_line_breaks(self, run, tmp_path):
        head = HEADER.replace("\n", ",text\n")
        rows = head + '"Smith, A.",TEA,review,2026-03-01T10:00:00Z,,"so ""good"",\nreally"\n'
        found = run(rows + ",TEA,view,2026-03-01T10:00:00Z,,\n", "--rejects", f"{tmp_path}/bad.csv")
        assert found["accepted"] == 1
        stored = Event.objects.select_related("customer").get()
        assert (stored.customer.external_id, stored.text) == ("Smith, A.", 'so "good",\nreally')
        assert rejects(tmp_path / "bad.csv")[0]["line"] == "4"

    def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(self, run):
        assert run(b"\xef\xbb\xbf" + (HEADER + ROW).replace("\n", "\r\n").encode())["accepted"] == 1

    def test_other_encodings_and_delimiters_are_read_when_named(self, run):
        rows = (HEADER + ROW.replace("anna", "zoé")).replace(",", ";").encode("cp1252")
        assert run(rows, "--encoding", "cp1252", "--delimiter", ";")["accepted"] == 1
        assert Customer.objects.get().external_id == "zoé"

    def test_a_header_alone_is_no_row(self, run):
        assert run(HEADER)["rows"] == 0

    def test_two_megabytes_in_a_field_reject_one_row(self, run):
        found = run(HEADER + ROW + ROW.replace("anna", "x" * 2_000_000))
        assert found["accepted"] == 1
        assert found["reasons"] == {"customer is longer than 200 characters": 1}

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "0 bytes"),
            (b"\n\n", "name the columns"),
            (HEADER.encode() + b"an\xe9,TEA,view,2026,1\n", "line 2 has the byte 0xe9"),
            ((HEADER + ROW).encode("utf-16"), "--encoding utf-16"),
            (HEADER + 'anna,"TEA,view,2026,1\n' + ROW, "on line 2 is no CSV"),
            (HEADER.replace("sku", "customer") + ROW, "two columns are named 'customer'"),
            (HEADER.replace(",", ";"), "--delimiter"),
            (HEADER.replace("quantity", "colour") + ROW, "no field is named 'colour'"),
            (gzip.compress(ROW.encode())[:-9], "no whole gzip file"),
            (b"PAR1 and then something else", "cannot be read as Parquet"),
        ],
    )
    def test_are_refused_in_one_line_and_nothing_is_stored(self, fault, content, words):
        assert words in fault(content)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(CommandError, match=r"There is no file .*gone\.csv"):
            call_command("import_events", str(tmp_path / "gone.csv"))


SHOP = "Code,Name,Price,Sold\nT1,Tea,2.5,2011-06-01 10:00\n"


class TestMappings:
    def run_products(self, run, tmp_path, mapping, content=SHOP, *options):
        path = tmp_path / "mapping.toml"
        path.write_text(mapping)
        return run(content, "--mapping", str(path), *options, command="import_products")

    def test_map_and_constant_do_without_a_file(self, run):
        options = ["--map", "sku=Code", "--map", "title=Name", "--constant", "currency=GBP"]
        run(SHOP, *options, command="import_products")
        assert Product.objects.get(sku="T1").currency == "GBP"

    def test_a_command_line_column_takes_the_place_of_the_files(self, run, tmp_path):
        content = SHOP.replace("Name", "Title")
        mapping = 'sku = "Code"\ntitle = "Name"\n'
        self.run_products(run, tmp_path, mapping, content, "--map", "title=Title")
        assert Product.objects.get(sku="T1").title == "Tea"

    def test_strip_values_and_when_are_done_in_this_order(self, run, tmp_path):
        mapping = """
            sku = "Code"
            title = "Name"
            [category]
            column = "Shelf"
            strip = [".0"]
            values = { 1 = "Kitchen", 2 = "Garden" }
            when = [
                { column = "Name", begins_with = ["Z", "Y"], value = "Odd" },
                { column = "Name", equals = "Q", value = "never" },
            ]
            constant = "Other"
        """
        rows = "Code,Name,Shelf\nA,Mug,1.0\nB,Pot,2\nC,Zebra,1\nD,Bowl,\n"
        self.run_products(run, tmp_path, mapping, rows)
        found = Product.objects.exclude(category=None).values_list("sku", "category__name")
        assert dict(found) == {"A": "Kitchen", "B": "Garden", "C": "Odd", "D": "Other"}

    def test_an_instant_without_zone_needs_the_mappings(self, run, tmp_path):
        without = 'sku = "Code"\ntitle = "Name"\nlaunched_at = "Sold"\n'
        found = self.run_products(run, tmp_path, without)
        assert found["reasons"] == {"launched_at has no time zone": 1}
        zoned = without.replace('"Sold"', '{ column = "Sold", time_zone = "Europe/London" }')
        assert self.run_products(run, tmp_path, zoned)["accepted"] == 1
        launched = Product.objects.get(sku="T1").launched_at
        assert launched == datetime(2011, 6, 1, 9, tzinfo=UTC)

    def test_an_hour_that_the_clocks_skipped_is_no_instant(self, run, tmp_path):
        mapping = (
            'sku = "Code"\ntitle = "Name"\n'
            '[launched_at]\ncolumn = "Sold"\ntime_zone = "Europe/London"\n'
        )
        rows = SHOP.replace("2011-06-01 10:00", "2011-03-27 01:30")
        found = self.run_products(run, tmp_path, mapping, rows)
        assert found["reasons"] == {"launched_at does not exist in its time zone": 1}

    def test_another_form_of_instant_can_be_told(self, run, tmp_path):
        mapping = (
            'sku = "Code"\ntitle = "Name"\n'
            '[launched_at]\ncolumn = "Sold"\ntime_zone = "UTC"\nformat = "%d/%m/%Y %H:%M"\n'
        )
        rows = SHOP.replace("2011-06-01 10:00", "31/12/2011 10:00")
        self.run_products(run, tmp_path, mapping, rows)
        assert Product.objects.get(sku="T1").launched_at.day == 31

    @pytest.mark.parametrize(
        ("way", "title", "price"),
        [
            ("first", "Old tea", "1"),
            ("last", "Fresh tea", "9"),
            ("most_frequent", "Fresh tea", "2"),
            ("min", "Fresh tea", "1"),
            ("max", "Old tea", "9"),
        ],
    )
    def test_rows_are_folded_in_the_order_asked_for(self, run, tmp_path, way, title, price):
        mapping = (
            'sku = "Code"\norder_by = "Sold"\n'
            f'[title]\ncolumn = "Name"\naggregate = "{way}"\n'
            f'[price]\ncolumn = "Price"\naggregate = "{way}"\n'
        )
        rows = (
            "Code,Name,Price,Sold\nT1,Fresh tea,9,2011-04\nT1,Old tea,1,2011-01\n"
            "T1,Fresh tea,2,2011-02\nT1,Fresh tea,2,2011-02\nT1,,5,2011-03\nT1,Fresh tea,,2011-05\n"
        )
        found = self.run_products(run, tmp_path, mapping, rows)
        assert (found["accepted"], found["rejected"]) == (1, 1)
        product = Product.objects.get(sku="T1")
        assert (product.title, float(product.price)) == (title, float(price))

    def test_the_median_of_prices_is_a_price(self, run, tmp_path):
        mapping = 'sku = "Code"\ntitle = "Name"\n[price]\ncolumn = "Price"\naggregate = "median"\n'
        rows = "Code,Name,Price\nT1,Tea,1\nT1,Tea,2\nT1,Tea,9\nT1,Tea,10\n"
        found = self.run_products(run, tmp_path, mapping, rows)
        assert (found["accepted"], found["duplicates"]) == (1, 3)
        assert float(Product.objects.get(sku="T1").price) == 5.5

    def test_a_row_is_left_out_for_the_mappings_own_reason(self, run, tmp_path):
        mapping = (
            'sku = "Code"\ntitle = "Name"\n'
            '[[reject_when]]\ncolumn = "Price"\nat_most = 0\nreason = "a gift"\n'
        )
        rows = SHOP + "T2,Pot,0,\nT3,Pan,-1,\nT4,Cup,,\n"
        found = self.run_products(run, tmp_path, mapping, rows)
        assert (found["accepted"], found["reasons"]) == (2, {"a gift": 2})

    @pytest.mark.parametrize(
        ("mapping", "words"),
        [
            ('sku = "Kode"', "no column 'Kode'; did you mean 'Code'?"),
            ('titel = "Code"', "There is no field 'titel'; did you mean 'title'?"),
            ('[sku]\ncolum = "Code"', "unknown key 'colum'; did you mean 'column'?"),
            ("[sku", "is no TOML"),
            ("sku = 7", "[sku] is a column's name or a table"),
            ('[sku]\nwhen = { column = "Code", value = "x" }', "needs a test"),
            ('[sku]\nwhen = { colum = "Code", value = "x" }', "unknown key 'colum'"),
            ('[sku]\nwhen = { column = "Code", matches = "(", value = "x" }', "regular expression"),
            ('[launched_at]\ntime_zone = "London"', "'London' is no IANA time zone"),
            ('[price]\naggregate = "mean"', "aggregate is one of"),
            ('[[reject_when]]\ncolumn = "Code"\nequals = "x"', "needs a `reason`"),
            ('[[reject_when]]\ncolumn = "Price"\nabove = "x"\nreason = "y"', "needs a number"),
        ],
    )
    def test_what_is_wrong_in_a_mapping_is_named(self, fault, tmp_path, mapping, words):
        path = tmp_path / "mapping.toml"
        path.write_text(mapping)
        assert words in fault(SHOP, "--mapping", str(path), command="import_products")

    def test_an_unknown_field_on_the_command_line_is_named(self, fault):
        assert "'skew'" in fault(SHOP, "--map", "skew=Code", command="import_products")


class TestImportCustomers:
    def test_consents_and_folded_rows(self, run):
        rows = "external_id,country,consent.marketing\nanna,Spain,yes\nanna,France,\nbert,,no\n"
        found = run(rows, command="import_customers")
        assert (found["accepted"], found["duplicates"]) == (2, 1)
        anna = Customer.objects.get(external_id="anna")
        assert (anna.country, anna.consents.get().is_granted) == ("France", True)
        assert run(rows, command="import_customers")["accepted"] == 0

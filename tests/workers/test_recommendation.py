"""Lists from the database: stored, told in a file, as of an instant, heeding likes and dislikes."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.models import Customer, InterestScore, Persona, Recommendation
from launchopt.audiences.services import record_events, save_customers
from launchopt.audiences.showing import shown_to
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.operations import runs
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.runs import Work
from launchopt_ml.recommendation.chances import Ranker
from launchopt_workers import tasks as every_task  # noqa: F401 - registers every body
from launchopt_workers.recommendation import tasks
from launchopt_workers.recommendation.rankers import ranker_for
from tests.support.tastes import AS_OF, store_tastes

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
TITLES = {
    "CUP": "Red tea cup",
    "MUG": "Blue tea cup",
    "JUG": "Green tea cup",
    "TENT": "Camping tent",
    "STOVE": "Camping stove",
    "GLOBE": "Light globe",
}
BOUGHT = {
    "anna": ["CUP", "TENT"],
    "ben": ["TENT", "STOVE"],
    "cleo": ["TENT", "STOVE"],
    "dan": ["MUG", "GLOBE", "JUG"],
}


@pytest.fixture
def shop(db: None) -> None:
    rows = [{"sku": sku, "title": title, "price": "2"} for sku, title in TITLES.items()]
    save_products(rows, now=NOW - timedelta(days=200))
    for customer, skus in BOUGHT.items():
        for number, sku in enumerate(skus):
            happen("purchase", sku, customer=customer, at=NOW - timedelta(days=20 - number))


def happen(kind, sku, *, customer, at):
    event = {"customer": customer, "kind": kind, "occurred_at": at.isoformat(), "sku": sku}
    assert record_events([event], received_at=at, source="test").accepted == 1


def launch(sku, title, *, at=NOW - timedelta(days=1), **facts):
    save_products([{"sku": sku, "title": title, "launched_at": at.isoformat(), **facts}], now=NOW)


def told(tmp_path, capsys, *options):
    """The lines of the file by customer, and the report."""
    file = tmp_path / "lists.csv"
    call_command("recommend", "--out", str(file), "--json", *options)
    report = json.loads(capsys.readouterr().out)
    lists: dict[str, list[dict[str, str]]] = {}
    with file.open() as lines:
        for row in csv.DictReader(lines):
            lists.setdefault(row["customer"], []).append(row)
    return lists, report


def as_of(instant=NOW):
    return ("--as-of", instant.isoformat())


def work_until(run, *, done):
    """Work on a run, and cancel it once so many steps are done."""
    leased = runs.take_lease(run_id=str(run.pk), now=NOW)
    assert leased is not None

    def cancel(at_work):
        if done is not None and at_work.done >= done and at_work.step == "make lists":
            Run.objects.filter(pk=run.pk).update(cancel_requested=True)

    with runs.working_on(leased, clock=lambda: NOW, on_progress=cancel) as work:
        tasks.recommend(work, as_of=NOW.isoformat())


@pytest.mark.usefixtures("shop")
class TestRecommend:
    def test_tells_every_customer_what_and_why(self, tmp_path, capsys):
        lists, report = told(tmp_path, capsys, "--all", "--k", "3", *as_of())
        assert report["customers"] == 4
        assert list(lists) == ["anna", "ben", "cleo", "dan"]
        first = lists["anna"][0]
        assert list(first) == ["customer", "rank", "sku", "score", "reason"]
        assert (first["rank"], first["sku"]) == ("1", "STOVE")
        assert first["reason"] == (
            "Because you bought Camping tent: customers who bought it also bought this."
        )

    def test_what_is_told_is_stored_and_shown(self, tmp_path, capsys):
        lists, _ = told(tmp_path, capsys, "--all", "--k", "3", *as_of())
        shown = shown_to(external_id="anna", k=3, at=NOW)
        assert shown.is_personal
        assert [(e["sku"], e["reason"]) for e in shown.recommendations] == [
            (row["sku"], row["reason"]) for row in lists["anna"]
        ]

    def test_only_the_customers_named_get_new_lists(self, tmp_path, capsys):
        lists, report = told(tmp_path, capsys, "--customer", "ben", *as_of())
        assert (list(lists), report["customers"]) == (["ben"], 1)
        customers = Recommendation.objects.values_list("customer__external_id", flat=True)
        assert set(customers) == {"ben"}

    def test_twice_gives_the_same(self, tmp_path, capsys):
        once = told(tmp_path, capsys, "--all", *as_of())
        assert told(tmp_path, capsys, "--all", *as_of()) == once

    def test_nothing_after_the_instant_matters(self, tmp_path, capsys):
        before = told(tmp_path, capsys, "--all", *as_of())[0]
        happen("purchase", "JUG", customer="anna", at=NOW)
        happen("dislike", "STOVE", customer="anna", at=NOW + timedelta(hours=1))
        happen("purchase", "CUP", customer="somebody new", at=NOW + timedelta(hours=1))
        launch("LAMP", "Reading lamp", at=NOW)
        assert told(tmp_path, capsys, "--all", *as_of())[0] == before

    def test_a_dislike_and_a_like_are_heeded_by_the_next_list(self, tmp_path, capsys):
        happen("dislike", "STOVE", customer="anna", at=NOW - timedelta(minutes=9))
        happen("like", "GLOBE", customer="anna", at=NOW - timedelta(minutes=9))
        lists, _ = told(tmp_path, capsys, "--all", *as_of())
        assert lists["anna"][0]["sku"] == "GLOBE"
        assert lists["anna"][0]["reason"] == "You liked it."
        assert "STOVE" not in [row["sku"] for row in lists["anna"]]

    def test_nothing_sold_out_or_retired_is_in_a_list(self, tmp_path, capsys):
        Product.objects.filter(sku="STOVE").update(stock=0)
        Product.objects.filter(sku="GLOBE").update(retired_at=NOW)
        lists, _ = told(tmp_path, capsys, "--all", *as_of())
        assert {"STOVE", "GLOBE"}.isdisjoint(row["sku"] for rows in lists.values() for row in rows)

    def test_reasons_are_in_the_customers_language(self, tmp_path, capsys):
        Customer.objects.filter(external_id="anna").update(language="zh-Hans")
        lists, _ = told(tmp_path, capsys, "--customer", "anna", *as_of())
        assert lists["anna"][0]["reason"].startswith("因为您买过“Camping tent”")

    def test_a_customer_without_history_is_told_what_is_popular_and_keeps_no_list(
        self, tmp_path, capsys
    ):
        joined = (NOW - timedelta(days=1)).isoformat()
        save_customers([{"external_id": "eve", "joined_at": joined}], now=NOW)
        lists, _ = told(tmp_path, capsys, "--all", *as_of())
        assert lists["eve"][0]["sku"] == "TENT"
        assert lists["eve"][0]["reason"] == "Popular with other customers."
        assert not Recommendation.objects.filter(customer__external_id="eve").exists()
        assert shown_to(external_id="eve", k=1, at=NOW).recommendations[0]["sku"] == "TENT"

    def test_without_a_file_the_lists_of_the_customers_named_are_printed(self, capsys):
        call_command("recommend", "--customer", "anna", "--k", "1", *as_of())
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "customer,rank,sku,score,reason"
        assert lines[1].startswith("anna,1,STOVE,")
        assert "stored: 4" in lines

    def test_a_run_that_comes_back_does_not_repeat_what_is_stored(self, monkeypatch):
        monkeypatch.setattr(tasks, "STEP", 2)  # customers a step: there are four
        run = runs.create_run(job=jobs.RECOMMEND, arguments={}, now=NOW)
        work_until(run, done=1)
        first = set(Recommendation.objects.values_list("pk", flat=True))
        runs.retry_run(run=Run.objects.get(pk=run.pk), now=NOW)
        work_until(run, done=None)
        assert first
        assert first < set(Recommendation.objects.values_list("pk", flat=True))

    def test_its_run_is_kept(self, tmp_path, capsys):
        told(tmp_path, capsys, "--all", *as_of())
        run = Run.objects.get()
        assert (run.state, run.result["customers"]) == (Run.State.SUCCEEDED, 4)


@pytest.mark.usefixtures("shop")
class TestNewProducts:
    def test_a_new_product_stands_among_the_known(self, tmp_path, capsys):
        launch("POT", "White tea cup")
        lists, _ = told(tmp_path, capsys, "--all", "--k", "5", *as_of())
        assert all("POT" in [row["sku"] for row in rows] for rows in lists.values())
        reason = next(row["reason"] for row in lists["anna"] if row["sku"] == "POT")
        assert reason == "New in the shop. Because you bought Red tea cup: this is similar."
        assert Recommendation.objects.get(customer__external_id="anna", product__sku="POT").is_new

    def test_only_new_tells_nothing_else_and_stores_nothing(self, tmp_path, capsys):
        launch("POT", "White tea cup")
        lists, report = told(tmp_path, capsys, "--all", "--only-new", *as_of())
        assert {row["sku"] for rows in lists.values() for row in rows} == {"POT"}
        assert (report["stored"], Recommendation.objects.count()) == (0, 0)

    def test_one_not_on_sale_yet_is_in_no_list(self, tmp_path, capsys):
        launch("POT", "White tea cup", at=LATER)
        lists, _ = told(tmp_path, capsys, "--all", "--only-new", *as_of())
        assert lists == {}

    def test_predicted_interest_ranks_them(self, tmp_path, capsys):
        launch("ONE", "Unlike anything")
        launch("TWO", "Something else")
        version = ModelVersion.objects.create(name="interest", created_at=NOW)
        for sku, probability in (("ONE", 0.01), ("TWO", 0.2)):
            InterestScore.objects.create(
                product=Product.objects.get(sku=sku),
                customer=Customer.objects.get(external_id="dan"),
                probability=probability,
                rank=1,
                model_version=version,
                as_of=NOW - timedelta(hours=1),
                horizon_days=30,
            )
        lists, _ = told(tmp_path, capsys, "--customer", "dan", "--only-new", *as_of())
        assert [row["sku"] for row in lists["dan"]] == ["TWO", "ONE"]


class TestLearning:
    def test_lists_for_all_come_with_how_good_they_would_have_been(self, db, capsys):
        store_tastes()
        call_command("recommend", "--all", "--as-of", AS_OF.isoformat())
        lines = capsys.readouterr().out.splitlines()
        start = AS_OF - timedelta(days=30)
        assert any(line.startswith(f"lists of {start:%Y-%m-%d}") for line in lines)
        groups = {line.split()[0] for line in lines if line.split()[1:2] == ["merged"]}
        assert groups == {"all", "cold"}  # nobody buys here what is a month old

    def test_what_was_learned_is_a_version_with_a_card_and_metrics(self, db):
        store_tastes()
        call_command("recommend", "--all", "--as-of", AS_OF.isoformat(), "--json")
        version = ModelVersion.objects.get(name="ranker")
        assert version.status == ModelVersion.Status.ACTIVE
        assert version.data_until == AS_OF
        assert ranker_for(AS_OF).as_dict() == version.card["numbers"]
        assert set(version.metrics["quality"]) == {"as_of", "all", "cold"}
        assert version.metrics["log_loss"] < version.metrics["stated_log_loss"]

    def test_a_ranker_that_knows_the_future_is_not_used(self, db):
        store_tastes()
        call_command("recommend", "--all", "--as-of", AS_OF.isoformat(), "--json")
        assert ranker_for(AS_OF - timedelta(days=1)) == Ranker()

    def test_interest_speaks_by_the_scores_own_reasons_alone(self, shop, tmp_path, capsys):
        launch("POT", "White tea cup")
        version = ModelVersion.objects.create(name="interest", created_at=NOW)
        reasons = [{"factor": "similar_products", "log_odds": 0.4, "skus": ["TENT"]}]
        for customer, why in (("anna", reasons), ("dan", None)):
            InterestScore.objects.create(
                product=Product.objects.get(sku="POT"),
                customer=Customer.objects.get(external_id=customer),
                probability=0.9,
                rank=1,
                model_version=version,
                as_of=NOW - timedelta(hours=1),
                horizon_days=30,
                reasons=why,
            )
        lists, _ = told(tmp_path, capsys, "--all", *as_of())
        assert lists["anna"][0]["reason"] == (
            "New in the shop. Because you bought Camping tent: this is similar."
        )
        assert lists["dan"][0]["reason"] == "New in the shop."


class TestGivingWay:
    @pytest.mark.parametrize("in_worker", [True, False])
    def test_a_worker_scores_new_products_between_two_blocks_of_lists(
        self, shop, monkeypatch, in_worker
    ):
        monkeypatch.setattr(tasks, "STEP", 2)
        monkeypatch.setattr(tasks, "current_task", in_worker)
        launch("POT", "White tea cup")
        tasks.recommend(Work(None, clock=lambda: NOW), as_of=NOW.isoformat())
        assert InterestScore.objects.filter(product__sku="POT").exists() == in_worker
        assert Run.objects.filter(state=Run.State.SUCCEEDED).exists() == in_worker


class TestWrongInput:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--customer", "nobody"], "no customer 'nobody'"),
            (["--all", "--k", "0"], "between 1 and"),
            (["--all", "--only-new"], "name a file by --out"),
            (["--all", "--out", "lists.xml"], "a .csv or .parquet file"),
        ],
    )
    def test_is_named_with_exit_code_2(self, db, options, words):
        with pytest.raises(CommandError, match=words) as error:
            call_command("recommend", *options)
        assert error.value.returncode == 2

    def test_an_empty_shop_gives_empty_lists(self, db, tmp_path, capsys):
        lists, report = told(tmp_path, capsys, "--all")
        assert (lists, report["customers"]) == ({}, 0)


def test_a_real_worker_makes_lists_and_personas(real_worker):
    save_products([{"sku": sku, "title": TITLES[sku]} for sku in TITLES], now=NOW)
    for customer, skus in BOUGHT.items():
        for sku in skus:
            happen("purchase", sku, customer=customer, at=NOW - timedelta(days=2))
    arguments = {"as_of": NOW.isoformat()}
    for job in (jobs.RECOMMEND, jobs.BUILD_PERSONAS):
        runs.request_run(job=job, arguments=arguments, now=timezone.now())
    real_worker.wait_until(lambda: not Run.objects.exclude(state="succeeded").exists(), seconds=120)
    assert Persona.objects.count() == len(BOUGHT)
    assert Recommendation.objects.filter(customer__external_id="anna", rank=1).exists()

"""Prediction on a stored shop: what is read, learned, scored, kept, and asked for by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import numpy as np
import polars as pl
import pytest
from django.core.management import CommandError, call_command

from launchopt import jobs
from launchopt.audiences.models import Customer, Event, InterestScore
from launchopt.catalog.models import Product, ProductEmbedding
from launchopt.catalog.services import change_product, save_products
from launchopt.operations import runs
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.runs import Work
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch, predict
from launchopt_ml.shop import instant
from launchopt_workers.prediction import reading, scorer, scoring, tasks
from launchopt_workers.prediction.news import ask_for_scores
from launchopt_workers.prediction.shops import stored_shop
from launchopt_workers.prediction.training import train
from launchopt_workers.running import run_here, work_on_run
from tests.ml.shops import with_more_events
from tests.support.tastes import AS_OF, NOW, new_products, store_events, store_tastes


def work() -> Work:
    """A hand on no run, at NOW."""
    return Work(None, clock=lambda: NOW)


def score(product_ids, *, as_of=AS_OF, horizon_days=30):
    return scoring.score(work(), product_ids=product_ids, as_of=as_of, horizon_days=horizon_days)


@pytest.fixture
def shop(db):
    return store_tastes()


@pytest.fixture
def small(db):
    """Too young a shop for past launches to teach anything: quick, and judged by the prior."""
    return store_tastes(customers=30, products=24)


class TestStoredShop:
    def test_is_the_shop_that_was_stored(self, shop):
        stored = stored_shop(before=NOW, encoder="none").shop
        rows = {}
        for name, one in (("stored", stored), ("given", shop)):
            events = one.events
            customers = one.customers.id[events.customer]
            products = one.products.sku[events.product]
            rows[name] = sorted(
                zip(events.time.tolist(), customers.tolist(), products.tolist(), strict=True)
            )
        assert rows["stored"] == rows["given"]
        ordered = stored.in_order()
        np.testing.assert_array_equal(ordered.products.sku, shop.products.sku)
        np.testing.assert_array_equal(ordered.products.new_at, shop.products.new_at)

    def test_knows_only_what_came_before(self, shop):
        stored = stored_shop(before=AS_OF, encoder="none").shop
        assert stored.events.time.max() < instant(AS_OF)
        assert len(stored.events) == (shop.events.time < instant(AS_OF)).sum()

    def test_a_search_makes_a_customer_known(self, small):
        searcher = Customer.objects.create(external_id="new", created_at=NOW, updated_at=NOW)
        Event.objects.create(
            message_id="00000000-0000-0000-0000-000000000001",
            customer=searcher,
            kind="search",
            occurred_at=AS_OF - timedelta(days=1),
            received_at=NOW,
        )
        assert "new" in stored_shop(before=AS_OF, encoder="none").shop.customers.id
        early = AS_OF - timedelta(days=2)
        assert "new" not in stored_shop(before=early, encoder="none").shop.customers.id

    def test_reads_vectors_back_exactly(self, small):
        reading.read_texts(work())
        stored = stored_shop(before=NOW, encoder=reading.encoder_name()).shop
        expected = reading.encoder_in_force().encode(stored.products.text.tolist())
        np.testing.assert_allclose(stored.products.embedding, expected, atol=1e-6)


class TestReadTexts:
    def test_reads_each_text_once(self, small):
        assert reading.read_texts(work()) == 24
        assert reading.read_texts(work()) == 0

    def test_reads_again_only_what_changed(self, small):
        reading.read_texts(work())
        before = dict(ProductEmbedding.objects.values_list("product", "text_hash"))
        product = Product.objects.get(sku="P003")
        change_product(product, {"title": "An entirely different thing"}, now=NOW)
        change_product(Product.objects.get(sku="P004"), {"price": "3.00"}, now=NOW)
        assert reading.read_texts(work()) == 1
        after = dict(ProductEmbedding.objects.values_list("product", "text_hash"))
        assert {pk for pk in after if after[pk] != before[pk]} == {product.pk}

    def test_says_in_one_line_that_the_encoder_is_not_there(self, small, settings):
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ENCODER": "/no/such/folder"}
        with pytest.raises(CommandError, match="/no/such/folder") as error:
            called("train_interest", as_of=AS_OF)
        assert error.value.returncode == 1


class TestTrain:
    def test_the_first_version_enters_service_with_its_backtest(self, shop):
        result = train(work(), as_of=AS_OF)
        version = ModelVersion.objects.get()
        assert version.status == ModelVersion.Status.ACTIVE
        assert version.data_until == AS_OF
        assert result["source"] == "launches"
        assert version.metrics["model"]["map"] > version.metrics["activity"]["map"]
        assert set(version.files) == {"card.json", "tensors.safetensors"}

    def test_a_version_without_newer_data_stays_a_candidate(self, small):
        train(work(), as_of=AS_OF)
        train(work(), as_of=AS_OF - timedelta(days=30))
        states = ModelVersion.objects.order_by("data_until").values_list("status", flat=True)
        assert list(states) == ["candidate", "active"]

    def test_a_young_shop_gets_a_stated_prior(self, small):
        train(work(), as_of=AS_OF)
        version = ModelVersion.objects.get()
        assert version.card["source"] == "prior"
        assert "untested" in version.metrics


class TestScore:
    def test_every_known_customer_gets_a_rank_for_every_product(self, small):
        wanted = new_products(small)
        score(wanted)
        assert InterestScore.objects.count() == 30 * len(wanted)
        for product_id in wanted:
            rows = InterestScore.objects.filter(product=product_id).order_by("rank")
            chances = [row.probability for row in rows]
            assert [row.rank for row in rows] == list(range(1, 31))
            assert chances == sorted(chances, reverse=True)

    def test_stores_what_the_model_says(self, shop):
        wanted = new_products(shop)
        train(work(), as_of=AS_OF)
        score(wanted)
        known = stored_shop(before=AS_OF, encoder=reading.encoder_name())
        model = LaunchInterest().fit(known.shop, as_of=instant(AS_OF), seed=0)
        places = known.places_of(wanted)
        launch = Launch(known.shop.products.take(places), instant(AS_OF), 30.0)
        ids, chances = predict(model, known.shop, launch)
        found = {
            (row.product.sku, row.customer.external_id): row.probability
            for row in InterestScore.objects.select_related("product", "customer")
        }
        for row, customer in enumerate(ids):
            for column, sku in enumerate(launch.products.sku):
                assert found[sku, customer] == pytest.approx(chances[row, column], rel=1e-4)

    def test_reasons_name_products_that_the_customer_bought(self, shop):
        score(new_products(shop))
        best = InterestScore.objects.filter(rank=1).select_related("customer").first()
        named = {sku for reason in best.reasons for sku in reason.get("skus", [])}
        bought = Event.objects.filter(customer=best.customer, occurred_at__lt=AS_OF)
        assert named
        assert named <= set(bought.values_list("product__sku", flat=True))

    def test_keeps_reasons_for_the_likeliest_only(self, small, monkeypatch):
        monkeypatch.setattr(scorer, "WITH_REASONS", 7)
        score(new_products(small)[:1])
        assert InterestScore.objects.exclude(reasons=None).count() == 7

    def test_reasons_of_the_others_are_found_when_asked_for(self, small, monkeypatch):
        wanted = new_products(small)[:1]
        score(wanted)
        whole = dict(InterestScore.objects.values_list("customer", "reasons"))
        monkeypatch.setattr(scorer, "WITH_REASONS", 7)
        score(wanted)
        rest = InterestScore.objects.filter(reasons__isnull=True)
        asked = {"product_id": wanted[0], "customer_ids": [row.customer_id for row in rest]}
        assert run_here(jobs.EXPLAIN_INTEREST, **asked) == {"explained": 23}
        assert dict(InterestScore.objects.values_list("customer", "reasons")) == whole

    def test_nothing_after_as_of_matters(self, small):
        wanted = new_products(small)
        score(wanted)
        before = list(InterestScore.objects.order_by("product", "rank").values_list("customer"))
        later = with_more_events(small, after=instant(AS_OF), count=50, seed=1)
        Event.objects.all().delete()
        store_events(later)
        ModelVersion.objects.update(data_until=NOW)  # none is left that may be used
        score(wanted)
        after = list(InterestScore.objects.order_by("product", "rank").values_list("customer"))
        assert before == after
        assert ModelVersion.objects.count() == 2

    def test_new_scores_take_the_place_of_old_ones(self, small):
        wanted = new_products(small)
        score(wanted)
        score(wanted, horizon_days=60)
        assert set(InterestScore.objects.values_list("horizon_days", flat=True)) == {60}

    def test_a_finished_step_is_not_repeated(self, small, monkeypatch):
        monkeypatch.setattr(scorer, "MOST_IN_A_STEP", 1)
        wanted = new_products(small)
        reached = []
        real = scorer.Scorer.save

        def failing(self, ids, *found):
            reached.append(ids)
            if len(reached) == 2:
                raise RuntimeError("The worker is lost.")
            return real(self, ids, *found)

        monkeypatch.setattr(scorer.Scorer, "save", failing)
        arguments = {"product_ids": wanted, "as_of": AS_OF.isoformat(), "horizon_days": 30}
        with pytest.raises(RuntimeError):
            run_here(jobs.SCORE_INTEREST, **arguments)
        run = Run.objects.get()
        assert run.state == Run.State.FAILED
        first = InterestScore.objects.filter(product=wanted[0]).values_list("pk", flat=True)
        kept = set(first)
        runs.retry_run(run=run, now=NOW)
        work_on_run(str(run.pk), tasks.score_interest)
        assert reached == [[wanted[0]], [wanted[1]], *[[one] for one in wanted[1:]]]
        assert set(first.all()) == kept
        assert InterestScore.objects.count() == 30 * len(wanted)


class TestAskForScores:
    def test_asks_for_a_new_product_by_name(self, small):
        save_products([{"sku": "NEW", "title": "garden rake"}], now=NOW)
        asked = ask_for_scores(work())
        product = Product.objects.get(sku="NEW")
        run = Run.objects.get(subject="product:NEW")
        assert run.arguments["product_ids"] == [product.pk]
        assert str(run.pk) in asked["runs"]

    def test_asks_once(self, small):
        save_products([{"sku": "NEW", "title": "garden rake"}], now=NOW)
        ask_for_scores(work())
        count = Run.objects.count()
        assert ask_for_scores(work())["runs"] == []
        assert Run.objects.count() == count

    def test_leaves_what_was_bought_alone(self, small):
        asked = ask_for_scores(work())
        wanted = {
            pk for run in asked["runs"] for pk in Run.objects.get(pk=run).arguments["product_ids"]
        }
        bought = set(Event.objects.values_list("product", flat=True))
        assert not wanted & bought

    def test_asks_again_when_the_text_of_a_scored_product_changes(self, small):
        product_id = new_products(small)[0]
        score([product_id])
        product = Product.objects.get(pk=product_id)
        change_product(product, {"title": "kitchen scales"}, now=NOW)
        ask_for_scores(work())
        assert Run.objects.filter(subject=f"product:{product.sku}").count() == 1

    def test_a_shop_in_which_nobody_ever_bought_is_left_alone(self, db):
        save_products([{"sku": "NEW", "title": "garden rake"}], now=NOW)
        assert ask_for_scores(work())["runs"] == []


class TestCommands:
    def test_train_then_score_into_a_file(self, small, tmp_path):
        answer = called("train_interest", as_of=AS_OF)
        assert answer["source"] == "prior"
        skus = list(
            Product.objects.filter(pk__in=new_products(small)).values_list("sku", flat=True)
        )
        for suffix, read in ((".parquet", pl.read_parquet), (".csv", pl.read_csv)):
            out = tmp_path / f"scores{suffix}"
            report = called("score_interest", sku=skus, as_of=AS_OF, out=out)
            frame = read(out)
            assert frame.columns == ["sku", "customer", "probability", "rank"]
            assert len(frame) == report["scores"] == 30 * len(skus)
            assert frame.filter(pl.col("rank") == 1)["sku"].to_list() == sorted(skus)

    def test_scores_what_is_new_since(self, small):
        report = called("score_interest", new_since=AS_OF, as_of=AS_OF, horizon_days=20)
        began = Product.objects.filter(launched_at__gte=AS_OF).count()
        assert report["products"] == began

    def test_names_the_sku_it_does_not_know(self, small):
        with pytest.raises(CommandError, match="NOPE") as error:
            called("score_interest", sku=["NOPE"])
        assert error.value.returncode == 2

    @pytest.mark.parametrize(
        ("options", "word"),
        [({"horizon_days": 0}, "horizon"), ({"out": "scores.xls"}, "parquet"), ({}, "new since")],
    )
    def test_refuses_what_makes_no_sense(self, small, options, word):
        which = {"new_since": NOW} if not options else {"sku": ["P001"]}
        with pytest.raises(CommandError, match=word) as error:
            called("score_interest", **which, **options)
        assert error.value.returncode == 2

    def test_backtests_the_stored_shop(self, shop):
        report = called("backtest", cutoff=AS_OF, horizon_days=30, min_buyers=10)
        assert report["customers"] == 240
        assert report["model"]["map"] > report["random"]["map"]

    def test_says_when_there_is_nothing_to_backtest(self, small):
        with pytest.raises(CommandError, match="no new product") as error:
            called("backtest", cutoff=NOW, horizon_days=30)
        assert error.value.returncode == 2


def called(command, **options):
    """What a command answers as JSON."""
    out = StringIO()
    given = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in options.items()
    }
    words = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    call_command(command, *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())

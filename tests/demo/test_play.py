"""Playing a launch: what is asked, what is told, and that an interruption changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launchopt_project.demo import state
from launchopt_project.demo.files import customers_frame, events_frame, products_frame
from launchopt_project.demo.market import DEMO, Market, make_market
from launchopt_project.demo.play import Played, Stage

LAUNCH = "7d2c4a52-6f0e-4f0a-9f52-0b7f6f4f8a11"
CREATIVE = {"id": "c1", "headline": "Made by hand", "body": "Solid copper."}


class Shop:
    """A shop that shows the product to every second shopper, and keeps what it is told."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []

    def decide(self, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        self.asked += questions
        return [self._answer(question) for question in questions]

    def record(self, events: Sequence[dict[str, Any]]) -> None:
        self.told += events

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        shows = int(question["customer"][-5:]) % 2 == 0
        return {
            "decision_id": f"{question['customer']}@{question['at']}",
            "creative": CREATIVE if shows else None,
            "launch": LAUNCH,
            "variant": "treatment" if shows else "holdout",
            "reason": "shown" if shows else "holdout",
        }


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(DEMO.smaller(shoppers=500, products=96))


def play(stage: Stage, played: Played, *, until: datetime, shop: Shop) -> Played:
    answers = stage.ask(played, until=until, api=shop)
    return stage.react(played, until=until, answers=answers, api=shop)


def play_all(stage: Stage, shop: Shop, *, hours: int) -> Played:
    played = stage.opening()
    for until in stage.intervals(since=played.until, length=timedelta(hours=hours)):
        played = play(stage, played, until=until, shop=shop)
    return played


class TestPlayingALaunch:
    def test_asks_once_at_each_visit_and_in_order_of_time(self, market: Market):
        stage, shop = Stage(market, sku="COF-NEW", launch=LAUNCH), Shop()
        play_all(stage, shop, hours=12)
        instants = [question["at"] for question in shop.asked]
        assert len(instants) == len(stage.fate.who)
        assert instants == sorted(instants)

    def test_tells_each_event_once_and_with_the_decision_that_it_answers(self, market: Market):
        stage, shop = Stage(market, sku="COF-NEW", launch=LAUNCH), Shop()
        played = play_all(stage, shop, hours=12)
        ids = [event["message_id"] for event in shop.told]
        exposures = [event for event in shop.told if event["kind"] == "exposure"]
        assert len(ids) == len(set(ids))
        assert len(exposures) == played.contacts.count.sum() == played.reasons["shown"]
        assert all(e["decision_id"].startswith(e["customer"]) for e in exposures)

    def test_tells_nothing_before_it_happens(self, market: Market):
        stage, shop = Stage(market, sku="COF-NEW", launch=LAUNCH), Shop()
        until = stage.starts_at + timedelta(hours=12)
        play(stage, stage.opening(), until=until, shop=shop)
        assert shop.told
        assert max(event["occurred_at"] for event in shop.told) < until.isoformat()

    def test_has_the_same_buyers_however_long_the_intervals(self, market: Market):
        stage = Stage(market, sku="COF-NEW", launch=LAUNCH)
        short, long = (play_all(stage, Shop(), hours=hours) for hours in (7, 96))
        assert np.array_equal(short.contacts.has_bought, long.contacts.has_bought)
        assert short.variants == long.variants

    def test_goes_on_from_a_file_as_if_it_had_not_stopped(self, market: Market, tmp_path: Path):
        stage, shop, other = Stage(market, sku="COF-NEW", launch=LAUNCH), Shop(), Shop()
        whole = play_all(stage, shop, hours=24)
        half = play(stage, stage.opening(), until=stage.starts_at + timedelta(days=5), shop=other)
        state.save(half, file=tmp_path / "played.json")
        again = state.load(tmp_path / "played.json")
        assert again is not None
        rest = play(stage, again, until=stage.ends_at, shop=other)
        assert np.array_equal(rest.contacts.has_bought, whole.contacts.has_bought)
        assert {e["message_id"] for e in other.told} == {e["message_id"] for e in shop.told}

    def test_tells_the_same_again_from_answers_that_were_kept(self, market: Market, tmp_path: Path):
        stage, shop, file = Stage(market, sku="COF-NEW", launch=LAUNCH), Shop(), tmp_path / "a.json"
        until = stage.starts_at + timedelta(days=1)
        answers = stage.ask(stage.opening(), until=until, api=shop)
        state.keep_answers(answers, until=until, file=file)
        stage.react(stage.opening(), until=until, answers=answers, api=shop)
        first, shop.told = shop.told, []
        kept = state.kept_answers(file, until=until)
        assert kept is not None
        stage.react(stage.opening(), until=until, answers=kept, api=shop)
        assert shop.told == first

    def test_does_not_take_the_answers_of_another_interval(self, tmp_path: Path):
        start = DEMO.launch_starts_at
        state.keep_answers([], until=start, file=tmp_path / "a.json")
        assert state.kept_answers(tmp_path / "a.json", until=start + timedelta(hours=6)) is None

    def test_knows_of_no_play_where_there_is_no_file(self, tmp_path: Path):
        assert state.load(tmp_path / "played.json") is None


class TestTheFiles:
    def test_have_a_row_for_everything(self, market: Market):
        assert len(products_frame(market)) == len(market.products)
        assert len(customers_frame(market)) == len(market.shoppers)
        events = events_frame(market, market.events)
        assert len(events) == len(market.events)
        assert events["message_id"].n_unique() == len(events)

    def test_give_a_price_to_every_sale_and_a_product_to_all_but_searches(self, market: Market):
        events = events_frame(market, market.events)
        sales = events.filter(events["kind"].is_in(["purchase", "return"]))
        searches = events.filter(events["sku"].is_null())
        assert sales["price"].null_count() == sales["order_id"].null_count() == 0
        assert searches["kind"].unique().to_list() == ["search"]
        assert searches["text"].null_count() == 0

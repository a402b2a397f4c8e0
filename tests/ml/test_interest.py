"""Laws that every model of interest obeys, and what this one must find out by itself."""

from dataclasses import replace

import numpy as np
import pytest

from launchopt_ml.artifacts import ArtifactUnreadable
from launchopt_ml.interest.baselines import ActivityInterest, ContentInterest, RandomInterest
from launchopt_ml.interest.codes import by_code
from launchopt_ml.interest.episodes import Episode, Vantage, bought_within, launched, new_within
from launchopt_ml.interest.examples import Examples, past_examples
from launchopt_ml.interest.features import pair_features
from launchopt_ml.interest.level import level_of
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch, NotFitted, predict
from launchopt_ml.shop import Products, days
from tests.ml.shops import (
    START,
    shop_of_tastes,
    with_customers_shuffled,
    with_more_events,
    with_products_shuffled,
)

SHOP = shop_of_tastes()
AS_OF = START + days(200)
NEW = launched(SHOP, new_within(SHOP, Episode(AS_OF, 30)))
LAUNCH = Launch(NEW, AS_OF, 30.0)
MODELS = [LaunchInterest, RandomInterest, ActivityInterest, ContentInterest]


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.__name__)
def model(request):
    return request.param().fit(SHOP, as_of=AS_OF, seed=3)


@pytest.fixture(scope="module")
def learned():
    return LaunchInterest().fit(SHOP, as_of=AS_OF, seed=3)


class TestLaws:
    def test_saving_and_loading_changes_nothing(self, model, tmp_path):
        model.save(tmp_path / "model")
        again = type(model).load(tmp_path / "model")
        np.testing.assert_array_equal(
            predict(again, SHOP, LAUNCH)[1], predict(model, SHOP, LAUNCH)[1]
        )
        assert again.card == model.card

    def test_a_second_fit_forgets_the_first(self, model):
        other = shop_of_tastes(customers=90, products=60, seed=9)
        twice = type(model)().fit(other, as_of=AS_OF, seed=1).fit(SHOP, as_of=AS_OF, seed=3)
        np.testing.assert_array_equal(
            predict(twice, SHOP, LAUNCH)[1], predict(model, SHOP, LAUNCH)[1]
        )

    def test_nothing_after_as_of_matters(self, model):
        changed = with_more_events(SHOP, after=AS_OF, count=500, seed=4)
        again = type(model)().fit(changed, as_of=AS_OF, seed=3)
        np.testing.assert_array_equal(
            predict(again, changed, LAUNCH)[1], predict(model, SHOP, LAUNCH)[1]
        )

    def test_the_order_of_customers_does_not_matter(self, model):
        shuffled = with_customers_shuffled(SHOP, seed=5)
        again = type(model)().fit(shuffled, as_of=AS_OF, seed=3)
        ids, expected = predict(model, SHOP, LAUNCH)
        shuffled_ids, found = predict(again, shuffled, LAUNCH)
        place = {name: row for row, name in enumerate(shuffled_ids)}
        rows = [place[name] for name in ids]
        np.testing.assert_allclose(found[rows], expected, rtol=1e-4, atol=1e-7)

    def test_the_order_of_products_does_not_matter(self, model):
        shuffled = with_products_shuffled(SHOP, seed=6)
        again = type(model)().fit(shuffled, as_of=AS_OF, seed=3)
        np.testing.assert_allclose(
            predict(again, shuffled, LAUNCH)[1],
            predict(model, SHOP, LAUNCH)[1],
            rtol=1e-3,
            atol=1e-6,
        )

    def test_the_same_seed_gives_the_same_scores(self, model):
        again = type(model)().fit(SHOP, as_of=AS_OF, seed=3)
        np.testing.assert_array_equal(
            predict(again, SHOP, LAUNCH)[1], predict(model, SHOP, LAUNCH)[1]
        )

    def test_blocks_of_customers_do_not_matter(self, model):
        session = model.prepare(SHOP, LAUNCH)
        parts = [session.score(slice(start, start + 37)) for start in range(0, 240, 37)]
        np.testing.assert_allclose(
            np.concatenate(parts), session.score(slice(0, 240)), rtol=1e-5, atol=1e-8
        )

    def test_scores_are_probabilities_of_every_known_customer(self, model):
        ids, scores = predict(model, SHOP, LAUNCH)
        assert scores.shape == (len(SHOP.before(AS_OF).customers), len(NEW))
        assert len(ids) == len(scores)
        assert ((scores >= 0) & (scores <= 1)).all()

    def test_refuses_to_predict_before_it_was_fitted(self, model):
        with pytest.raises(NotFitted):
            type(model)().prepare(SHOP, LAUNCH)

    def test_refuses_the_files_of_another_kind(self, model, tmp_path):
        model.save(tmp_path)
        other = RandomInterest if not isinstance(model, RandomInterest) else ContentInterest
        with pytest.raises(ArtifactUnreadable):
            other.load(tmp_path)

    def test_names_why(self, model):
        session = model.prepare(SHOP, LAUNCH)
        reasons = session.reasons(product=0, customers=np.array([0, 7]))
        assert len(reasons) == 2
        assert all(reason["factor"] for reasons_of_one in reasons for reason in reasons_of_one)


class TestLaunchInterest:
    def test_finds_the_customers_whose_taste_it_is(self, learned):
        ids, scores = predict(learned, SHOP, LAUNCH)
        taste = np.array([int(name[1:]) % 3 for name in ids])
        topic = np.array([int(sku[1:]) % 3 for sku in NEW.sku])
        fans = taste[:, None] == topic[None, :]
        assert scores[fans].mean() > 5 * scores[~fans].mean()

    def test_predicts_about_as_many_buyers_as_there_are(self, learned):
        bought = bought_within(
            SHOP,
            customers=SHOP.customers.id,
            skus=NEW.sku,
            since=AS_OF,
            until=AS_OF + days(30),
        )
        assert predict(learned, SHOP, LAUNCH)[1].sum() == pytest.approx(bought.sum(), rel=0.25)

    def test_expects_more_buyers_of_a_longer_horizon(self, learned):
        short = predict(learned, SHOP, Launch(_on_sale_at_once(NEW), AS_OF, 7.0))[1]
        long = predict(learned, SHOP, Launch(_on_sale_at_once(NEW), AS_OF, 30.0))[1]
        assert long.sum() > 1.3 * short.sum()

    def test_scores_a_block_as_it_scores_its_pairs_one_by_one(self, learned):
        session = learned.prepare(SHOP, LAUNCH)
        pairs = pair_features(session.histories, session.candidates, rows=slice(0, 60))
        log_odds = session.judge.log_odds(pairs)
        np.testing.assert_allclose(
            session.score(slice(0, 60)), 1 / (1 + np.exp(-log_odds)), rtol=1e-4
        )

    def test_reasons_name_what_the_customer_bought(self, learned):
        session = learned.prepare(SHOP, LAUNCH)
        topic = int(NEW.sku[0][1:]) % 3
        fan = next(row for row, name in enumerate(session.customers) if int(name[1:]) % 3 == topic)
        (reasons,) = session.reasons(product=0, customers=np.array([fan]))
        named = {sku for reason in reasons for sku in reason.get("skus", [])}
        own = SHOP.customers.id[SHOP.events.customer] == session.customers[fan]
        assert named
        assert named <= set(SHOP.products.sku[SHOP.events.product[own]])
        strength = [abs(reason["log_odds"]) for reason in reasons]
        assert strength == sorted(strength, reverse=True)

    def test_reasons_of_a_fan_are_stronger_than_of_a_stranger(self, learned):
        session = learned.prepare(SHOP, LAUNCH)
        topic = int(NEW.sku[0][1:]) % 3
        fans = np.array([int(name[1:]) % 3 == topic for name in session.customers])

        def taste_of(rows):
            reasons = session.reasons(product=0, customers=rows)
            taste = ("similar_products", "bought_together")
            return np.mean(
                [sum(r["log_odds"] for r in one if r["factor"] in taste) for one in reasons]
            )

        assert taste_of(np.flatnonzero(fans)) > taste_of(np.flatnonzero(~fans)) + 1


class TestWithoutPastLaunches:
    def test_a_young_shop_is_judged_by_a_stated_prior(self):
        as_of = START + days(20)
        model = LaunchInterest().fit(SHOP, as_of=as_of, seed=0)
        new = launched(SHOP, new_within(SHOP, Episode(as_of, 30)))
        ids, scores = predict(model, SHOP, Launch(new, as_of, 30.0))
        assert model.card["source"] == "prior"
        assert model.card["daily_rate"]["source"] == "assortment"
        fans = np.array([[int(c[1:]) % 3 == int(s[1:]) % 3 for s in new.sku] for c in ids])
        assert scores[fans].mean() > 2 * scores[~fans].mean()

    def test_a_shop_without_any_event_still_answers(self):
        empty = type(SHOP)(SHOP.products, SHOP.customers, SHOP.events.take(np.zeros(0, dtype=int)))
        as_of = START + days(1)
        model = LaunchInterest().fit(empty, as_of=as_of, seed=0)
        _, scores = predict(model, empty, Launch(NEW, as_of, 30.0))
        assert model.card["daily_rate"]["source"] == "prior"
        assert scores.shape == (len(SHOP.customers), len(NEW))
        assert (scores >= 0).all()
        assert (scores < 0.5).all()

    def test_the_prior_is_saved_too(self, tmp_path):
        as_of = START + days(20)
        model = LaunchInterest().fit(SHOP, as_of=as_of, seed=0)
        model.save(tmp_path)
        launch = Launch(NEW, as_of, 30.0)
        np.testing.assert_array_equal(
            predict(LaunchInterest.load(tmp_path), SHOP, launch)[1], predict(model, SHOP, launch)[1]
        )


def _on_sale_at_once(products: Products) -> Products:
    return Products(**{**vars(products), "new_at": np.full(len(products), AS_OF)})


class TestSmallChangesOfTheText:
    """Laws: how far the ranks of customers may move, in shares of all customers, on the mean."""

    TEXTS = ("spade soil garden lamp", "bowl knife kitchen lamp", "ink paper desk lamp")

    def ranks(self, learned, texts):
        products = replace(NEW.take(np.arange(3)), text=np.array(texts, dtype=object))
        scores = predict(learned, SHOP, Launch(products, AS_OF, 30.0))[1]
        return np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0) / len(scores)

    def shift(self, learned, changed):
        as_written = self.ranks(learned, self.TEXTS)
        moved = self.ranks(learned, [changed(text) for text in self.TEXTS])
        return np.abs(moved - as_written).mean()

    def test_upper_case_moves_nobody(self, learned):
        assert self.shift(learned, str.upper) == 0

    def test_another_order_of_words_moves_nobody(self, learned):
        assert self.shift(learned, lambda text: " ".join(text.split()[::-1])) == 0

    def test_a_typo_moves_customers_by_less_than_a_tenth(self, learned):
        def typo(text):
            return text[:2] + text[3:]

        assert 0 < self.shift(learned, typo) < 0.1


class TestRehearsals:
    def test_a_known_product_never_speaks_for_itself(self):
        vantage = Vantage.of(SHOP, as_of=AS_OF)
        known = vantage.histories.shop.products
        candidates = vantage.candidates(known, horizon_days=30.0)
        assert all(not profile.diagonal().any() for profile in candidates.profiles.values())
        assert not candidates.same_category.diagonal().any()

    def test_tell_launches_from_what_was_known(self):
        past = Examples.joined(past_examples(SHOP, as_of=AS_OF, rng=np.random.default_rng(0)))
        new_at = dict(zip(SHOP.products.sku, SHOP.new_at, strict=True))
        group, first = np.unique(past.group, return_index=True)
        assert past.is_launch.any()
        assert (~past.is_launch).any()
        assert len(group) > len(SHOP.products)
        assert all(new_at[sku] < AS_OF for sku in past.sku[first])

    def test_weights_stand_for_every_pair(self):
        first, *_ = past_examples(SHOP, as_of=AS_OF, rng=np.random.default_rng(0))
        products = len(np.unique(first.group))
        start = AS_OF - days(float(first.age[0]) + 30)
        customers = len(SHOP.before(start).customers)
        assert first.weight.sum() == pytest.approx(products * customers, rel=0.1)


class TestByCode:
    def test_the_next_number_is_nearest_and_letters_come_after_numbers(self):
        known = np.array(["A9", "A11", "85", "B1"])
        profile = by_code(np.array(["A10"]), known).toarray()[0]
        assert profile[:2] == pytest.approx([1, 1])
        assert (profile[2:] < 1).all()

    def test_an_empty_shop_has_no_neighbours(self):
        assert by_code(np.array(["A1"]), np.array([], dtype=str)).shape == (1, 0)


class TestLevel:
    def test_finds_the_fact_that_sells_and_counts_a_launch_once(self):
        rng = np.random.default_rng(0)
        launches, customers = 200, 400
        fact = np.zeros((launches, 3), dtype=np.float32)
        fact[:, 0] = rng.normal(size=launches)
        bought = rng.random((launches, customers)) < 1 / (1 + np.exp(3 - fact[:, :1]))
        group = np.repeat(np.arange(launches), customers)
        pairs = len(group)
        examples = Examples(
            np.zeros((pairs, 1), dtype=np.float32),
            bought.ravel(),
            np.ones(pairs, dtype=np.float32),
            np.array([f"P{n}" for n in group]),
            np.zeros(pairs, dtype=np.float32),
            group,
            np.ones(pairs, dtype=bool),
        )
        weights, offset = level_of(
            examples,
            facts=fact[group],
            taste=np.zeros(pairs, dtype=np.float32),
            expected=np.zeros(3),
            half_life_days=90.0,
        )
        assert weights[0] > 0.1
        assert weights[1:] == pytest.approx([0, 0])
        assert offset == pytest.approx(-3, abs=0.4)

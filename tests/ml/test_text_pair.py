"""The literature's recipe on a shop of tastes, with a real but tiny BERT."""

import json
from dataclasses import replace

import numpy as np
import pytest

from launchopt_ml.confusion import Confusion
from launchopt_ml.curves import listening
from launchopt_ml.encoder import EncoderUnavailable
from launchopt_ml.interest.learners import LEARNERS, learner_named
from launchopt_ml.interest.pair_texts import history_texts, past_pairs
from launchopt_ml.interest.protocol import predict
from launchopt_ml.interest.text_pair import Limits, TextPairInterest, TooFewLaunches
from launchopt_ml.shop import RETURN
from tests.ml.shops import shop_of_tastes
from tests.ml.test_interest import AS_OF, LAUNCH, NEW, SHOP
from tests.ml.test_interest import TestLaws as Laws
from tests.support.tiny_bert import save_tiny_bert

FEW = Limits(pairs=320, tokens=24, learning_rate=3e-3, history=4)


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    return save_tiny_bert(tmp_path_factory.mktemp("tiny-bert"))


@pytest.fixture(scope="module")
def fitted(tiny_bert):
    class TinyTextPair(TextPairInterest):
        def __init__(self, encoder=str(tiny_bert), *, limits=FEW, **options):
            super().__init__(encoder, limits=limits, **options)

    return TinyTextPair().fit(SHOP, as_of=AS_OF, seed=3)


class TestTextPairLaws(Laws):
    """Those that every model of interest obeys."""

    @pytest.fixture
    def model(self, fitted):
        return fitted


class TestTextPairInterest:
    def test_learns_which_words_sell(self, tiny_bert):
        gardeners = SHOP.events.take(SHOP.events.customer % 3 == 0)  # who want one topic alone
        shop, limits = replace(SHOP, events=gardeners), replace(FEW, pairs=1280)
        model = TextPairInterest(str(tiny_bert), limits=limits).fit(shop, as_of=AS_OF)
        _, scores = predict(model, shop, LAUNCH)
        garden = np.array([int(sku[1:]) % 3 == 0 for sku in NEW.sku])
        assert scores[:, garden].mean() > 3 * scores[:, ~garden].mean()
        assert model.card["classification"]["f1"] > 0.7

    def test_its_card_tells_limits_and_how_it_classifies_launches_it_never_saw(self, fitted):
        found = fitted.card["classification"]
        counts = [
            found[name]
            for name in ("true_positive", "false_positive", "false_negative", "true_negative")
        ]
        assert sum(counts) == found["pairs"]
        assert found["threshold"] == 0.5
        assert fitted.card["parameters"]["pairs"] == FEW.pairs
        assert json.loads(json.dumps(fitted.card)) == fitted.card

    def test_keeps_safetensors_and_json_alone(self, fitted, tmp_path):
        fitted.save(tmp_path)
        assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors", ".json"}

    def test_expects_more_of_a_longer_horizon(self, fitted):
        at_once = replace(NEW, new_at=np.full(len(NEW), AS_OF))
        week, month = (
            predict(fitted, SHOP, replace(LAUNCH, products=at_once, horizon_days=length))[1]
            for length in (7.0, 30.0)
        )
        assert (month > week).all()

    def test_tells_every_step(self, tiny_bert):
        told = []
        few = replace(FEW, pairs=160)
        model = TextPairInterest(
            str(tiny_bert), limits=few, progress=lambda *step: told.append(step)
        )
        losses = {}
        with listening(lambda name, step, value: losses.update({step: value})):
            model.fit(SHOP, as_of=AS_OF)
        assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
        assert list(losses) == [done for done, _ in told]
        assert all(0 < loss < 2 for loss in losses.values())

    def test_needs_past_launches(self, tiny_bert):
        nothing = shop_of_tastes(products=6, length=400)
        with pytest.raises(TooFewLaunches, match="too few past launches"):
            TextPairInterest(str(tiny_bert), limits=FEW).fit(nothing, as_of=AS_OF)

    def test_names_an_encoder_that_is_not_there(self, tmp_path):
        model = TextPairInterest(str(tmp_path / "absent"), limits=FEW)
        with pytest.raises(EncoderUnavailable, match="absent"):
            model.fit(SHOP, as_of=AS_OF)


class TestHistoryTexts:
    def test_tells_the_latest_first_and_each_product_once(self):
        known = SHOP.before(AS_OF).in_order()
        texts = history_texts(known, most=3)
        events = known.events
        for customer in (0, 17, 100):
            met = events.product[events.customer == customer][::-1]
            latest = list(dict.fromkeys(met.tolist()))[:3]
            assert texts[customer] == "; ".join(known.products.text[latest])

    def test_who_did_nothing_has_nothing_to_tell(self):
        known = SHOP.before(AS_OF).in_order()
        returned = replace(known.events, kind=np.full(len(known.events), RETURN, dtype=np.int8))
        texts = history_texts(replace(known, events=returned), most=3)
        assert set(texts) == {""}
        assert len(texts) == len(known.customers)


class TestPastPairs:
    def test_half_were_bought_and_their_weights_undo_it(self):
        known = SHOP.before(AS_OF).in_order()
        pairs = past_pairs(known, as_of=AS_OF, count=300, most=3, rng=np.random.default_rng(0))
        assert pairs.bought.mean() == pytest.approx(0.5)
        share = np.average(pairs.bought, weights=pairs.weight)
        assert 0.05 < share < 0.15  # a third of the customers are fans, of whom 3 in 10 buy


class TestConfusion:
    def test_counts_and_shares(self):
        said = np.array([True, True, True, False, False])
        true = np.array([True, True, False, True, False])
        assert Confusion.of(said, true=true).as_dict() == {
            "true_positive": 2,
            "false_positive": 1,
            "false_negative": 1,
            "true_negative": 1,
            "precision": 0.6667,
            "recall": 0.6667,
            "f1": 0.6667,
        }

    def test_nothing_said_gives_no_precision(self):
        nothing = np.zeros(3, dtype=bool)
        assert Confusion.of(nothing, true=~nothing).f1 == 0


class TestLearners:
    def test_each_is_found_by_the_name_on_its_card(self):
        for learner in LEARNERS.values():
            assert learner_named(learner.name) is learner

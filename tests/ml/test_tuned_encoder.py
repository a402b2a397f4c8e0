"""Encoders tuned on what is wanted together: what they learn from, and what they keep."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from launchopt_ml.encoder import PREFIX_FILE, encoder_from
from launchopt_ml.encoders import tuned
from launchopt_ml.encoders.pairs import TooFewPairs, Wishes
from launchopt_ml.encoders.quantised import write_int8
from launchopt_ml.encoders.tuned import contrast, write_tuned
from launchopt_ml.interest.episodes import past_episodes
from launchopt_ml.shop import days
from tests.ml.shops import START, TOPICS, shop_of_tastes, with_more_events
from tests.ml.test_encoders import read, small_bert

AS_OF = START + days(200)


@pytest.fixture(scope="module")
def shop():
    """Sixty products were there from the beginning; so they are established."""
    made = shop_of_tastes(customers=90, products=60)
    return replace(made, products=replace(made.products, new_at=np.full(60, START)))


@pytest.fixture
def small(tmp_path):
    """The folder of a small BERT."""
    return small_bert(tmp_path / "small")


@pytest.fixture
def short(monkeypatch):
    """Steps of few pairs, and wide ones: a network by chance means nothing worth staying near."""
    monkeypatch.setattr(tuned, "PAIRS", 8)
    monkeypatch.setattr(tuned, "STAY", 0.0)
    monkeypatch.setattr(tuned, "RATES", dict.fromkeys(tuned.METHODS, 1e-2))


def topic_of(text):
    return next(n for n, topic in enumerate(TOPICS) if text.split()[0] in topic.split())


class TestWishes:
    def test_pairs_are_of_customers_who_wanted_both_and_no_product_comes_twice(self, shop):
        wishes = Wishes.of(shop, as_of=AS_OF)
        wanted = {
            customer: set(wishes.product[wishes.customer == customer].tolist())
            for customer in np.unique(wishes.customer)
        }
        pairs = wishes.pairs(8, rng=np.random.default_rng(0))
        assert len(pairs)
        assert len(np.unique(pairs)) == pairs.size
        for pair in pairs.tolist():
            assert any(set(pair) <= products for products in wanted.values())

    def test_nothing_from_as_of_on_matters(self, shop):
        later = with_more_events(shop, after=AS_OF, count=500, seed=1)
        one, other = (Wishes.of(some, as_of=AS_OF) for some in (shop, later))
        np.testing.assert_array_equal(one.product, other.product)
        np.testing.assert_array_equal(one.text, other.text)

    def test_launches_that_interest_learns_from_are_left_alone(self):
        growing = shop_of_tastes(customers=90, products=120)
        first = min(episode.as_of for episode in past_episodes(growing, as_of=AS_OF))
        established = growing.products.text[growing.new_at < first]
        assert set(Wishes.of(growing, as_of=AS_OF).text) <= set(established)

    def test_says_that_there_are_too_few(self):
        with pytest.raises(TooFewPairs, match="too few"):
            Wishes.of(shop_of_tastes(customers=3, products=6), as_of=AS_OF)


class TestContrast:
    def test_is_nothing_where_partners_agree_and_others_do_not(self):
        said = torch.eye(4).repeat(2, 1)
        assert contrast(said) < 1e-6
        assert contrast(torch.cat([said[:4], said[:4].roll(1, 0)])) > 10


@pytest.mark.usefixtures("short")
class TestTuned:
    @pytest.mark.parametrize(("method", "times"), [("lora", 1.5), ("adalora", 1.5), ("prefix", 1)])
    def test_draws_together_what_is_wanted_together(self, shop, small, tmp_path, method, times):
        card = write_tuned(small, tmp_path / "t", shop=shop, as_of=AS_OF, method=method, steps=40)
        assert 0 < card["trained_weights"] < 40_000
        texts = shop.products.text.tolist()
        topics = np.array([topic_of(text) for text in texts])
        same = topics[:, None] == topics[None, :]
        apart = [_apart(read(folder, texts), same) for folder in (small, tmp_path / "t")]
        assert apart[1] > times * apart[0] > 0

    def test_is_the_same_under_the_same_seed(self, shop, small, tmp_path):
        for name in ("a", "b"):
            write_tuned(small, tmp_path / name, shop=shop, as_of=AS_OF, steps=2, seed=3)
        texts = shop.products.text[:5].tolist()
        np.testing.assert_array_equal(read(tmp_path / "a", texts), read(tmp_path / "b", texts))

    def test_a_prefix_says_the_same_through_peft_and_packed_also_in_int8(
        self,
        shop,
        small,
        tmp_path,
        monkeypatch,
    ):
        kept = []
        monkeypatch.setattr(tuned, "prefix_of", lambda model: kept.append(model) or whole(model))
        whole = prefix_of
        write_tuned(small, tmp_path / "p", shop=shop, as_of=AS_OF, method="prefix", steps=2)
        texts = shop.products.text[:7].tolist()
        encoder = encoder_from(tmp_path / "p", name="p")
        batch = tuned.padded(encoder.tokenizer, texts)
        with torch.inference_mode():
            said = torch.nn.functional.normalize(tuned.padded_means(kept[0], batch), dim=1)
        np.testing.assert_allclose(encoder.encode(texts), said.numpy(), atol=1e-5)
        write_int8(tmp_path / "p", tmp_path / "q")
        assert (tmp_path / "q" / PREFIX_FILE).exists()
        assert (read(tmp_path / "q", texts) * said.numpy()).sum(1).min() > 0.99

    def test_a_prefix_begins_without_changing_much(self, shop, small, tmp_path, monkeypatch):
        monkeypatch.setitem(tuned.RATES, "prefix", 0.0)
        write_tuned(small, tmp_path / "p", shop=shop, as_of=AS_OF, method="prefix", steps=1)
        texts = shop.products.text[:9].tolist()
        assert (read(small, texts) * read(tmp_path / "p", texts)).sum(1).min() > 0.9


prefix_of = tuned.prefix_of


def _apart(vectors, same):
    """How much nearer texts of one topic are than those of two."""
    cosine = vectors @ vectors.T
    return cosine[same].mean() - cosine[~same].mean()

"""What benchmarks rest on: cases kept apart, generated histories, peers that obey the split."""

import numpy as np
import pytest

from benchmarks import shops
from benchmarks.cold_start.lightgbm_peer import FEATURES, LightGBMPeer, Plain
from benchmarks.cold_start.votes import MiniLMVotes, MiniLMVotesActivity, VotesTimesActivity
from benchmarks.scale.histories import Size, end, generated, some_customers
from launchopt_ml.interest.protocol import predict
from launchopt_ml.shop import Shop
from tests.ml.shops import with_more_events
from tests.ml.test_interest import AS_OF, LAUNCH, NEW, SHOP


class TestCases:
    @pytest.mark.parametrize("name", shops.SHOPS)
    def test_what_things_are_chosen_on_is_over_before_the_test(self, name):
        (test,) = shops.cases([name], is_test=True)
        chosen_on = shops.cases([name], is_test=False)
        assert chosen_on
        assert all(case.episode.until <= test.episode.as_of for case in chosen_on)

    def test_names_the_file_that_is_absent(self, monkeypatch, tmp_path):
        monkeypatch.setenv("LAUNCHOPT_DATA", str(tmp_path))
        with pytest.raises(shops.NoData, match=r"online_retail\.csv\.gz"):
            shops.shop("online_retail")


class TestPeers:
    @pytest.mark.parametrize(
        "peer", [LightGBMPeer, MiniLMVotes, MiniLMVotesActivity, VotesTimesActivity]
    )
    def test_find_the_customers_whose_taste_it_is_by_nothing_after_as_of(self, peer):
        later = with_more_events(SHOP, after=AS_OF, count=300, seed=2)
        found = []
        for shop in (SHOP, later):
            ids, scores = predict(peer().fit(shop, as_of=AS_OF, seed=1), shop, LAUNCH)
            found.append(scores)
        np.testing.assert_array_equal(*found)
        taste = np.array([int(name[1:]) % 3 for name in ids])
        topic = np.array([int(sku[1:]) % 3 for sku in NEW.sku])
        fans = taste[:, None] == topic[None, :]
        assert found[0][fans].mean() > 2 * found[0][~fans].mean()

    def test_the_plain_features_are_those_that_are_named(self):
        block = Plain.of(SHOP, LAUNCH).block(slice(0, 5))
        assert block.shape == (5, len(NEW), len(FEATURES))
        price = block[:, :, FEATURES.index("price")]
        np.testing.assert_allclose(price, np.log(10.0), rtol=1e-6)


class TestGeneratedHistories:
    def test_are_a_shop_whose_products_sell_only_once_they_are_there(self, monkeypatch):
        shop, new = self.made(monkeypatch)
        assert isinstance(shop, Shop)  # its events are sorted, or it would not be one
        events = shop.events
        assert (events.time >= shop.products.new_at[events.product] - np.timedelta64(1, "s")).all()
        assert events.time[-1] < end()
        assert (new.new_at == end()).all()
        assert len(new) == 3

    def test_a_sample_keeps_all_that_its_customers_did(self, monkeypatch):
        shop, _ = self.made(monkeypatch)
        sample = some_customers(shop, count=50, rng=np.random.default_rng(1))
        kept = np.isin(shop.customers.id[shop.events.customer], sample.customers.id)
        assert len(sample.customers) == 50
        assert sample.customers.id[sample.events.customer].tolist() == (
            shop.customers.id[shop.events.customer[kept]].tolist()
        )

    def made(self, monkeypatch):
        monkeypatch.setattr(
            "benchmarks.scale.histories.embedded", lambda texts: np.zeros((len(texts), 0))
        )
        return generated(Size(400, 80, 3), rng=np.random.default_rng(0))

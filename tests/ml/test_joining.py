"""A newcomer joins a list that stands as if it had been there when the list was made."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_ml.recommendation.exploration import hashed
from launchopt_ml.recommendation.joining import Newcomers, Standing, joined
from launchopt_ml.recommendation.lists import Recommender
from launchopt_ml.recommendation.places import NOTHING
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.recommendation.seating import Seats
from tests.ml.test_recommendation import AS_OF, BOUGHT, DAY, TEXTS, days, shop_of

COUNT, EVERY = 6, 3
TODAY = int(AS_OF.astype("datetime64[D]").astype(np.int64))
NAN = float("nan")


def standing(*rows, customers=("anna",)):
    """Lists of (product, score, propensity)."""
    product, score, propensity = np.array(rows, dtype=float).transpose(2, 0, 1)
    return Standing(
        Seats(product.astype(int), score, propensity),
        propensity > 0,
        hashed(customers),
        np.full(len(rows), TODAY),
    )


def join(stands, product, chance, *, count=COUNT, every=EVERY):
    hashes = hashed(map(str, range(100)))
    newcomers = Newcomers(np.atleast_1d(product), np.atleast_2d(chance))
    return joined(stands, newcomers, hashes=hashes, count=count, every=every)


RANKED = [(place, 0.5 - place / 10, NAN) for place in range(1, 5)]


class TestJoined:
    def test_by_its_chance_it_pushes_the_others_down(self):
        seats = join(standing(RANKED), 9, 0.35, count=4, every=0)
        assert seats.product.tolist() == [[1, 9, 2, 3]]
        assert seats.score[0] == pytest.approx([0.4, 0.35, 0.3, 0.2])

    def test_of_equal_ones_who_stood_before_stays_before(self):
        assert join(standing(RANKED), 9, 0.3, count=4, every=0).product.tolist() == [[1, 2, 9, 3]]

    def test_where_it_ranks_nowhere_it_is_drawn(self):
        seats = join(standing(RANKED), 9, 0.001, count=4, every=4)
        assert seats.product.tolist() == [[1, 2, 3, 9]]
        assert seats.propensity[0, 3] == 1  # nobody else was in the draw

    def test_without_a_place_for_what_is_drawn_it_stays_out(self):
        assert join(standing(RANKED), 9, 0.001, count=4, every=0).product.tolist() == [[1, 2, 3, 4]]

    def test_a_short_list_grows(self):
        seats = join(standing(RANKED[:2]), [8, 9], [0.35, 0.01], count=6, every=0)
        assert seats.product.tolist() == [[1, 8, 2, 9, NOTHING, NOTHING]]

    def test_who_has_no_chance_or_stands_there_already_changes_nothing(self):
        stands = standing(RANKED)
        for product, chance in ((9, 0.0), (2, 0.9)):
            seats = join(stands, product, chance, count=4, every=4)
            assert seats.product.tolist() == stands.seats.product.tolist()

    def test_who_stays_drawn_is_told_the_smaller_propensity(self):
        drawn_alone = [*RANKED[:2], (7, 0.1, 1.0)]
        seats = join(standing(drawn_alone), 9, 0.0999, count=3, every=3)
        assert seats.propensity[0, 2] == pytest.approx(0.5, abs=0.001)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(1e-5, 0.4), min_size=1, max_size=6, unique_by=lambda x: round(x, 6)),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.2, 0.34, 0.5]),
)
def test_the_lists_are_those_that_would_have_been_made_with_it(chances, joining, exploration):
    joining = min(joining, len(chances))
    new = [f"new-{place}" for place in range(len(chances))]
    texts = TEXTS | {sku: f"unlike {sku}" for sku in new}
    chance = dict(zip(new, chances, strict=True))
    made_before = lists_of(texts, chance, without=new[:joining], exploration=exploration)
    made_after = lists_of(texts, chance, without=[], exploration=exploration)
    skus = sorted(texts)
    seats = joined(
        made_before,
        Newcomers(
            np.array([skus.index(sku) for sku in new[:joining]]),
            np.tile(np.round([chance[sku] for sku in new[:joining]], 9), (6, 1)),
        ),
        hashes=hashed(skus),
        count=COUNT,
        every=Weights(exploration=exploration).every,
    )
    assert seats.product.tolist() == made_after.seats.product.tolist()
    assert seats.propensity == pytest.approx(made_after.seats.propensity, nan_ok=True, rel=1e-3)


def lists_of(texts, chance, *, without, exploration):
    """Everybody's list as (6, COUNT), in places among all texts."""
    skus = sorted(texts)
    shop = shop_of(BOUGHT, texts=texts, new_at=dict.fromkeys(chance, DAY + days(9)))
    interest = sp.lil_matrix((6, len(texts)))
    for sku, value in chance.items():
        interest[:, skus.index(sku)] = value
    made = Recommender.of(
        shop,
        as_of=AS_OF,
        interest=interest.tocsr(),
        sellable=~np.isin(skus, without),
        weights=Weights(exploration=exploration, sameness=0),
    )
    place = np.array([skus.index(sku) for sku in made.known.products.sku.tolist()])
    seats = Seats(np.full((6, COUNT), NOTHING), np.zeros((6, COUNT)), np.full((6, COUNT), np.nan))
    is_new = np.zeros((6, COUNT), dtype=bool)
    for block in made.lists(np.arange(6), count=COUNT):
        at = (block.customer, block.rank - 1)
        seats.product[at], seats.score[at] = place[block.product], block.score
        seats.propensity[at], is_new[at] = block.propensity, block.is_new
    return Standing(seats, is_new, hashed(made.known.customers.id.tolist()), np.full(6, TODAY))

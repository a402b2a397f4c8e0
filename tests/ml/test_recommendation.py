"""Lists come from what was known, show nothing that must not be shown, and give true reasons."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_core.reasons import DEEDS, SOURCES
from launchopt_ml.recommendation.chances import Ranker
from launchopt_ml.recommendation.learning import lesson
from launchopt_ml.recommendation.lists import Lists, Recommender
from launchopt_ml.recommendation.ranking import Weights, diverse_order
from launchopt_ml.recommendation.trial import ALONE, NobodyBought, trial
from launchopt_ml.shop import KINDS, Customers, Events, Products, Shop, days, instant
from tests.ml.shops import START, shop_of_tastes, with_more_events

DAY = instant("2026-03-01T00:00:00+00:00")
TEXTS = {
    "cup-red": "red tea cup",
    "cup-blue": "blue tea cup",
    "cup-green": "green tea cup",
    "tent": "camping tent for two",
    "bag": "camping sleeping bag",
    "stove": "camping stove",
    "globe": "light blue globe",
    "cup-new": "white tea cup",
}


def shop_of(events, *, customers="abcdef", texts=TEXTS, new_at=None):
    """Events as (customer, sku, kind, day)."""
    skus = sorted(texts)
    events = sorted(events, key=lambda event: event[3])
    never = np.datetime64("NaT", "us")
    return Shop(
        Products(
            sku=np.array(skus),
            text=np.array([texts[sku] for sku in skus], dtype=object),
            category=np.full(len(skus), ""),
            price=np.full(len(skus), 5.0),
            new_at=np.array(
                [(new_at or {}).get(sku, never) for sku in skus], dtype="datetime64[us]"
            ),
            embedding=np.zeros((len(skus), 0), dtype=np.float32),
        ),
        Customers(np.array(list(customers)), np.full(len(customers), never)),
        Events(
            customer=np.array([customers.index(e[0]) for e in events], dtype=np.int32),
            product=np.array([skus.index(e[1]) for e in events], dtype=np.int32),
            kind=np.array([KINDS.index(e[2]) for e in events], dtype=np.int8),
            quantity=np.ones(len(events), dtype=np.float32),
            price=np.full(len(events), 5, dtype=np.float32),
            time=np.array([DAY + days(e[3]) for e in events], dtype="datetime64[us]"),
        ),
    )


BOUGHT = [
    ("a", "cup-red", "purchase", 1),
    ("a", "tent", "purchase", 2),
    ("b", "tent", "purchase", 3),
    ("b", "stove", "purchase", 4),
    ("c", "tent", "purchase", 5),
    ("c", "stove", "purchase", 6),
    ("d", "cup-blue", "purchase", 7),
    ("e", "cup-green", "purchase", 8),
    ("e", "bag", "purchase", 9),
    ("f", "globe", "purchase", 9),
]
NEW = {"cup-new": DAY + days(9.5)}
AS_OF = DAY + days(10)


def entries(shop, *, count=10, only_new=False, **options):
    """{customer: [(sku, source, named skus, deed, score, is_new), ...]} in order of rank."""
    made = Recommender.of(shop, as_of=AS_OF, **options)
    everyone = np.arange(len(made.known.customers))
    sku, result = made.known.products.sku, {}
    for lists in made.lists(everyone, count=count, only_new=only_new):
        for row in range(len(lists)):
            named = [str(sku[place]) for place in lists.named[row] if place >= 0]
            result.setdefault(str(made.known.customers.id[lists.customer[row]]), []).append(
                (
                    str(sku[lists.product[row]]),
                    SOURCES[lists.source[row]],
                    named,
                    DEEDS[lists.deed[row]] if named else None,
                    float(lists.score[row]),
                    bool(lists.is_new[row]),
                )
            )
    return result


def skus(rows):
    return [row[0] for row in rows]


class TestWhatIsShown:
    def test_what_others_bought_with_it_comes_first(self):
        first = entries(shop_of(BOUGHT))["a"][0]
        assert first[:4] == ("stove", "co_purchase", ["tent"], "purchase")

    def test_nothing_that_was_bought_is_shown(self):
        for customer, rows in entries(shop_of(BOUGHT, new_at=NEW)).items():
            mine = {sku for who, sku, *_ in BOUGHT if who == customer}
            assert mine.isdisjoint(skus(rows))

    def test_what_cannot_be_sold_is_not_shown(self):
        shop = shop_of(BOUGHT)
        sellable = shop.products.sku != "stove"
        shown = {sku for rows in entries(shop, sellable=sellable).values() for sku in skus(rows)}
        assert "stove" not in shown
        assert "cup-blue" in shown

    def test_a_customer_without_history_sees_what_is_popular(self):
        shop = shop_of([*BOUGHT, ("f", "globe", "exposure", 9)], customers="abcdefg")
        shop = replace(shop, customers=replace(shop.customers, joined_at=np.full(7, DAY)))
        rows = entries(shop)["g"]
        assert {row[1] for row in rows} == {"popularity"}
        assert all(not row[2] for row in rows)

    def test_one_customer_with_many_orders_makes_nothing_popular(self):
        many = [("f", "globe", "purchase", 9 + place / 100) for place in range(50)]
        made = Recommender.of(shop_of([*BOUGHT, *many]), as_of=AS_OF)
        popular = dict(zip(made.known.products.sku.tolist(), made.popularity, strict=True))
        assert popular["stove"] > popular["globe"]

    def test_an_empty_shop_gives_no_lists(self):
        made = Recommender.of(shop_of([], texts={}), as_of=AS_OF)
        assert list(made.lists(np.arange(0), count=10)) == []

    def test_a_shop_without_products_gives_empty_lists(self):
        shop = shop_of([], texts={})
        shop = replace(shop, customers=replace(shop.customers, joined_at=np.full(6, DAY)))
        made = Recommender.of(shop, as_of=AS_OF)
        assert sum(map(len, made.lists(np.arange(6), count=10))) == 0

    def test_long_lists_hold_every_product_once(self):
        texts = {f"sku-{place:03}": f"thing {place}" for place in range(200)}
        bought = [("a", "sku-000", "purchase", 1), ("b", "sku-000", "purchase", 1)]
        shop = shop_of(bought, texts=texts, new_at=dict.fromkeys(texts, DAY))
        for rows in entries(shop, count=1000).values():
            assert sorted(skus(rows)) == sorted(texts)[1:]

    def test_scores_never_rise_with_the_rank(self):
        for rows in entries(shop_of(BOUGHT, new_at=NEW)).values():
            scores = [row[4] for row in rows]
            assert scores == sorted(scores, reverse=True)


class TestNewProducts:
    def test_one_in_five_entries_is_new(self):
        shop = shop_of(BOUGHT, new_at=NEW)
        for rows in entries(shop, count=5).values():
            assert sum(row[5] for row in rows) == 1
            assert len(set(skus(rows))) == len(rows)

    def test_the_reason_of_a_new_one_is_what_it_resembles(self):
        rows = entries(shop_of(BOUGHT, new_at=NEW))
        assert next(row for row in rows["d"] if row[5])[:4] == (
            "cup-new",
            "content",
            ["cup-blue"],
            "purchase",
        )

    def test_a_list_of_new_ones_holds_nothing_else(self):
        rows = entries(shop_of(BOUGHT, new_at=NEW), only_new=True)
        assert {sku for some in rows.values() for sku in skus(some)} == {"cup-new"}

    def test_a_new_one_is_never_called_popular(self):
        rows = entries(shop_of(BOUGHT, new_at=NEW))
        assert all(row[1] != "popularity" for some in rows.values() for row in some if row[5])

    def test_one_not_on_sale_before_the_instant_is_unknown(self):
        rows = entries(shop_of(BOUGHT, new_at={"cup-new": AS_OF}))
        assert "cup-new" not in {sku for some in rows.values() for sku in skus(some)}

    def test_predicted_interest_decides_among_new_ones(self):
        texts = TEXTS | {"new-1": "unlike anything", "new-2": "something else"}
        new_at = {"new-1": DAY + days(9), "new-2": DAY + days(9)}
        shop = shop_of(BOUGHT, texts=texts, new_at=new_at)
        interest = sp.lil_matrix((6, len(texts)))
        interest[0, sorted(texts).index("new-2")] = 0.3
        rows = entries(shop, interest=interest.tocsr(), only_new=True)
        assert skus(rows["a"])[0] == "new-2"
        assert rows["a"][0][1] == "interest"
        mixed = entries(shop, interest=interest.tocsr(), count=5)["a"]
        assert [row[0] for row in mixed if row[5]] == ["new-2"]

    @pytest.mark.parametrize(("chance", "come_first"), [(0.3, 4), (1e-6, 0)])
    def test_a_new_one_stands_where_its_chance_puts_it(self, chance, come_first):
        texts = TEXTS | {f"new-{place}": f"unlike {place}" for place in range(9)}
        shop = shop_of(BOUGHT, texts=texts, new_at=dict.fromkeys(texts, DAY + days(9)))
        interest = sp.lil_matrix((6, len(texts)))
        interest[:, [place for place, sku in enumerate(sorted(texts)) if "new-" in sku]] = chance
        rows = entries(shop, interest=interest.tocsr(), count=5)
        for some in rows.values():
            assert sum(sku.startswith("new-") for sku in skus(some[:4])) == come_first


class TestOpinions:
    def test_a_disliked_product_vanishes_and_its_like_sink(self):
        before = skus(entries(shop_of(BOUGHT))["d"])
        after = skus(entries(shop_of([*BOUGHT, ("d", "cup-red", "dislike", 9.9)]))["d"])
        assert "cup-red" in before
        assert "cup-red" not in after
        assert before.index("cup-green") < before.index("stove")
        assert "cup-green" not in after or after.index("cup-green") > after.index("stove")

    def test_a_liked_product_pulls_what_is_like_it(self):
        before = skus(entries(shop_of(BOUGHT))["f"])
        after = skus(entries(shop_of([*BOUGHT, ("f", "tent", "like", 9.9)]))["f"])
        assert after.index("stove") < before.index("stove")

    def test_the_last_word_counts(self):
        changed = [("d", "cup-red", "dislike", 9.8), ("d", "cup-red", "like", 9.9)]
        assert "cup-red" in skus(entries(shop_of([*BOUGHT, *changed]))["d"])

    def test_what_was_returned_speaks_for_nothing(self):
        rows = entries(shop_of([*BOUGHT, ("a", "tent", "return", 9)]))["a"]
        assert all("tent" not in row[2] for row in rows)
        assert "tent" not in skus(rows)

    def test_what_is_in_the_cart_is_its_own_reason(self):
        rows = entries(shop_of([*BOUGHT, ("f", "bag", "cart", 9.9)]))["f"]
        assert rows[0][:4] == ("bag", "content", ["bag"], "cart")


HISTORY = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(sorted(TEXTS)),
        st.sampled_from(KINDS),
        st.integers(0, 9),
    ),
    max_size=40,
)
LATER = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(sorted(TEXTS)),
        st.sampled_from(KINDS),
        st.integers(10, 20),
    ),
    max_size=10,
)


class TestLaws:
    @settings(max_examples=60, deadline=None)
    @given(HISTORY, LATER)
    def test_nothing_after_the_instant_matters(self, history, later):
        assert entries(shop_of(history)) == entries(shop_of([*history, *later]))

    @settings(max_examples=60, deadline=None)
    @given(HISTORY)
    def test_every_reason_names_what_the_customer_really_did(self, history):
        done = {(who, sku, "view" if kind == "click" else kind) for who, sku, kind, _ in history}
        for customer, rows in entries(shop_of(history)).items():
            for row in rows:
                assert all((customer, sku, row[3]) in done for sku in row[2])

    @settings(max_examples=60, deadline=None)
    @given(HISTORY)
    def test_nothing_bought_or_disliked_is_ever_shown(self, history):
        for customer, rows in entries(shop_of(history)).items():
            own = [event for event in history if event[0] == customer]
            bought = {sku for _, sku, kind, _ in own if kind == "purchase"}
            disliked = {sku for _, sku, kind, _ in own if kind == "dislike"}
            liked = {sku for _, sku, kind, _ in own if kind == "like"}
            assert (bought | (disliked - liked)).isdisjoint(skus(rows))

    @settings(max_examples=30, deadline=None)
    @given(HISTORY, st.permutations("abcdef"))
    def test_the_order_of_customers_does_not_matter(self, history, order):
        assert entries(shop_of(history)) == entries(shop_of(history, customers="".join(order)))


class TestDiverseOrder:
    def test_the_like_of_an_entry_above_gives_way(self):
        score = np.array([[1.0, 0.95, 0.9]])
        vectors = np.array([[[1, 0], [1, 0], [0, 1]]], dtype=np.float32)
        chosen, worth = diverse_order(score, vectors, count=3, sameness=0.2)
        assert chosen.tolist() == [[0, 2, 1]]
        assert worth[0].tolist() == pytest.approx([1.0, 0.9, 0.75])

    def test_without_vectors_the_score_decides(self):
        chosen, _ = diverse_order(
            np.array([[0.1, 0.3, 0.2]]), np.zeros((1, 3, 0), np.float32), count=3, sameness=0.5
        )
        assert chosen.tolist() == [[1, 2, 0]]


class TestTrial:
    def test_what_is_bought_together_is_found(self):
        later = [("a", "stove", "purchase", 11)]
        found = trial(
            shop_of([*BOUGHT, *later]),
            as_of=AS_OF,
            horizon_days=5,
            ways={"merged": Weights(), **ALONE},
            k=1,
        )["all"]
        assert found["merged"].customers == 1
        assert found["co_purchase"].hit_rate == found["co_purchase"].ndcg == 1
        assert found["co_purchase"].recall == 1

    def test_warm_and_cold_products_are_judged_apart(self):
        later = [("d", "cup-new", "purchase", 12), ("a", "stove", "purchase", 12)]
        long_ago = [("b", "globe", "purchase", -60), ("b", "stove", "purchase", -50)]
        found = trial(
            shop_of([*long_ago, *BOUGHT, *later]),
            as_of=AS_OF,
            horizon_days=5,
            ways={"merged": Weights(exploration=0)},
        )
        customers = {group: by_way["merged"].customers for group, by_way in found.items()}
        assert customers == {"all": 2, "warm": 1, "cold": 1}
        assert {by_way["merged"].hit_rate for by_way in found.values()} == {1}

    def test_a_model_of_interest_decides_among_the_cold(self):
        texts = TEXTS | {"new-1": "unlike anything", "new-2": "something else"}
        later = [("a", "new-2", "purchase", 12), ("b", "new-1", "purchase", 12)]
        found = trial(
            shop_of([*BOUGHT, *later], texts=texts),
            as_of=AS_OF,
            horizon_days=5,
            ways={"interest": ALONE["interest"]},
            interest=OnlySku("new-2"),
            k=1,
        )
        assert found["cold"]["interest"].ndcg_each.tolist() == [1, 0]

    def test_refuses_a_horizon_in_which_nobody_bought(self):
        with pytest.raises(NobodyBought):
            trial(shop_of(BOUGHT), as_of=AS_OF, horizon_days=5, ways={"merged": Weights()})


class OnlySku:
    """A model that is sure of one product, as its own session."""

    def __init__(self, sku):
        self.sku = sku

    def prepare(self, shop, launch):
        self.customers = shop.before(launch.as_of).in_order().customers.id
        self.is_it = launch.products.sku == self.sku
        return self

    def score(self, rows):
        return np.tile(np.where(self.is_it, 0.9, 0.1), (len(self.customers[rows]), 1))


class TestLesson:
    def test_a_ranker_learned_where_high_scores_come_true_foresees_more(self):
        learned = lesson(shop_of_tastes(customers=240, products=120), as_of=START + days(220))
        assert learned.is_better
        assert learned.ranker.score > 0
        assert learned.bought > 200

    def test_nothing_is_learned_from_a_shop_that_sold_little(self):
        assert lesson(shop_of(BOUGHT), as_of=AS_OF) is None
        assert lesson(shop_of([], texts={}), as_of=AS_OF) is None

    def test_nothing_after_the_instant_matters(self):
        shop = shop_of_tastes(customers=120, products=120)
        more = with_more_events(shop, after=START + days(200), count=500, seed=1)
        as_of = START + days(200)
        assert lesson(shop, as_of=as_of) == lesson(more, as_of=as_of)


class TestRanker:
    def test_a_score_and_its_chance_are_each_others_inverse(self):
        ranker, offset = Ranker(), np.array([[-6.0], [-2.0]])
        score = np.array([[0.0, 1.5], [2.0, 3.0]])
        chance = ranker.chance(score, offset=offset)
        assert ranker.score_of(chance, offset=offset) == pytest.approx(score)

    def test_its_numbers_survive_a_card(self):
        ranker = Ranker(intercept=-7.5, score=1.1)
        assert Ranker.from_dict(ranker.as_dict()) == ranker


def test_entries_are_columns_of_one_length():
    lists = next(Recommender.of(shop_of(BOUGHT), as_of=AS_OF).lists(np.arange(6), count=3))
    assert isinstance(lists, Lists)
    assert (len(lists), lists.rank.max()) == (18, 3)

"""Personas come from declared data and behaviour before an instant; nothing is guessed."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_ml.personas import Declared, gallery
from launchopt_ml.shop import KINDS, Customers, Events, Products, Shop, days, instant

DAY = instant("2026-03-01T00:00:00+00:00")
AS_OF = DAY + days(10)
TITLES = {
    "A": ("Brass kettle", "Kitchen", 30.0),
    "B": ("Copper kettle", "Kitchen", 60.0),
    "C": ("Camping tent", "Outdoor", 200.0),
    "D": ("Tea towel", "Kitchen", 4.0),
    "E": ("Paper napkin", "Kitchen", 2.0),
    "F": ("Rope", "Outdoor", 8.0),
}
CUSTOMERS = ("anna", "ben", "cleo", "dora")
DECLARED = Declared(
    birth_year=np.array([1990, 0, 2015, 1950]),
    gender=np.array(["F", "", "who knows", "m"]),
    time_zone=np.array(["Asia/Shanghai", "", "No/Where", "America/New_York"]),
    interests=np.array(["", "", "", "outdoor, Fishing"]),
)
EVENTS = [
    ("anna", "A", "purchase", 1.5, 2),
    ("anna", "B", "view", 2.5, 1),
    ("anna", "D", "purchase", 9.5, 1),
    ("ben", "C", "purchase", 3.25, 1),
    ("ben", "F", "purchase", 3.25, 80_995),
]


def shop_of(events):
    events = sorted(events, key=lambda event: event[3])
    skus = sorted(TITLES)
    return Shop(
        Products(
            sku=np.array(skus),
            text=np.array([TITLES[sku][0] for sku in skus], dtype=object),
            category=np.array([TITLES[sku][1] for sku in skus]),
            price=np.array([TITLES[sku][2] for sku in skus]),
            new_at=np.full(len(skus), DAY),
            embedding=np.zeros((len(skus), 0), dtype=np.float32),
        ),
        Customers(np.array(CUSTOMERS), np.full(len(CUSTOMERS), DAY)),
        Events(
            customer=np.array([CUSTOMERS.index(e[0]) for e in events], dtype=np.int32),
            product=np.array([skus.index(e[1]) for e in events], dtype=np.int32),
            kind=np.array([KINDS.index(e[2]) for e in events], dtype=np.int8),
            quantity=np.array([e[4] for e in events], dtype=np.float32),
            price=np.array([TITLES[e[1]][2] for e in events], dtype=np.float32),
            time=np.array([DAY + days(e[3]) for e in events], dtype="datetime64[us]"),
        ),
    )


def drawn(events=EVENTS, *, declared=DECLARED, zone="Europe/London"):
    shop = shop_of(events)
    titles = [TITLES[sku][0] for sku in sorted(TITLES)]
    made = gallery(shop, declared=declared, titles=titles, as_of=AS_OF, zone=zone)
    return {portrait.customer: portrait for portrait in made.portraits}


def names(portrait, kind):
    return [interest["name"] for interest in portrait.interests if interest["kind"] == kind]


class TestDeclared:
    def test_only_what_was_declared_is_told(self):
        people = drawn()
        assert [people[name].age_band for name in CUSTOMERS] == ["35-44", "", "under 18", "65+"]
        assert [people[name].gender for name in CUSTOMERS] == ["female", "", "", "male"]

    def test_declared_data_changes_nothing_that_was_done(self):
        nothing = replace(
            DECLARED, birth_year=np.zeros(4, dtype=int), gender=np.array(["", "", "", ""])
        )
        for name, portrait in drawn(declared=nothing).items():
            assert (portrait.age_band, portrait.gender) == ("", "")
            assert portrait.interests == drawn()[name].interests

    def test_declared_interests_are_told_and_not_what_was_guessed(self):
        bought = [*EVENTS, ("dora", "A", "purchase", 4.5, 1)]
        dora = drawn(bought)["dora"]
        assert names(dora, "category") == ["Outdoor"]
        assert names(dora, "term") == ["fishing"]


class TestBehaviour:
    def test_interests_are_what_was_bought_and_looked_at(self):
        people = drawn()
        assert names(people["anna"], "category") == ["Kitchen"]
        assert names(people["ben"], "category") == ["Outdoor"]
        assert "towel" in names(people["anna"], "term")
        assert set(names(people["ben"], "term")) == {"camping", "tent", "rope"}
        weights = [i["weight"] for i in people["ben"].interests if i["kind"] == "term"]
        assert abs(sum(weights) - 1) < 0.001

    def test_how_many_pieces_does_not_decide_interests(self):
        fewer = [(*event[:4], 1) for event in EVENTS]
        assert drawn(fewer)["ben"].interests == drawn()["ben"].interests

    def test_price_band_is_that_of_the_median_paid(self):
        people = drawn()
        assert people["anna"].price_band == "middle"
        assert people["ben"].price_band == "high"
        assert people["cleo"].price_band == ""

    def test_classes_are_zero_for_who_never_bought(self):
        portrait = drawn()["cleo"]
        assert (portrait.recency, portrait.frequency, portrait.monetary) == (0, 0, 0)

    def test_who_bought_later_and_oftener_is_in_the_higher_class(self):
        people = drawn()
        assert people["anna"].recency > people["ben"].recency
        assert people["anna"].frequency > people["ben"].frequency

    def test_one_enormous_row_does_not_make_its_customer_the_best(self):
        usual = [("anna", "A", "purchase", 1 + n / 500, 2) for n in range(1500)]
        many = [*usual, ("ben", "F", "purchase", 3.25, 80_995)]
        assert drawn(many)["anna"].monetary > drawn(many)["ben"].monetary


class TestActiveHours:
    def test_are_those_where_the_customer_lives(self):
        hours = drawn()["anna"].active_hours  # events at 12:00 UTC, 20:00 in Shanghai
        assert hours[20] == 1
        assert sum(hours) == 1

    def test_are_those_of_the_shop_where_the_zone_is_unknown(self):
        assert drawn(zone="Europe/Berlin")["ben"].active_hours[7] == 1  # 06:00 UTC

    def test_an_unknown_name_of_a_zone_counts_as_none(self):
        events = [*EVENTS, ("cleo", "A", "view", 4.5, 1)]
        assert drawn(events, zone="Europe/Berlin")["cleo"].active_hours[13] == 1

    def test_follow_the_clock_of_each_season(self):
        summer = [("dora", "A", "view", -200 + 0.5, 1), ("dora", "A", "view", 1.5, 1)]
        hours = drawn(summer)["dora"].active_hours
        assert hours[8] == hours[7] == 0.5  # 12:00 UTC in August and in March

    def test_what_was_shown_to_a_customer_is_no_activity(self):
        assert drawn([*EVENTS, ("cleo", "A", "exposure", 4.5, 1)])["cleo"].active_hours == []


LATER = st.lists(
    st.tuples(
        st.sampled_from(CUSTOMERS),
        st.sampled_from(sorted(TITLES)),
        st.sampled_from(KINDS),
        st.integers(10, 20),
        st.integers(1, 9),
    ),
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(LATER)
def test_nothing_after_the_instant_matters(later):
    assert drawn([*EVENTS, *later]) == drawn()

"""Who belongs to an audience: by scores, personas, declared data, activity and consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt.audiences.models import AudienceMember, Customer, InterestScore, Persona
from launchopt.audiences.rules import PARSERS, AudienceRules
from launchopt.audiences.selectors import audience_members, customers_interested_in
from launchopt.audiences.services import (
    build_audience,
    record_events,
    save_audience,
    save_customers,
)
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.operations.errors import InvalidInput
from launchopt.operations.models import ModelVersion

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def tea(db: None) -> Product:
    """Ten customers, c0 the likeliest to buy tea; all but c9 agreed to marketing."""
    save_products([{"sku": "TEA", "title": "Tea"}], now=NOW)
    tea = Product.objects.get()
    model = ModelVersion.objects.create(name="interest", created_at=NOW)
    rows = [
        {
            "external_id": f"c{n}",
            "joined_at": "2026-01-01T00:00:00Z",
            "country": "Spain" if n % 2 else "France",
            "consent.marketing": "no" if n == 9 else "yes",
        }
        for n in range(10)
    ]
    save_customers(rows, now=NOW)
    for number, customer in enumerate(Customer.objects.order_by("external_id")):
        InterestScore.objects.create(
            product=tea, customer=customer, probability=0.5 - number / 20, rank=number + 1,
            model_version=model, as_of=NOW, horizon_days=30,
        )  # fmt: skip
        Persona.objects.create(
            customer=customer, recency=1 + number // 2, frequency=1, monetary=1,
            price_band="low" if number < 5 else "high", as_of=NOW,
            interests=[{"name": "Kitchen" if number < 3 else "Garden", "kind": "category"}],
            age_band="25-34" if number == 4 else "", gender="female" if number == 5 else "",
        )  # fmt: skip
    return tea


def members(product: Product | None, as_of: datetime = NOW, **rules: Any) -> list[str]:
    found = audience_members(rules=AudienceRules.parse(rules), product=product, as_of=as_of)
    names = dict(Customer.objects.values_list("id", "external_id"))
    return [names[row["id"]] for row in found]


class TestAudienceMembers:
    def test_are_those_with_consent_the_likeliest_first(self, tea):
        assert members(tea) == [f"c{n}" for n in range(9)]

    def test_are_everybody_where_no_consent_is_asked_for(self, tea):
        assert members(tea, consent=None)[-1] == "c9"

    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            ({"probability": [0.4, 1]}, ["c0", "c1", "c2"]),
            ({"top_share": 0.2}, ["c0", "c1"]),
            ({"price_band": "high"}, ["c5", "c6", "c7", "c8"]),
            ({"price_band": ["low"], "country": "Spain"}, ["c1", "c3"]),
            ({"interests": ["Kitchen"]}, ["c0", "c1", "c2"]),
            ({"interests": ["Kitchen", "Garden"]}, [f"c{n}" for n in range(9)]),
            ({"recency": [4, 5]}, ["c6", "c7", "c8"]),
            ({"age_band": ["25-34"]}, ["c4"]),
            ({"gender": "female"}, ["c5"]),
            ({"language": "es"}, []),
        ],
    )
    def test_answer_each_rule(self, tea, rules, expected):
        assert members(tea, **rules) == expected

    def test_active_since_counts_events_before_the_instant_only(self, tea):
        view = {"kind": "view", "sku": "TEA"}
        record_events(
            [
                view | {"customer": "c1", "occurred_at": "2026-03-05T00:00:00Z"},
                view | {"customer": "c2", "occurred_at": "2026-03-20T00:00:00Z"},
                view | {"customer": "c3", "occurred_at": "2026-01-20T00:00:00Z"},
            ],
            received_at=NOW,
        )
        assert members(tea, active_since="2026-03-01T00:00:00Z") == ["c1"]

    def test_no_score_made_later_is_used(self, tea):
        assert members(tea, as_of=NOW - timedelta(days=1)) == []

    def test_without_a_product_every_known_customer_is_asked(self, tea):
        InterestScore.objects.all().delete()
        assert len(members(None)) == 9
        assert members(None, as_of=datetime(2025, 1, 1, tzinfo=UTC)) == []

    def test_is_one_statement(self, tea, django_assert_num_queries):
        with django_assert_num_queries(1):
            list(
                audience_members(
                    rules=AudienceRules.parse({"top_share": 0.5, "interests": ["Kitchen"]}),
                    product=tea,
                    as_of=NOW,
                )
            )

    def test_interest_without_a_product_is_refused(self, db):
        with pytest.raises(InvalidInput, match="needs a product"):
            audience_members(rules=AudienceRules(top_share=0.1), product=None, as_of=NOW)

    def test_interested_customers_come_with_their_probability(self, tea):
        first = customers_interested_in(tea, as_of=NOW)[0]
        assert first["probability"] == 0.5


class TestBuildAudience:
    def test_stores_who_answers_in_place_of_who_answered(self, tea):
        values = {"name": "Top", "product": tea, "rules": {"top_share": 0.2}}
        audience = save_audience(values=values, now=NOW)
        audience = build_audience(audience=audience, as_of=NOW, now=NOW)
        assert audience.size == 2
        save_audience(values={"rules": {"top_share": 0.1}}, now=NOW, audience=audience)
        audience = build_audience(audience=audience, as_of=NOW, now=NOW)
        member = AudienceMember.objects.select_related("customer").get()
        assert (member.customer.external_id, member.probability) == ("c0", 0.5)
        assert (audience.size, audience.built_at) == (1, NOW)


class TestRules:
    @pytest.mark.parametrize(
        ("rules", "pointer"),
        [
            ({"probability": [0.5, 0.1]}, "/rules/probability"),
            ({"probability": [0, 2]}, "/rules/probability"),
            ({"recency": [0, 5]}, "/rules/recency"),
            ({"recency": [1.5, 2]}, "/rules/recency"),
            ({"top_share": 0}, "/rules/top_share"),
            ({"top_share": True}, "/rules/top_share"),
            ({"interests": []}, "/rules/interests"),
            ({"country": 7}, "/rules/country"),
            ({"active_since": "2026-03-01"}, "/rules/active_since"),
            ({"active_since": "2026-13-01T00:00:00Z"}, "/rules/active_since"),
            ({"consent": ""}, "/rules/consent"),
            ({"intrests": ["Kitchen"]}, "/rules/intrests"),
        ],
    )
    def test_points_at_what_is_wrong(self, rules, pointer):
        with pytest.raises(InvalidInput) as caught:
            AudienceRules.parse(rules)
        assert [error.pointer for error in caught.value.errors] == [pointer]

    def test_guesses_what_a_misspelt_rule_meant(self):
        with pytest.raises(InvalidInput, match="did you mean 'interests'"):
            AudienceRules.parse({"intrests": ["Kitchen"]})

    def test_names_every_wrong_rule(self):
        with pytest.raises(InvalidInput) as caught:
            AudienceRules.parse({"top_share": 2, "country": []})
        assert len(caught.value.errors) == 2

    @given(
        st.dictionaries(
            st.sampled_from([*PARSERS, "other"]),
            st.none()
            | st.booleans()
            | st.floats(allow_nan=True)
            | st.text(max_size=5)
            | st.lists(st.integers() | st.text(max_size=3) | st.floats(), max_size=3),
        )
    )
    def test_any_json_is_either_rules_or_named_faults(self, rules):
        pointers = set()
        try:
            AudienceRules.parse(rules)
        except InvalidInput as error:
            pointers = {fault.pointer for fault in error.errors}
        assert pointers <= {f"/rules/{name}" for name in rules}

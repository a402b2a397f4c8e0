"""Whatever is sent, the answer is one of ours: never a 500."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from launchopt.audiences.fields import EVENT_NAMES
from launchopt.audiences.models import EventKind

pytestmark = pytest.mark.django_db
REQUIRED = {"customer", "kind", "occurred_at"}
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ODD = st.sampled_from(
    ["", " ", "\0", "\ud800", "x" * 300, "é", "-1", "1e400", "2026-03-01T10:00:00Z", "\x1f", "%s"]
)
# A request takes too long to look for the smallest that fails.
quick = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def near(*names: str) -> st.SearchStrategy[dict[str, object]]:
    """Objects with most of these fields, and odd values in them."""
    return st.dictionaries(st.sampled_from([*names, "other"]), JSON | ODD, max_size=8)


@pytest.fixture
def shop(client_of):
    client = client_of("integration")
    client.raise_request_exception = False
    return client


def status_of(answer) -> int:
    assert answer.status_code < 500, answer.content[:500]
    if answer.status_code >= 400:
        assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}
    return answer.status_code


class TestOddRequests:
    @quick
    @given(
        JSON
        | st.lists(
            near("customer", "sku", "kind", "occurred_at", "quantity", "price", "value", "text")
            | st.fixed_dictionaries(
                {
                    "customer": st.just("anna") | ODD,
                    "kind": st.sampled_from(EventKind.values),
                    "occurred_at": st.just("2026-03-01T10:00:00Z") | ODD,
                },
                optional=dict.fromkeys(sorted(EVENT_NAMES - REQUIRED), JSON | ODD),
            ),
            max_size=4,
        )
    )
    def test_events_are_accounted_for(self, shop, body):
        answer = shop.post("/api/v1/events/", json.dumps(body), content_type="application/json")
        assert status_of(answer) == 202
        report = answer.json()
        sent = len(body) if isinstance(body, list) else 1
        assert report["accepted"] + report["duplicates"] + len(report["rejected"]) == sent

    @quick
    @given(near("external_id", "email", "birth_year", "time_zone", "joined_at", "consents"))
    def test_customers(self, shop, body):
        status_of(
            shop.post("/api/v1/customers/", json.dumps(body), content_type="application/json")
        )

    @quick
    @given(near("sku", "title", "category", "price", "stock", "launched_at", "attributes", "url"))
    def test_products(self, shop, body):
        path = "/api/v1/products/"
        status_of(shop.post(path, json.dumps(body), content_type="application/json"))
        body = {"sku": "A", "title": "A"} | body
        status_of(shop.post(path, json.dumps(body), content_type="application/json"))

    @quick
    @given(near("name", "product", "rules", "description"), near("probability", "country"))
    def test_audiences(self, client_of, body, rules):
        from launchopt.operations.models import ApiKey

        ApiKey.objects.all().delete()
        marketer = client_of("marketer")
        marketer.raise_request_exception = False
        path = "/api/v1/audiences/"
        body = {"name": "A", "rules": rules} | body
        status_of(marketer.post(path, json.dumps(body), content_type="application/json"))

    @quick
    @given(near("anonymous_id", "customer"))
    def test_identify(self, shop, body):
        path = "/api/v1/customers/identify/"
        status_of(shop.post(path, json.dumps(body), content_type="application/json"))

    @pytest.mark.parametrize("path", ["customers", "products"])
    @pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "a%2Fb", "..", "x" * 500])
    def test_odd_addresses(self, shop, path, name):
        assert status_of(shop.get(f"/api/v1/{path}/{name}/")) == 404

    @pytest.mark.parametrize(
        "query", ["page=0", "page=x", "page_size=-1", "ordering=;", "country=%00", "search=%00"]
    )
    @pytest.mark.parametrize("path", ["customers", "products", "audiences"])
    def test_odd_queries(self, shop, path, query):
        status_of(shop.get(f"/api/v1/{path}/?{query}"))

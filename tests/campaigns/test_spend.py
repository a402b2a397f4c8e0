"""Spend of paid channels: told late, twice and out of order, and paced all the same."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from launchopt.campaigns import services
from launchopt.campaigns.models import Campaign, Launch, SpendEntry
from tests.support.api import by_key
from tests.support.launches import HOUR, NOW, make_audience, make_customers, make_running

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HILL = {"kind": "hill", "scale": 1, "half": 1, "shape": 1}


@pytest.fixture
def campaign():
    """One of a paid channel, with 10.00 for each of ten hours."""
    audience = make_audience(make_customers(1))
    launch = make_running(audience, channel="meta", budget="100.00", hours=10)
    Launch.objects.filter(pk=launch.pk).update(curves={"meta": HILL})
    return launch.campaigns.get()


@pytest.fixture
def tell(campaign):
    client = by_key("integration")

    def send(amount, *, until, hour=0, **wrong):
        report = {
            "campaign": str(campaign.pk),
            "starts_at": (NOW + hour * HOUR).isoformat(),
            "amount": amount,
            "source": "meta",
            "counted_until": (NOW + until).isoformat(),
        }
        return client.post("spend/", [report | wrong])

    return send


def allowed(at):
    services.pace_launches(now=NOW + at)
    return Campaign.objects.get().allowance


class TestTelling:
    def test_is_stored_once_however_often_it_is_told(self, tell):
        answers = [tell("3.50", until=30 * MINUTE) for _ in range(2)]
        assert [a.status_code for a in answers] == [202, 202]
        assert [a.json()["updated"] for a in answers] == [1, 0]
        assert SpendEntry.objects.get().amount == Decimal("3.50")

    def test_a_later_count_replaces_an_earlier_one_whichever_comes_first(self, tell):
        tell("3.50", until=30 * MINUTE)
        tell("6.00", until=50 * MINUTE)
        tell("4.00", until=40 * MINUTE)
        assert SpendEntry.objects.get().amount == Decimal("6.00")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"campaign": "00000000-0000-0000-0000-000000000000"},
            {"amount": "-1.00"},
            {"starts_at": "2026-03-02T09:10:00Z"},
            {"starts_at": "2126-03-02T09:00:00Z"},
            {"source": ""},
        ],
    )
    def test_what_cannot_be_is_named_and_nothing_is_stored(self, tell, wrong):
        answer = tell(**({"amount": "1.00", "until": MINUTE} | wrong))
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert error["pointer"] == f"/0/{next(iter(wrong))}"
        assert not SpendEntry.objects.exists()

    def test_a_channel_of_the_shop_has_nothing_to_tell(self, tell):
        Launch.objects.update(curves={})
        assert "no campaign of a paid channel" in tell("1", until=MINUTE).json()["detail"]

    def test_needs_a_permission(self):
        assert by_key("analyst").post("spend/", []).status_code == 403


class TestPacing:
    def test_follows_the_plan_where_the_channel_tells_late(self, campaign, tell):
        assert [allowed(at) for at in (0 * MINUTE, 30 * MINUTE)] == [
            Decimal("0.8333"),
            Decimal("5.8333"),
        ]
        tell("7.50", until=45 * MINUTE)
        assert allowed(HOUR) == Decimal("10.8333")

    def test_rests_after_two_hours_of_silence(self, campaign):
        assert allowed(5 * HOUR) == Decimal("20.0000")

    def test_never_lets_out_more_than_the_plan_has_by_then(self, tell):
        tell("12.00", until=HOUR)
        assert allowed(HOUR) == Decimal("10.8333")

    def test_what_is_told_to_be_left_over_is_caught_up_within_twice_the_hour(self, tell):
        for hour in range(5):
            tell("0.00", hour=hour, until=5 * HOUR)
        assert allowed(5 * HOUR) == Decimal("20.0000")

    def test_knows_nothing_that_is_told_of_later(self, tell):
        for hour in range(5):
            tell("9.00", hour=hour, until=5 * HOUR + MINUTE)
        assert allowed(5 * HOUR) == Decimal("20.0000")
        assert allowed(5 * HOUR + 5 * MINUTE) == Decimal("51.6666")


class TestAdmin:
    def test_lists_what_was_told(self, admin_client, campaign):
        SpendEntry.objects.create(
            campaign=campaign, starts_at=NOW, amount=Decimal("3.50"), source="meta", recorded_at=NOW
        )
        page = admin_client.get(reverse("admin:launchopt_campaigns_spendentry_changelist"))
        assert "3.5000" in page.content.decode()
        assert campaign.launch.name in page.content.decode()

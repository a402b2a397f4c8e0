"""A key is not looked up for each decision, and a revoked one is refused all the same."""

import pytest

from launchopt.campaigns import services
from launchopt.campaigns.models import Decision
from launchopt.campaigns.services import board
from launchopt.operations.models import ApiKey
from launchopt.operations.services import revoke_api_key
from tests.support.api import by_key
from tests.support.launches import NOW, make_audience, make_customers, make_running

pytestmark = pytest.mark.django_db


class TestKeysOfDecisions:
    @pytest.fixture
    def customers(self):
        customers = make_customers(3)
        make_running(make_audience(customers))
        return customers

    @pytest.fixture
    def ask(self, customers):
        client = by_key("integration")
        body = [{"customer": c.external_id, "placement": "home"} for c in customers]

        def status():
            return client.post("decisions/", body).status_code

        assert [status(), status()] == [200, 200]
        return status

    def test_it_is_kept(self, ask, monkeypatch):
        monkeypatch.delattr("launchopt.operations.api.authentication.fetch")  # what looks it up
        assert ask() == 200

    @pytest.mark.parametrize(
        "change",
        [
            lambda key: revoke_api_key(key=key, now=NOW),
            lambda key: ApiKey.objects.filter(pk=key.pk).update(revoked_at=NOW),
            lambda key: key.delete(),
        ],
    )
    def test_a_revoked_one_is_refused_at_once_and_nothing_is_stored(self, ask, change):
        stored = Decision.objects.count()
        change(ApiKey.objects.get())
        assert [ask(), ask()] == [401, 401]
        assert Decision.objects.count() == stored

    def test_a_revoked_one_is_refused_where_another_request_has_read_the_board_anew(
        self, ask, customers
    ):
        revoke_api_key(key=ApiKey.objects.get(), now=NOW)
        board.load_board(now=NOW)
        assert ask() == 401

    def test_one_that_was_let_in_before_it_was_revoked_is_looked_at_again(self, ask, customers):
        under = board.kept_revision()
        revoke_api_key(key=ApiKey.objects.get(), now=NOW)
        board.load_board(now=NOW)
        looked = []
        question = services.Question(customers[0].external_id, "home", NOW, {})
        services.decide(questions=[question], under=under, look_again=lambda: looked.append(1))
        assert looked

    def test_the_log_is_read_by_keys_that_are_looked_up(self, ask):
        client = by_key("analyst")
        assert client.get("decisions/").status_code == 200
        ApiKey.objects.update(revoked_at=NOW)
        assert client.get("decisions/").status_code == 401

"""Events are kept for a time, customers forgotten when they ask; each is confirmed first."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from launchopt.audiences.models import Customer, Event, MessageKey
from launchopt.audiences.services import drop_old_events, oldest_kept, record_events
from launchopt.operations.models import AuditEntry

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def search(at: str) -> dict[str, str]:
    return {"customer": "anna", "kind": "search", "occurred_at": at, "message_id": at}


@pytest.fixture
def history() -> None:
    instants = ["2023-01-31T23:59:59Z", "2023-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]
    record_events([search(at) for at in instants], received_at=NOW)


@pytest.mark.usefixtures("history")
class TestDropOldEvents:
    def test_drops_whole_months_and_their_keys(self):
        dropped = drop_old_events(before=datetime(2023, 2, 20, tzinfo=UTC), now=NOW, by="olga")
        assert dropped["months"][-1] == "2023-01"
        assert Event.objects.count() == MessageKey.objects.count() == 2
        assert AuditEntry.objects.get(action="drop_old_events").actor == "olga"

    def test_a_dropped_month_is_made_again_when_it_is_needed(self):
        drop_old_events(before=datetime(2023, 3, 1, tzinfo=UTC), now=NOW)
        again = record_events([search("2023-01-31T23:59:59Z")], received_at=NOW)
        assert again.accepted == 1

    def test_keeps_as_long_as_the_setting_says(self, settings):
        settings.LAUNCHOPT = {"EVENT_RETENTION_DAYS": 10}
        assert oldest_kept(now=NOW) == datetime(2026, 2, 28, 12, tzinfo=UTC)

    def test_the_command_asks_first(self, monkeypatch, capsys):
        monkeypatch.setattr("builtins.input", lambda _: "no")
        with pytest.raises(CommandError, match="Nothing was dropped"):
            call_command("drop_old_events", "--before", "2023-03-01")
        assert Event.objects.count() == 3
        call_command("drop_old_events", "--before", "2023-03-01", "--yes", "--json")
        assert json.loads(capsys.readouterr().out)["message_keys"] == 2

    def test_refuses_an_instant_that_lies_ahead(self):
        with pytest.raises(CommandError, match="future"):
            call_command("drop_old_events", "--before", "2199-01-01", "--yes")


@pytest.mark.usefixtures("history")
class TestEraseCommand:
    def test_asks_for_the_customers_id(self, monkeypatch):
        monkeypatch.setattr("builtins.input", lambda _: "bert")
        with pytest.raises(CommandError, match="Nothing was deleted"):
            call_command("erase_customer", "anna")
        assert Customer.objects.exists()
        monkeypatch.setattr("builtins.input", lambda _: "anna")
        call_command("erase_customer", "anna")
        assert not Customer.objects.exists()
        assert not Event.objects.exists()

    def test_an_unknown_customer_is_exit_code_2(self):
        with pytest.raises(CommandError) as caught:
            call_command("erase_customer", "nobody", "--yes")
        assert caught.value.returncode == 2

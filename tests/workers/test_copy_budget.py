"""The copy server within a day's and a month's budgets; writing holds no transaction."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from launchopt.campaigns.creatives.spending import Use, lend, settle
from launchopt.campaigns.models import Campaign, CopyUse, Creative
from launchopt.operations.errors import Conflict
from launchopt.operations.runs import Work
from launchopt_ml.copywriting import PhrasebookWriter
from launchopt_workers.copywriting import tasks
from tests.support.copy_servers import copy_server
from tests.support.mugs import NOW, audience_of, make_mug, mug_launch

pytestmark = pytest.mark.django_db
CALL = Use(600, 400, Decimal("0.5"))


@pytest.fixture
def launch():
    launch = mug_launch(make_mug())
    Campaign.objects.create(
        launch=launch, channel="onsite", audience=audience_of([]), cost_per_contact=Decimal("0.02")
    )
    return launch


def allow(settings, **names):
    settings.LAUNCHOPT = settings.LAUNCHOPT | names


def write(launch, *, now=NOW):
    return tasks.write_creatives(Work(None, clock=lambda: now), launch_id=str(launch.pk))


class TestLoans:
    def test_count_as_used_until_they_are_settled(self):
        loan = lend(CALL, now=NOW)
        assert CopyUse.objects.get().tokens_read == 600
        settle(loan, Use(100, 50, Decimal("0.1")))
        kept = CopyUse.objects.get()
        assert (kept.tokens_read, kept.tokens_written, kept.money) == (100, 50, Decimal("0.1"))

    def test_are_no_larger_than_what_the_day_has_left(self, settings):
        allow(settings, COPY_TOKENS_A_DAY=1_500)
        assert lend(CALL, now=NOW).use.read == 600
        assert lend(CALL, now=NOW).use == Use(300, 200, Decimal("0.25"))
        with pytest.raises(Conflict, match="budget for this day is used up"):
            lend(CALL, now=NOW)
        assert lend(CALL, now=NOW + timedelta(days=1)).use == CALL

    def test_of_money_run_out_too(self, settings):
        allow(settings, COPY_MONEY_A_DAY=0.5)
        lend(CALL, now=NOW)
        with pytest.raises(Conflict, match="this day"):
            lend(CALL, now=NOW)

    def test_of_a_month_add_up_over_its_days(self, settings):
        allow(settings, COPY_TOKENS_A_MONTH=1_000)
        lend(CALL, now=NOW)
        with pytest.raises(Conflict, match="budget for this month is used up"):
            lend(CALL, now=NOW + timedelta(days=3))
        assert lend(CALL, now=NOW + timedelta(days=31)).use == CALL


class TestWriting:
    def test_keeps_what_the_server_counted(self, launch, settings, tmp_path):
        with copy_server(tmp_path) as server:
            allow(settings, WRITERS={"creatives": "openai"}, COPY_SERVER=server.address,
                  COPY_TOKEN_PRICES=(10.0, 20.0))  # fmt: skip
            write(launch)
        used = CopyUse.objects.get()
        assert (used.day, used.tokens_read, used.tokens_written) == (NOW.date(), 100, 50)
        assert used.money == Decimal("0.002")

    def test_goes_on_with_the_phrasebook_and_says_why(self, launch, settings, tmp_path):
        with copy_server(tmp_path) as server:
            allow(settings, WRITERS={"creatives": "openai"}, COPY_SERVER=server.address,
                  COPY_TOKENS_A_DAY=0)  # fmt: skip
            assert write(launch)["fallbacks"] == 1
            assert server.asked() == []
        row = Creative.objects.first()
        assert row.writer == "phrasebook"
        assert row.fallback_reason == "openai: the copy server's budget for this day is used up"

    def test_holds_no_transaction_while_a_model_writes(self, launch, monkeypatch):
        depths = []

        class Watched(PhrasebookWriter):
            def write(self, *args, **kwargs):
                depths.append(len(connection.savepoint_ids))
                return super().write(*args, **kwargs)

        monkeypatch.setattr(tasks, "writer_for", lambda role, **_: Watched())
        before = len(connection.savepoint_ids)
        write(launch)
        assert depths == [before]
        assert Creative.objects.exists()


def test_the_admin_shows_what_was_used(admin_client, settings):
    allow(settings, COPY_TOKENS_A_DAY=2_000)
    lend(CALL, now=NOW)
    page = admin_client.get("/admin/launchopt_campaigns/copyuse/").content.decode()
    assert "50%" in page

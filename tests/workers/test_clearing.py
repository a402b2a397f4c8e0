"""Old files of the interest model: what nothing needs goes, what anything needs stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from launchopt.audiences.models import InterestScore
from launchopt.operations.errors import Conflict
from launchopt.operations.models import ModelVersion
from launchopt.operations.services import activate_model
from launchopt_workers.prediction.clearing import SERVED_DAYS, clear_old_files
from launchopt_workers.prediction.versions import keep_backtest, version_for
from tests.support.launches import make_customers, make_product
from tests.support.models import METRICS, make_tested
from tests.support.tastes import NOW

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def with_file(days_ago):
    at = NOW - days_ago * DAY
    version = make_tested(at=at)
    path = default_storage.save(f"models/{version.pk}/card.json", ContentFile(b"{}"))
    version.files = {"card.json": path}
    version.save(update_fields=["files"])
    return version


def has_files(version):
    version.refresh_from_db()
    return bool(version.files)


class TestClearOldFiles:
    def test_keeps_the_newest_candidates_and_deletes_what_is_older(self):
        old, newer, newest = (with_file(days) for days in (9, 5, 1))
        path = old.files["card.json"]
        assert clear_old_files(keep=2, now=NOW) == 1
        assert [has_files(one) for one in (old, newer, newest)] == [False, True, True]
        assert not default_storage.exists(path)
        assert clear_old_files(keep=2, now=NOW) == 0

    def test_keeps_what_serves_what_served_and_what_one_may_go_back_to(self):
        long_ago = [with_file(days) for days in (300, 200)]
        serving = with_file(100)
        for days, version in zip((300, 200, 100), (*long_ago, serving), strict=True):
            activate_model(version=version, now=NOW - days * DAY)
        assert SERVED_DAYS < 100
        assert clear_old_files(keep=0, now=NOW) == 1
        assert [has_files(one) for one in (*long_ago, serving)] == [False, True, True]

    def test_keeps_what_a_stored_score_names(self):
        version = with_file(9)
        InterestScore.objects.create(
            customer=make_customers(1)[0],
            product=make_product(),
            model_version=version,
            probability=0.1,
            rank=1,
            horizon_days=30,
            as_of=NOW,
        )
        assert clear_old_files(keep=0, now=NOW) == 0
        assert has_files(version)

    def test_a_version_without_files_neither_serves_nor_scores(self):
        version = with_file(9)
        clear_old_files(keep=0, now=NOW)
        version.refresh_from_db()
        with pytest.raises(Conflict, match="were cleared"):
            activate_model(version=version, now=NOW)
        assert version_for(NOW) is None


class TestLevelInterval:
    def test_is_what_past_seasons_give_for_each_predicted_buyer(self):
        version = ModelVersion.objects.create(name="interest", created_at=NOW)
        keep_backtest(version, metrics=METRICS | {"promotion": {"promoted": False}}, now=NOW)
        assert version.card["level_interval"] == [0.762, 1.333]  # 80 and 140 of 105

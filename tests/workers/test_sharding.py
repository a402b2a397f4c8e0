"""A large shop's customers are scored in shards: the same scores, and no shard is lost."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.interest import keep_shard
from launchopt.audiences.models import InterestScore, ScoredShard
from launchopt.conf import launchopt_settings
from launchopt.operations import runs
from launchopt.operations.models import ModelVersion, Run
from launchopt_workers.prediction import scorer, tasks
from launchopt_workers.prediction.training import train
from launchopt_workers.running import run_here, work_on_run
from tests.support.tastes import AS_OF, NOW, new_products, store_tastes
from tests.workers.test_prediction import work

CUSTOMERS = 30


@pytest.fixture
def shop(db, no_worker):
    """Nobody else takes the shards."""
    return store_tastes(customers=CUSTOMERS, products=24)


@pytest.fixture
def _in_shards_of_eight(settings):
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "SCORING_SHARD": 8}


def score(product_ids):
    arguments = {"product_ids": product_ids, "as_of": AS_OF.isoformat(), "horizon_days": 30}
    return run_here(jobs.SCORE_INTEREST, subject="product:X", **arguments)


def stored():
    """Everything that was found: rank and reasons by product and customer."""
    rows = InterestScore.objects.order_by("product", "rank")
    return list(rows.values_list("product", "customer", "rank", "reasons"))


def chances():
    rows = InterestScore.objects.order_by("product", "customer")
    return list(rows.values_list("probability", flat=True))


class TestShards:
    def test_find_what_one_piece_finds(self, shop, settings):
        train(work(), as_of=AS_OF)
        wanted = new_products(shop)
        whole = score(wanted)
        ranks, probabilities = stored(), chances()
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "SCORING_SHARD": 8}
        shared = score(wanted)
        assert shared == whole
        assert stored() == ranks
        assert chances() == pytest.approx(probabilities, rel=1e-6)
        assert Run.objects.filter(job=jobs.SCORE_SHARD.name).count() == 4
        assert not ScoredShard.objects.exists()

    def test_a_shop_within_one_shard_has_no_runs_but_its_own(self, shop):
        assert launchopt_settings().scoring_shard > CUSTOMERS
        score(new_products(shop))
        assert not Run.objects.filter(job=jobs.SCORE_SHARD.name).exists()

    @pytest.mark.usefixtures("_in_shards_of_eight")
    def test_one_that_fails_is_named_and_the_rest_is_stopped(self, shop, monkeypatch):
        real, reached = scorer.Scorer.chances, []

        def failing(self, ids, **options):
            reached.append(ids)
            if len(reached) == 2:
                raise RuntimeError("No memory is left.")
            return real(self, ids, **options)

        monkeypatch.setattr(scorer.Scorer, "chances", failing)
        wanted = new_products(shop)
        with pytest.raises(RuntimeError, match="No memory"):
            score(wanted)
        parts = Run.objects.filter(job=jobs.SCORE_SHARD.name)
        states = sorted(parts.values_list("state", flat=True))
        assert states == ["cancelled", "cancelled", "failed", "succeeded"]
        assert not InterestScore.objects.exists()

        before = set(ScoredShard.objects.values_list("pk", flat=True))
        run = Run.objects.get(job=jobs.SCORE_INTEREST.name)
        runs.retry_run(run=run, now=NOW)
        work_on_run(str(run.pk), tasks.score_interest)
        run.refresh_from_db()
        assert run.state == Run.State.SUCCEEDED
        assert InterestScore.objects.count() == CUSTOMERS * len(wanted)
        assert len(reached) == 2 + 3  # what the first shard had found was not found again
        assert len(before) == 1

    @pytest.mark.usefixtures("_in_shards_of_eight")
    def test_that_a_run_of_long_ago_left_behind_are_dropped(self, shop):
        for days, state in ((8, Run.State.CANCELLED), (6, Run.State.FAILED)):
            ended = timezone.now() - timedelta(days=days)
            run = Run.objects.create(job="x", state=state, created_at=ended, finished_at=ended)
            numbers = np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.float32)
            keep_shard(run_id=str(run.pk), step=0, shard=0, found=numbers)
        score(new_products(shop)[:1])
        assert ScoredShard.objects.get().run.state == Run.State.FAILED

    @pytest.mark.usefixtures("_in_shards_of_eight")
    def test_learn_no_model_of_their_own(self, shop):
        score(new_products(shop))
        assert ModelVersion.objects.count() == 1

"""Prediction by a real worker: on commit, and after one that was killed in the middle."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.models import Customer, InterestScore
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.operations.models import Run
from launchopt.operations.runs import request_run, rescue_lost_runs
from tests.support.tastes import AS_OF, NOW, store_tastes


class TestWorker:
    def test_a_saved_product_is_scored_by_itself(self, real_worker):
        store_tastes(customers=30, products=24)
        now = timezone.now()
        save_products([{"sku": "NEW", "title": "garden rake for wet soil"}], now=now)
        scores = InterestScore.objects.filter(product__sku="NEW")
        real_worker.wait_until(lambda: scores.count() == 30, seconds=120)
        real_worker.wait_until(lambda: run_of("NEW").state == Run.State.SUCCEEDED)
        assert run_of("NEW").percent == 100

    def test_one_killed_in_the_middle_is_followed_by_one_that_goes_on(self, real_worker):
        store_tastes(customers=30, products=24)
        add_customers(4_000)  # so that a step holds 24 products and takes its time
        wanted = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        run = request_run(
            job=jobs.SCORE_INTEREST,
            arguments={"product_ids": wanted, "as_of": AS_OF.isoformat(), "horizon_days": 30},
            now=timezone.now(),
        )
        at_work = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING)
        real_worker.kill_while(lambda: scored_steps(run) and at_work.exists(), seconds=120)
        finished = scored_steps(run)
        run.refresh_from_db()
        assert run.state == Run.State.RUNNING
        assert run.done < len(wanted)

        real_worker.empty_queues()  # what it held comes back in hours only; the rescue is quicker
        rescue_lost_runs(now=timezone.now() + timedelta(minutes=2))
        real_worker.start()
        real_worker.wait_until(
            lambda: Run.objects.get(pk=run.pk).state == Run.State.SUCCEEDED, seconds=120
        )
        run.refresh_from_db()
        assert run.attempt == 2
        assert InterestScore.objects.count() == 4_030 * len(wanted)
        assert finished.items() <= scored_steps(run).items()
        assert len(scored_steps(run)) == 1 + (len(wanted) - 1) // 20


def run_of(sku: str) -> Run:
    return Run.objects.get(subject=f"product:{sku}")


def scored_steps(run: Run) -> dict[str, object]:
    """Steps that stored scores, and when they ended: a step that is repeated ends later."""
    done = run.steps.filter(name__startswith="score products")
    return dict(done.values_list("name", "finished_at"))


def add_customers(count: int) -> None:
    Customer.objects.bulk_create(
        Customer(
            external_id=f"extra-{number}",
            joined_at=AS_OF - timedelta(days=9),
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(count)
    )

"""A law: with `use_demographics` off, how age and gender are dealt out changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from launchopt import jobs
from launchopt.audiences.models import (
    Customer,
    InterestScore,
    Persona,
    Recommendation,
    Segment,
)
from launchopt.conf import launchopt_settings
from launchopt.operations.models import ModelVersion
from launchopt_workers import tasks  # noqa: F401 - registers every body
from launchopt_workers.running import run_here
from tests.support.tastes import AS_OF, new_products, store_tastes


@pytest.mark.usefixtures("no_worker")
class TestDemographics:
    def test_change_no_score_no_persona_and_no_list(self, transactional_db):
        assert launchopt_settings().use_demographics is False
        shop = store_tastes(customers=120)
        deal_demographics(seed=1)
        before = everything_made_of(shop)
        assert ModelVersion.objects.get(name="interest").card["source"] != "prior"
        assert before["segments"]
        assert before["lists"]
        deal_demographics(seed=2)
        assert everything_made_of(shop) == before


def deal_demographics(*, seed):
    """Birth years and genders by chance, whatever the customers like."""
    rng = np.random.default_rng(seed)
    customers = list(Customer.objects.order_by("pk"))
    for customer in customers:
        customer.birth_year = int(rng.integers(1940, 2008))
        customer.gender = str(rng.choice(["f", "m", "other", ""]))
    Customer.objects.bulk_update(customers, ["birth_year", "gender"])


def everything_made_of(shop):
    """Score, which trains where no model is, and build personas and lists; what came of it."""
    for model in (InterestScore, Recommendation, Persona, Segment, ModelVersion):
        model.objects.all().delete()
    as_of = AS_OF.isoformat()
    run_here(jobs.SCORE_INTEREST, product_ids=new_products(shop), as_of=as_of, horizon_days=30)
    run_here(jobs.BUILD_PERSONAS, as_of=as_of)
    run_here(jobs.RECOMMEND, as_of=as_of)
    scores = InterestScore.objects.order_by("product", "rank")
    personas = Persona.objects.order_by("customer")
    lists = Recommendation.objects.order_by("customer", "rank")
    return {
        "scores": list(scores.values_list("product", "customer", "probability", "reasons")),
        "personas": list(
            personas.values_list("customer", "segment__name", "confidence", "interests", "recency")
        ),
        "segments": list(Segment.objects.order_by("name").values_list("name", "size", "centre")),
        "lists": list(lists.values_list("customer", "product", "score", "source", "reason")),
    }

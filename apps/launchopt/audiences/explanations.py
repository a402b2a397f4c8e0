"""Why a score is what it is: the stored reasons, or a run that finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.audiences.models import InterestScore
from launchopt.audiences.reason_lines import phrases_told
from launchopt.audiences.selectors import customer_named
from launchopt.catalog.models import Product
from launchopt.conf import launchopt_settings
from launchopt.operations import runs
from launchopt.operations.errors import NotFound
from launchopt.operations.models import Run
from launchopt_core.reasons import interest_sentence

# What a person in the shop reads; a shopper reads `interest_sentence`.
FACTORS = {
    "similar_products": "bought similar products",
    "bought_together": "bought what goes with it",
    "novelty": "tries what is new",
    "recency": "time of last purchase",
    "activity": "how much they buy",
    "price_fit": "their usual prices",
    "same_category": "bought this category",
    "product": "the product itself",
}


@dataclass(frozen=True)
class Explanation:
    """A score with its reasons, and the sentence that a shopper may be told."""

    score: InterestScore
    reasons: list[dict[str, Any]] | None
    sentence: str


def score_of(*, external_id: str, sku: str) -> InterestScore:
    """A customer's score for a product. Raises NotFound, saying what is missing."""
    customer = customer_named(external_id)
    scores = InterestScore.objects.select_related("customer", "product")
    score = scores.filter(customer=customer, product__sku=sku).first()
    if score is None:
        raise NotFound(f"{external_id!r} has no score for {sku!r}; ask for scores of the product.")
    return score


def explanation_of(score: InterestScore) -> Explanation:
    """What is stored of why; without reasons the sentence says nothing of the customer."""
    reasons: list[dict[str, Any]] | None = score.reasons
    skus = {sku for reason in reasons or [] for sku in reason.get("skus", [])}
    titles = dict(Product.objects.filter(sku__in=skus).values_list("sku", "title"))
    language = score.customer.language or score.product.language or launchopt_settings().language
    told = interest_sentence(
        reasons or [], titles=titles, language=language, words=phrases_told(language)
    )
    return Explanation(score, reasons, told)


def request_explanations(
    scores: Iterable[InterestScore], *, now: datetime, by: Any = None
) -> list[Run]:
    """Ask for the reasons of these scores, a run for each product; those stored are left alone."""
    wanted: dict[Product, list[int]] = {}
    for score in scores:
        if score.reasons is None:
            wanted.setdefault(score.product, []).append(score.customer_id)
    return [
        runs.request_run(
            job=jobs.EXPLAIN_INTEREST,
            arguments={"product_id": product.pk, "customer_ids": sorted(customer_ids)},
            subject=f"product:{product.sku}"[:100],
            now=now,
            by=by,
        )
        for product, customer_ids in wanted.items()
    ]


def factor_in_words(factor: str) -> str:
    """What a person in the shop calls a factor."""
    return FACTORS.get(factor, factor.replace("_", " "))

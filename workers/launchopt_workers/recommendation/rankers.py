"""Rankers as ModelVersions: learned on past instants, tried there, and kept with what came out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from launchopt.conf import launchopt_settings
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.selectors import active_model
from launchopt.operations.services import activate_model
from launchopt_ml.recommendation.chances import Ranker
from launchopt_ml.recommendation.learning import HORIZON_DAYS, Lesson, lesson
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.recommendation.trial import ALONE, GROUPS, NobodyBought, trial
from launchopt_ml.shop import Shop, instant
from launchopt_workers.prediction.versions import loaded, version_for

RANKER = "ranker"
TRIED = 3_000  # customers that the lists are tried on
CARD = {
    "predicts": "the chance that a customer buys a product of their list within 30 days",
    "features": ["merged score of the sources", "products bought", "days since a purchase"],
    "intended_use": ["Rank known products and new ones, whose interest is predicted, in one list."],
    "limits": ["Learned from purchases that no list had shown; tells known products only."],
}


@dataclass(frozen=True)
class Learning:
    """What a night learns of lists: a ranker, and how good its lists would have been."""

    shop: Shop
    as_of: datetime

    def register(self, *, run: Run | None, now: datetime) -> dict[str, Any]:
        """Learn, try and keep a version; in service where it foresaw more than what is stated."""
        learned = lesson(self.shop, as_of=instant(self.as_of))
        report: dict[str, Any] = {"quality": self._quality(learned), "ranker": None}
        if learned is None:
            return report
        version = ModelVersion.objects.create(
            name=RANKER,
            data_since=_moment(self.shop),
            data_until=self.as_of,
            card=CARD | {"numbers": learned.ranker.as_dict(), "bought": learned.bought},
            metrics={
                "log_loss": round(learned.log_loss, 6),
                "stated_log_loss": round(learned.stated_log_loss, 6),
                "quality": report["quality"],
            },
            run=run,
            created_at=now,
        )
        if learned.is_better and not _is_newer(active_model(RANKER), than=self.as_of):
            activate_model(version=version, now=now)
        return report | {"ranker": str(version.pk)}

    def _quality(self, learned: Lesson | None) -> dict[str, Any]:
        """Lists as they would have been made HORIZON_DAYS ago, and each source alone.

        By what is bought since: {group of products: {way: means}}. The interest model is the
        version that knew nothing of that time, where one was kept.
        """
        start = self.as_of - timedelta(days=HORIZON_DAYS)
        version = version_for(start)
        share = launchopt_settings().recommendation_exploration
        ways = {"merged": Weights(exploration=share)} | ALONE
        if version is None:
            ways.pop("interest")
        try:
            found = trial(
                self.shop.before(instant(self.as_of)),
                as_of=instant(start),
                horizon_days=HORIZON_DAYS,
                ways=ways,
                interest=loaded(str(version.pk)) if version else None,
                ranker=learned.before if learned else None,
                most=TRIED,
            )
        except NobodyBought as nobody:
            return {"untried": str(nobody)}
        tried = {group: found[group] for group in GROUPS if group in found}
        return {
            "as_of": start.isoformat(),
            **{
                group: {way: quality.as_dict() for way, quality in by_way.items()}
                for group, by_way in tried.items()
            },
        }


def ranker_for(as_of: datetime) -> Ranker:
    """The ranker in service that knows nothing from `as_of` on; else the stated one."""
    fitting = ModelVersion.objects.filter(
        name=RANKER, status=ModelVersion.Status.ACTIVE, data_until__lte=as_of
    )
    version = fitting.first()
    return Ranker.from_dict(version.card["numbers"]) if version else Ranker()


def _is_newer(version: ModelVersion | None, *, than: datetime) -> bool:
    return bool(version and version.data_until and version.data_until > than)


def _moment(shop: Shop) -> datetime:
    first: datetime = shop.events.time[0].astype(datetime)
    return first.replace(tzinfo=UTC)

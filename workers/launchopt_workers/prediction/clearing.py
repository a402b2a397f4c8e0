"""Old files of the interest model: cleared once nobody can ask for them; rows and cards stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from launchopt.audiences.models import InterestScore
from launchopt.operations.models import ModelVersion
from launchopt.operations.selectors import previous_model
from launchopt_workers.prediction.versions import INTEREST

SERVED_DAYS = 60  # a version that served answers so long for the past, as when lists are judged


def clear_old_files(*, keep: int, now: datetime) -> int:
    """Delete the files of versions that nothing needs; how many versions lost theirs.

    Kept are the version in service, the one to go back to, the newest `keep` candidates, what
    served within SERVED_DAYS, and every version that a stored score names. May be repeated.
    """
    status = ModelVersion.Status
    versions = ModelVersion.objects.filter(name=INTEREST).exclude(files={})
    candidates = versions.filter(status=status.CANDIDATE).order_by("-created_at")
    before = previous_model(INTEREST)
    kept = [*candidates.values_list("pk", flat=True)[:keep], *([before.pk] if before else [])]
    serves = Q(status=status.ACTIVE) | Q(activated_at__gte=now - timedelta(days=SERVED_DAYS))
    old = [one for one in versions.exclude(serves).exclude(pk__in=kept) if not _is_named(one)]
    for version in old:
        _clear(version, now=now)
    return len(old)


def _is_named(version: ModelVersion) -> bool:
    return InterestScore.objects.filter(model_version=version).exists()


def _clear(version: ModelVersion, *, now: datetime) -> None:
    """The row says so first: files that outlive it are refuse, a row without its files is not."""
    paths = list(version.files.values())
    version.card |= {"files_cleared_at": now.isoformat()}
    version.files = {}
    with transaction.atomic():
        version.save(update_fields=["card", "files"])
    for path in paths:
        default_storage.delete(path)

"""Questions about runs, models and alerts."""

from __future__ import annotations

from django.db.models import QuerySet

from launchopt.operations.models import Alert, AuditEntry, ModelVersion, Run

ROLL_BACK = "roll_back_model"
PUT_IN_SERVICE = ("activate_model", ROLL_BACK)


def active_model(name: str) -> ModelVersion | None:
    """The version in service under a name, if any."""
    return ModelVersion.objects.filter(name=name, status=ModelVersion.Status.ACTIVE).first()


def previous_model(name: str) -> ModelVersion | None:
    """The version that was in service before the active one, if any."""
    served = ModelVersion.objects.filter(name=name, status=ModelVersion.Status.RETIRED)
    return served.exclude(activated_at=None).order_by("-activated_at").first()


def is_held(version: ModelVersion) -> bool:
    """Whether a person went back to this version, and nobody has put one in service since."""
    entries = audit_of(f"model:{version.pk}").filter(action__in=PUT_IN_SERVICE)
    latest = entries.order_by("-at", "-id").values_list("action", flat=True).first()
    return latest == ROLL_BACK


def open_alerts(subject: str) -> QuerySet[Alert]:
    """What is wrong with a subject now."""
    return Alert.objects.filter(subject=subject, resolved_at=None)


def runs_of(subject: str) -> QuerySet[Run]:
    """The runs that worked for a subject, newest first."""
    return Run.objects.filter(subject=subject).order_by("-created_at")


def audit_of(subject: str) -> QuerySet[AuditEntry]:
    """Who did what to a subject, newest first."""
    return AuditEntry.objects.filter(subject=subject)

"""Questions about runs, models and alerts."""

from __future__ import annotations

from django.db.models import QuerySet

from launchopt.operations.models import Alert, AuditEntry, ModelVersion, Run


def active_model(name: str) -> ModelVersion | None:
    """The version in service under a name, if any."""
    return ModelVersion.objects.filter(name=name, status=ModelVersion.Status.ACTIVE).first()


def open_alerts(subject: str) -> QuerySet[Alert]:
    """What is wrong with a subject now."""
    return Alert.objects.filter(subject=subject, resolved_at=None)


def runs_of(subject: str) -> QuerySet[Run]:
    """The runs that worked for a subject, newest first."""
    return Run.objects.filter(subject=subject).order_by("-created_at")


def audit_of(subject: str) -> QuerySet[AuditEntry]:
    """Who did what to a subject, newest first."""
    return AuditEntry.objects.filter(subject=subject)

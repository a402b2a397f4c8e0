"""Alerts in the admin: what is open, who looks after it, and what happened to it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from launchopt.operations import alerts
from launchopt.operations.adminsite import (
    OperatorActions,
    ReadOnlyAdmin,
    SuiteMedia,
    for_each,
    table_of,
)
from launchopt.operations.models import Alert
from launchopt.operations.selectors import audit_of

DAY, WEEK = timedelta(days=1), timedelta(days=7)


NOBODY = "by nobody yet: choose it in the list of alerts to say so, to mute or resolve it"
HAPPENED = {
    "open_alert": "opened",
    "acknowledge_alert": "looked after",
    "mute_alert": "muted",
    "resolve_alert": "over",
}
PAGES = {"launch": "launchopt_campaigns_launch", "webhook": "launchopt_operations_webhookendpoint"}


def subject_link(alert: Alert) -> SafeString | str:
    """What an alert is about: a link to its page where it has one."""
    kind, _, key = alert.subject.partition(":")
    try:
        address = reverse(f"admin:{PAGES[kind]}_change", args=[key])
    except (KeyError, NoReverseMatch):
        return alert.subject
    return format_html('<a href="{}">the {}</a>', address, kind)


@admin.register(Alert)
class AlertAdmin(OperatorActions, ReadOnlyAdmin):
    """What a person should look at."""

    list_display = [
        "title", "about", "severity", "message", "opened_at", "resolved_at", "acknowledged_by",
    ]  # fmt: skip
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "severity", "code"]
    search_fields = ["subject", "message"]
    fields = [
        "title", "about", "severity", "message", "opened_at", "resolved_at", "looked_after",
        "muted_until", "history", "mails",
    ]  # fmt: skip
    readonly_fields = fields
    actions = ["acknowledge", "mute_day", "mute_week", "resolve"]
    Media = SuiteMedia

    @admin.display(description="alert", ordering="code")
    def title(self, alert: Alert) -> str:
        """Its kind, as a person reads it."""
        return alert.title

    @admin.display(description="about", ordering="subject")
    def about(self, alert: Alert) -> SafeString | str:
        """A link to what it is about."""
        return subject_link(alert)

    @admin.display(description="looked after")
    def looked_after(self, alert: Alert) -> str:
        """Who said that they look after it, and when."""
        if alert.acknowledged_at is None:
            return NOBODY if alert.is_open else "—"
        return f"by {alert.acknowledged_by}, {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="history")
    def history(self, alert: Alert) -> SafeString | str:
        """What happened to it, the earliest first."""
        entries = audit_of(f"alert:{alert.pk}").order_by("at", "pk")
        rows = [
            (f"{e.at:%Y-%m-%d %H:%M}", e.actor, HAPPENED.get(e.action, e.action), e.note)
            for e in entries
        ]
        return table_of(("When (UTC)", "Who", "What", "Note"), rows, empty="Nothing yet.")

    @admin.display(description="e-mails")
    def mails(self, alert: Alert) -> SafeString | str:
        """Who was told by e-mail, and whether that went well."""
        rows = [
            (f"{n.wanted_at:%Y-%m-%d %H:%M}", n.get_about_display(), n.get_state_display(), n.error)
            for n in alert.notices.all()
        ]
        return table_of(
            ("Wanted (UTC)", "That", "Became of it", "Fault"),
            rows,
            empty="None: nobody stood in the setting ALERT_EMAILS, or its kind was muted.",
        )

    @admin.action(description="I look after it", permissions=["operate"])
    def acknowledge(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        """Say so to the others."""
        by, now = request.user, timezone.now()
        for_each(
            request,
            rows,
            lambda row: alerts.acknowledge_alert(alert=row, by=by, now=now),
            done="Looked after by you",
        )

    @admin.action(description="Mute for a day", permissions=["operate"])
    def mute_day(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        """Tell nobody for a day."""
        _mute(request, rows, length=DAY)

    @admin.action(description="Mute for a week", permissions=["operate"])
    def mute_week(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        """Tell nobody for a week."""
        _mute(request, rows, length=WEEK)

    @admin.action(description="Resolve", permissions=["operate"])
    def resolve(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        """Close alerts by hand; one opens again while its cause stays."""
        by, now = request.user, timezone.now()
        for_each(
            request,
            rows,
            lambda row: alerts.resolve_by_hand(alert=row, by=by, now=now),
            done="Resolved",
        )


def _mute(request: HttpRequest, rows: QuerySet[Alert], *, length: timedelta) -> None:
    by, now = request.user, timezone.now()
    for_each(
        request,
        rows,
        lambda row: alerts.mute_alert(alert=row, until=now + length, by=by, now=now),
        done="Muted",
    )

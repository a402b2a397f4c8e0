"""Alerts of launches in the admin: their limits, and what is open on a launch's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from launchopt.campaigns.models import AlertRule, Launch
from launchopt.campaigns.watching.rules import SHIPPED, fault_of, set_rule
from launchopt.operations.adminsite import SuiteMedia, change_url, table_of
from launchopt.operations.models import Alert

LATEST = 5


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A limit, of all launches or of one."""

    class Meta:
        model = AlertRule
        fields = ["kind", "launch", "threshold", "is_on"]
        help_texts = {
            "threshold": "In percent, or in minutes for the two silences; what each means stands "
            "in the list. An alert ends by itself, half way back."
        }

    def clean(self) -> dict[str, Any]:
        """Refuse what means nothing."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or self.instance.kind
        launch = cleaned.get("launch") or self.instance.launch
        threshold = cleaned.get("threshold")
        if kind and threshold is not None and (fault := fault_of(kind, threshold, launch=launch)):
            self.add_error("threshold", fault)
        return cleaned


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """When an alert opens. A launch goes by its own limits, else by those of all launches."""

    form = RuleForm
    list_display = ["kind", "whom", "limit", "meaning", "is_on"]
    list_filter = ["is_on", "kind", ("launch", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["launch"]
    autocomplete_fields = ["launch"]
    Media = SuiteMedia

    @admin.display(description="for", ordering="launch")
    def whom(self, rule: AlertRule) -> str:
        """One launch, or all."""
        return str(rule.launch or "all launches")

    @admin.display(description="limit", ordering="threshold")
    def limit(self, rule: AlertRule) -> str:
        """With its unit."""
        return f"{rule.threshold:g} {SHIPPED[rule.kind].unit}"

    @admin.display(description="what it means")
    def meaning(self, rule: AlertRule) -> str:
        """What is held against the limit."""
        return SHIPPED[rule.kind].meaning

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> list[str]:
        """A rule that stands keeps its place."""
        return ["kind", "launch", "meaning"] if obj else []

    def get_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> list[str]:
        """What it means stands below, once the kind is chosen."""
        return ["kind", "launch", "threshold", "is_on", *(["meaning"] if obj else [])]

    def has_delete_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        """Those of all launches stay: switch one off instead."""
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.launch is not None)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One by one: deleting many could take those that stay."""
        return {}

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        """Through the service, which says so in the audit trail."""
        wanted = {name: getattr(obj, name) for name in ("kind", "threshold", "is_on", "launch")}
        obj.pk = set_rule(**wanted, by=request.user, now=timezone.now()).pk


def alerts_of(launch: Launch) -> SafeString | str:
    """The alerts of a launch: those that are open first, then the latest that are over."""
    found = Alert.objects.filter(subject=f"launch:{launch.pk}")
    rows = [*found.filter(resolved_at=None), *found.exclude(resolved_at=None)[:LATEST]]
    told = table_of(
        ("", "Alert", "What", "Since (UTC)", "Looked after"),
        [
            (
                _state(alert),
                format_html('<a href="{}">{}</a>', change_url(alert), alert.title),
                alert.message,
                f"{alert.opened_at:%Y-%m-%d %H:%M}",
                alert.acknowledged_by or "—",
            )
            for alert in rows
        ],
        empty="None has opened.",
    )
    address = reverse("admin:launchopt_campaigns_alertrule_changelist")
    return format_html('{} <a href="{}">When alerts open</a>', told, address)


def _state(alert: Alert) -> SafeString | str:
    if alert.is_open:
        return format_html('<b class="launchopt-{}">{}</b>', alert.severity, alert.severity)
    return f"over since {alert.resolved_at:%Y-%m-%d %H:%M}"

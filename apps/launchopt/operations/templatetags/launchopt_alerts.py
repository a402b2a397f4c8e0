"""{% load launchopt_alerts %} {% launchopt_open_alerts as alerts %}: what needs a person now."""

from __future__ import annotations

from django import template

from launchopt.operations.alert_admin import subject_link
from launchopt.operations.models import Alert

register = template.Library()
register.filter("subject_link", subject_link)
MOST = 20


@register.simple_tag(takes_context=True)
def launchopt_open_alerts(context: template.Context) -> list[Alert] | None:
    """The alerts that are open, the newest first; None for a person who may not see them."""
    request = context.get("request")
    if request is None or not request.user.has_perm("launchopt_operations.view_alert"):
        return None
    return list(Alert.objects.filter(resolved_at=None)[:MOST])

"""{% load launchopt %} ... {% launchopt_placement "home" %}"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from launchopt.campaigns.onsite.placements import show

register = template.Library()
TEMPLATE = "launchopt/placement.html"


@register.simple_tag(takes_context=True)
def launchopt_placement(
    context: template.Context, name: str, template_name: str = TEMPLATE, **more: Any
) -> SafeString | str:
    """What this placement shows to who stands before the page, or nothing.

    It needs the request in the context. Further words become the decision's context; a host gives
    its own look by overriding `launchopt/placement.html`, or by `template_name`.
    """
    request = context.get("request")
    if request is None:
        return ""
    shown = show(request, placement=name, now=timezone.now(), context=more)
    if shown is None:
        return ""
    return render_to_string(template_name, {"shown": shown, "placement": name}, request=request)

"""Who may approve what another made."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Q

APPROVE = "launchopt_campaigns.approve_launch"


def has_other_approver(name: str) -> bool:
    """Whether any other active user may approve launches and words."""
    users = get_user_model()
    others = users._default_manager.filter(is_active=True).exclude(**{users.USERNAME_FIELD: name})
    label, _, codename = APPROVE.partition(".")
    permission = Q(content_type__app_label=label, codename=codename)
    allowed = Permission.objects.filter(permission)
    return others.filter(
        Q(is_superuser=True) | Q(user_permissions__in=allowed) | Q(groups__permissions__in=allowed)
    ).exists()

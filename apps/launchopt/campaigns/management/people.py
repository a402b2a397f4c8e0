"""Who gives a command, for permissions and for the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from launchopt.operations.commands import user_named
from launchopt.operations.errors import NotAllowed, NotFound


def person_named(name: str, *, note: Callable[[str], None], permission: str = "") -> Any:
    """The user of this name, who must have the permission; else the name itself.

    Who can start a command has the database in hand, so a name that no user has is kept for the
    audit trail, with a note. Raises NotAllowed where the user lacks the permission.
    """
    try:
        user = user_named(name)
    except NotFound:
        note(f"There is no user {name!r} here; the name is kept for the audit trail.")
        return name
    if user is not None and permission and not user.has_perm(permission):
        raise NotAllowed(f"{name} lacks the permission {permission}.")
    return user

"""Callers of the API, with the permissions of a shipped group."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from launchopt.operations.services import create_api_key


class Caller:
    """A client that speaks JSON to /api/v1/."""

    def __init__(self, client: Client, headers: dict[str, str] | None = None) -> None:
        self.client, self.headers = client, headers or {}

    def post(self, path: str, body: Any = None) -> Any:
        """The response to a POST."""
        return self._send("post", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """The response to a PATCH."""
        return self._send("patch", path, body)

    def get(self, path: str) -> Any:
        """The response to a GET."""
        return self.client.get(f"/api/v1/{path}", headers=self.headers)

    def _send(self, method: str, path: str, body: Any) -> Any:
        send = getattr(self.client, method)
        return send(
            f"/api/v1/{path}",
            data=json.dumps({} if body is None else body),
            content_type="application/json",
            headers=self.headers,
        )


def by_key(group: str) -> Caller:
    """A program of this group."""
    key = create_api_key(name=f"{group} program", group=group, now=timezone.now())
    return Caller(Client(), {"Authorization": f"Bearer {key}"})


def by_person(group: str, *, name: str = "") -> Caller:
    """A person of this group, logged in."""
    user = get_user_model().objects.create_user(name or group, password="a long passphrase")
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return Caller(client)

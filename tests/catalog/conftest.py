"""Clients with the rights of a group, for the tests of the catalog."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt.operations.services import create_api_key


@pytest.fixture
def client_of(db: None) -> Callable[[str], APIClient]:
    """A client that calls with a key of a group."""

    def make(group: str) -> APIClient:
        key = create_api_key(name=f"{group} key", group=group, now=timezone.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    return make

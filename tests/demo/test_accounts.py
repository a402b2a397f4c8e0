"""The accounts of the demo shop."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from launchopt.operations.models import ApiKey
from launchopt.operations.services import hash_of_key
from launchopt_project.demo.accounts import ensure_accounts

NOW = datetime(2025, 9, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def group_of(key: str) -> str:
    return ApiKey.objects.get(hash=hash_of_key(key), revoked_at=None).group.name


class TestTheAccounts:
    def test_let_a_person_log_in_and_the_shop_call(self, tmp_path: Path):
        accounts = ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        assert authenticate(username=accounts.login, password=accounts.password)
        assert group_of(accounts.shop_key) == "integration"
        assert group_of(accounts.marketer_key) == "marketer"

    def test_stay_the_same_in_the_same_home(self, tmp_path: Path):
        first = ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        assert ensure_accounts(file=tmp_path / "accounts.json", now=NOW) == first

    def test_leave_a_password_that_its_owner_has_changed(self, tmp_path: Path):
        ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        user = User.objects.get(username="demo")
        user.set_password("a word of my own")
        user.save()
        assert ensure_accounts(file=tmp_path / "accounts.json", now=NOW).password == ""
        assert authenticate(username="demo", password="a word of my own")

    def test_are_readable_by_their_owner_alone(self, tmp_path: Path):
        ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        assert (tmp_path / "accounts.json").stat().st_mode & 0o077 == 0

    def test_get_a_new_key_where_the_database_knows_the_kept_one_no_more(self, tmp_path: Path):
        first = ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        ApiKey.objects.update(revoked_at=NOW)
        second = ensure_accounts(file=tmp_path / "accounts.json", now=NOW)
        assert second.shop_key != first.shop_key
        assert group_of(second.shop_key) == "integration"

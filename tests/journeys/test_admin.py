"""The admin, clicked through in a real browser as the people who live in it do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.models import Customer
from launchopt.catalog.models import Product
from launchopt.operations import runs
from launchopt.operations.models import ApiKey, Run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_worker"),
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed."),
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Any]:
    call_command("migrate", verbosity=0)  # a transactional test emptied the groups
    get_user_model().objects.create_superuser("olivia", "olivia@example.org", "secret-words")
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    log_in(page, "olivia")
    yield page
    context.close()


def log_in(page: Any, name: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "secret-words")
    page.click("input[type=submit]")


def test_an_operator_makes_an_api_key_and_sees_it_once(page: Any):
    page.goto("/admin/launchopt_operations/apikey/add/")
    page.fill("#id_name", "webshop")
    page.select_option("#id_group", label="integration")
    page.click("input[name=_save]")
    key = page.inner_text(".launchopt-key")
    page.goto("/admin/launchopt_operations/apikey/")
    assert key.startswith(ApiKey.objects.get(name="webshop").prefix)
    assert key not in page.content()


def test_revoking_a_key_asks_first(page: Any):
    page.goto("/admin/launchopt_operations/apikey/add/")
    page.fill("#id_name", "webshop")
    page.select_option("#id_group", label="integration")
    page.click("input[name=_save]")
    page.check("input.action-select")
    page.select_option("select[name=action]", "revoke")
    page.click("button[name=index]")
    assert "cannot be undone" in page.inner_text("#content")
    assert ApiKey.objects.get().revoked_at is None
    page.click("input[type=submit][value*=sure]")
    page.wait_for_selector(".messagelist .success")
    assert ApiKey.objects.get().revoked_at is not None


def test_the_bar_of_a_run_moves_by_itself(page: Any):
    run = runs.create_run(job=jobs.TRAIN_INTEREST, arguments={}, now=timezone.now())
    runs.take_lease(run_id=str(run.pk), now=timezone.now())
    Run.objects.filter(pk=run.pk).update(done=1, total=10)
    page.goto("/admin/launchopt_operations/run/")
    bar = page.locator("progress").first
    assert bar.get_attribute("value") == "10"
    Run.objects.filter(pk=run.pk).update(done=7)
    page.wait_for_function("document.querySelector('progress').value === 70", timeout=10_000)


def test_a_marketer_adds_a_product_and_is_told_what_is_wrong_with_it(page: Any):
    page.goto("/admin/launchopt_catalog/product/add/")
    page.fill("#id_sku", "A-1")
    page.fill("#id_title", "Copper kettle")
    page.fill("#id_description", "x" * 20_001)
    page.click("input[name=_save]")
    assert "at most 20,000 characters" in page.inner_text("#content")
    page.fill("#id_description", "It whistles.")
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert Product.objects.get(sku="A-1").text_hash


def test_an_operator_starts_work_over_the_whole_shop(page: Any):
    page.goto("/admin/launchopt_operations/run/add/")
    page.select_option("#id_job", label="Create event partitions")
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert Run.objects.get().requested_by.get_username() == "olivia"


def test_personal_data_is_masked_for_an_analyst(page: Any):
    now = timezone.now()
    anna = Customer.objects.create(
        external_id="c1",
        email="anna@example.org",
        phone="+441234567",
        created_at=now,
        updated_at=now,
    )
    user = get_user_model().objects.create_user("ana", password="secret-words", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    page.context.clear_cookies()
    log_in(page, "ana")
    page.goto(f"/admin/launchopt_audiences/customer/{anna.pk}/change/")
    assert "a•••@example.org" in page.content()
    assert "anna@example.org" not in page.content()
    assert "1234567" not in page.content()


@pytest.mark.parametrize("app", ["operations", "catalog", "audiences", "experiments", "campaigns"])
def test_every_list_opens_on_an_empty_shop(page: Any, app: str):
    page.goto(f"/admin/launchopt_{app}/")
    addresses = {
        link.get_attribute("href") for link in page.locator("#content th[scope=row] a").all()
    }
    for address in sorted(a for a in addresses if a):
        answer = page.goto(address)
        assert answer.status == 200, address

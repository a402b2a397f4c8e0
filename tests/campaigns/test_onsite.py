"""Pages of the shop: what they show, and what browsers tell of it, without any secret key."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import include, path
from django.utils import timezone

from launchopt import testing
from launchopt.audiences.models import Customer, Event
from launchopt.campaigns.creatives.writing import draft_of
from launchopt.campaigns.models import Creative, Decision, Launch
from launchopt.campaigns.onsite.visitors import COOKIE
from launchopt.catalog.models import Product
from launchopt.operations.errors import InvalidInput
from launchopt_core.claims import content_hash

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PAGE = Template('{% load launchopt %}<main>{% launchopt_placement "home" %}</main>')


def front_page(request):
    return HttpResponse(PAGE.render(Context({"request": request})))


urlpatterns = [path("", front_page), path("shop/", include("launchopt.urls"))]


@pytest.fixture(autouse=True)
def host(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "launchopt.campaigns.onsite.visitors.VisitorMiddleware",
    ]


@pytest.fixture
def ana(db):
    return get_user_model().objects.create_user("ana", password="x")


@pytest.fixture
def launch(ana) -> Launch:
    """A launch that runs now and speaks to Ana."""
    now = timezone.now() - timedelta(minutes=10)
    [customer] = testing.make_customers(1, now=now)
    Customer.objects.update(external_id=str(ana.pk))
    customer.refresh_from_db()
    product = testing.make_product("LAMP", now=now, url="https://shop.example/lamp")
    return testing.make_running_launch(
        product=product, customers=[customer], now=now, days=1, holdout=0.0
    )


@pytest.fixture
def browser(ana) -> Client:
    client = Client(headers={"user-agent": BROWSER})
    client.force_login(ana)
    return client


def addresses(page: str) -> dict[str, str]:
    """Exposure and click as they stand in a page."""
    found = re.findall(r'(?:src|href)="(/shop/on/([ec])/[^"]+)"', page)
    return {kind: unescape(address) for address, kind in found}


class TestPlacement:
    def test_shows_the_approved_words(self, browser, launch):
        page = browser.get("/").content.decode()
        assert Creative.objects.get().headline in unescape(page)
        assert Decision.objects.get().reason == "shown"

    def test_escapes_them(self, browser, launch):
        creative = Creative.objects.get()
        creative.headline = "<script>alert(1)</script>"
        creative.content_hash = creative.approved_hash = content_hash(draft_of(creative))
        creative.save()
        page = browser.get("/").content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>" not in page

    def test_is_silent_to_robots_and_leaves_no_decision(self, ana, launch):
        robot = Client(headers={"user-agent": GOOGLEBOT})
        robot.force_login(ana)
        assert robot.get("/").content == b"<main></main>"
        assert not Decision.objects.exists()

    def test_is_silent_to_strangers_and_gives_them_an_id(self, launch):
        stranger = Client(headers={"user-agent": BROWSER})
        assert stranger.get("/").content == b"<main></main>"
        assert stranger.cookies[COOKIE]["httponly"]
        stranger.get("/")
        assert Customer.objects.filter(is_anonymous=True).count() == 1

    def test_takes_no_forged_visitor(self, launch, ana):
        stranger = Client(headers={"user-agent": BROWSER})
        stranger.cookies[COOKIE] = f"{ana.pk}:1tFt:forged"
        assert stranger.get("/").content == b"<main></main>"

    def test_says_which_placement_there_is_not(self, ana):
        request = RequestFactory(headers={"user-agent": BROWSER}).get("/")
        request.user = ana
        template = Template('{% load launchopt %}{% launchopt_placement "attic" %}')
        with pytest.raises(InvalidInput, match="no placement 'attic'"):
            template.render(Context({"request": request}))

    def test_asks_the_host_who_it_is(self, settings, launch, ana):
        settings.LAUNCHOPT = {
            **settings.LAUNCHOPT,
            "CUSTOMER_OF_REQUEST": f"{__name__}.by_header",
        }
        client = Client(headers={"user-agent": BROWSER, "x-customer": str(ana.pk)})
        assert b"launchopt-placement" in client.get("/").content


def by_header(request):
    return request.headers.get("X-Customer")


class TestAnswers:
    def test_an_exposure_and_a_click_count_once(self, browser, launch):
        found = addresses(browser.get("/").content.decode())
        for _ in range(2):
            assert browser.get(found["e"])["Content-Type"] == "image/gif"
            assert browser.get(found["c"]).url.startswith("https://shop.example/lamp?utm_source")
        kinds = sorted(Event.objects.values_list("kind", flat=True))
        assert kinds == ["click", "exposure"]
        assert Decision.objects.get().state == "confirmed"

    def test_robots_follow_links_but_do_not_count(self, browser, launch):
        found = addresses(browser.get("/").content.decode())
        robot = Client(headers={"user-agent": GOOGLEBOT})
        assert robot.get(found["c"]).status_code == 302
        assert robot.get(found["e"]).status_code == 200
        assert not Event.objects.exists()

    @pytest.mark.parametrize("kind", ["e", "c"])
    def test_a_forged_address_is_refused_by_name(self, browser, launch, kind):
        address = addresses(browser.get("/").content.decode())[kind]
        forged = address.replace("/on/e/", "/on/e/x").replace("/on/c/", "/on/c/x")
        answer = browser.get(forged)
        assert answer.status_code == 400
        assert answer.json()["detail"] == "This link was not made here."
        assert not Event.objects.exists()

    def test_a_click_is_no_exposure(self, browser, launch):
        found = addresses(browser.get("/").content.decode())
        swapped = found["c"].replace("/on/c/", "/on/e/").rstrip("/") + ".gif"
        assert browser.get(swapped).status_code == 400

    def test_goes_nowhere_but_to_pages(self, browser, launch):
        found = addresses(browser.get("/").content.decode())
        Product.objects.update(url="javascript:alert(1)")
        assert browser.get(found["c"]).url.startswith("/?utm_source")


class TestJson:
    ADDRESS = "/shop/on/placements/home/"

    def ask(self, client: Client, body: str = "{}", **options):
        options = {"content_type": "application/json"} | options
        return client.post(self.ADDRESS, body, **options)

    def test_answers_words_and_addresses(self, browser, launch):
        shown = self.ask(browser, json.dumps({"page": "front"})).json()["shown"]
        assert browser.get(shown["exposure_url"]).status_code == 200
        assert Decision.objects.get().context == {"page": "front"}

    def test_answers_silence_as_null(self, launch):
        client = Client(headers={"user-agent": BROWSER})
        assert self.ask(client).json() == {"shown": None}

    @pytest.mark.parametrize("body", ["[]", "{", '{"a": "\\u0000"}', '{"a": "' + "x" * 9000 + '"}'])
    def test_names_what_is_wrong(self, browser, launch, body):
        answer = self.ask(browser, body)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"

    def test_takes_no_form_of_another_site(self, browser, launch):
        answer = self.ask(browser, "a=1", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400
        assert not Decision.objects.exists()


class TestLoggingIn:
    def test_takes_along_what_the_browser_did(self, launch, ana):
        client = Client(headers={"user-agent": BROWSER})
        client.get("/")
        visitor = Customer.objects.get(is_anonymous=True)
        request = RequestFactory(headers={"user-agent": BROWSER}).get("/")
        request.COOKIES = {COOKIE: client.cookies[COOKIE].value}
        request._launchopt_new_visitor = None
        user_logged_in.send(sender=type(ana), request=request, user=ana)
        visitor.refresh_from_db()
        assert visitor.merged_into.external_id == str(ana.pk)


def test_silence_is_kept_too(launch):
    client = Client(headers={"user-agent": BROWSER})
    client.get("/")
    assert Decision.objects.get().reason == "not_in_audience"

"""What reviewers preferred: approved words beside those they changed or rejected."""

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from launchopt.campaigns import creatives
from launchopt.campaigns.creatives import Place, preferences_of, save_drafts
from launchopt.catalog.models import Product
from launchopt_core.claims import Draft
from tests.support.mugs import MUG, NOW, audience_of, make_mug, mug_launch

pytestmark = pytest.mark.django_db
FLAT = Draft(**{**MUG.parts(), "headline": "A mug"})


@pytest.fixture
def launch():
    return mug_launch(make_mug())


@pytest.fixture
def audience():
    return audience_of([])


@pytest.fixture
def written(launch, audience):
    """Two candidates of one place."""
    place = Place(launch=launch, audience=audience, channel="onsite", language="en")
    return save_drafts(place=place, drafts={"a": [MUG, FLAT]}, writer="phrasebook", now=NOW)


def approve(creative):
    return creatives.approve_creative(creative=creative, by="ann", now=NOW)


def reject(creative, reason="Too flat."):
    return creatives.reject_creative(creative=creative, by="ann", reason=reason, now=NOW)


def said(pair, side):
    (message,) = pair[side]
    return json.loads(message["content"])


class TestPreferences:
    def test_approved_words_are_preferred_to_those_rejected_in_their_place(self, written):
        good, flat = written
        approve(good)
        reject(flat)
        (pair,) = preferences_of().pairs
        assert said(pair, "chosen")["headline"] == MUG.headline
        assert said(pair, "rejected")["headline"] == "A mug"
        assert pair["why"] == "Too flat."
        assert said(pair, "prompt")["facts"] == {
            "title": "BLUE MUG",
            "description": "Holds 300 ml.",
            "category": "Kitchen",
            "price": "7.5 GBP",
        }

    def test_words_as_edited_are_preferred_to_each_wording_before(self, written):
        good, _ = written
        for headline in ("Blue Mug", "Say hello to the Blue Mug"):
            good = creatives.edit_creative(creative=good, by="bob", now=NOW, headline=headline)
        approve(good)
        pairs = preferences_of().pairs
        assert [said(pair, "rejected")["headline"] for pair in pairs] == [
            MUG.headline,
            "Blue Mug",
        ]
        assert {said(pair, "chosen")["headline"] for pair in pairs} == {"Say hello to the Blue Mug"}

    def test_an_edit_that_nobody_approved_prefers_nothing(self, written):
        creatives.edit_creative(creative=written[0], by="bob", now=NOW, headline="Blue Mug")
        assert preferences_of().pairs == []

    def test_a_rejection_without_anything_approved_is_left_out_and_told(self, written):
        reject(written[0])
        preferences = preferences_of()
        assert preferences.pairs == []
        assert preferences.left_out == {"nothing was approved in its place": 1}

    def test_words_on_facts_that_have_changed_prefer_nothing(self, written, launch):
        approve(written[0])
        reject(written[1])
        Product.objects.filter(pk=launch.product_id).update(price=Decimal("9.99"))
        assert preferences_of().pairs == []

    def test_nothing_personal_is_in_it(self, written, launch):
        good, flat = written
        Product.objects.filter(pk=launch.product_id).update(
            description="Ask canary@example.com or 13800138000.",
            attributes={"maker": "Mrs Canary"},
        )
        good = creatives.edit_creative(creative=good, by="bob", now=NOW, body="A blue mug.")
        flat = creatives.edit_creative(
            creative=flat, by="bob", now=NOW, body="Dear Canary, call 13800138000."
        )
        approve(good)
        reject(flat, reason="It names canary@example.com.")
        lines = preferences_of().as_lines()
        assert lines
        for canary in ("canary@", "Canary", "13800138000"):
            assert canary not in lines


class TestExport:
    @pytest.fixture
    def pair(self, written):
        approve(written[0])
        reject(written[1])

    def test_the_command_writes_a_line_for_each_pair(self, pair, tmp_path, capsys, launch):
        out = tmp_path / "preferences.jsonl"
        call_command("export_preferences", out=out, launch=str(launch.pk), json=True)
        assert json.loads(capsys.readouterr().out) == {"pairs": 1, "left_out": {}}
        (line,) = out.read_text().splitlines()
        assert set(json.loads(line)) == {"prompt", "chosen", "rejected", "why"}

    def test_the_command_refuses_a_launch_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError) as refusal:
            call_command("export_preferences", out=tmp_path / "x.jsonl", launch="nonsense")
        assert refusal.value.returncode == 2

    def test_the_admin_gives_the_same_lines(self, admin_client, pair, written):
        address = reverse("admin:launchopt_campaigns_creative_changelist")
        asked = {"action": "export_preferences", "_selected_action": [written[0].pk]}
        answer = admin_client.post(address, asked)
        assert answer.content.decode() == preferences_of().as_lines() != ""

    def test_the_admin_says_where_there_is_nothing_yet(self, admin_client, written):
        address = reverse("admin:launchopt_campaigns_creative_changelist")
        asked = {"action": "export_preferences", "_selected_action": [written[0].pk]}
        assert b"No pair yet" in admin_client.post(address, asked, follow=True).content

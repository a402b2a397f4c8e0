"""The review queue: candidates side by side as their channels show them, and other eyes."""

from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from launchopt.campaigns import creatives
from launchopt.campaigns.admin.previews import click_rate_words, preview_of
from launchopt.campaigns.creatives import Place, save_drafts
from launchopt.campaigns.models import Creative
from launchopt.campaigns.selectors.review import candidates_in, waiting_places
from launchopt.operations.errors import NotAllowed
from launchopt_core.claims import Draft
from tests.support.mugs import MUG, NOW, audience_of, make_mug, mug_launch, saved

pytestmark = pytest.mark.django_db
QUEUE = "admin:launchopt_campaigns_creative_review"


@pytest.fixture
def launch():
    return mug_launch(make_mug())


@pytest.fixture
def audience():
    return audience_of([])


def write(launch, audience, *drafts, channel="onsite"):
    place = Place(launch=launch, audience=audience, channel=channel, language="en")
    return save_drafts(place=place, drafts={"a": drafts}, writer="phrasebook", now=NOW)


def another(headline):
    return Draft(**{**MUG.parts(), "headline": headline})


def approve(creative, by):
    return creatives.approve_creative(creative=creative, by=by, now=NOW)


class TestOtherEyes:
    @pytest.fixture
    def people(self):
        make = get_user_model().objects.create_superuser
        return SimpleNamespace(ann=make("ann"), bob=make("bob"))

    def edited(self, launch, audience, by):
        creative = saved(launch, audience, MUG)
        return creatives.edit_creative(creative=creative, by=by, now=NOW, headline="Blue Mug")

    def test_who_wrote_words_does_not_approve_them(self, launch, audience, people):
        creative = self.edited(launch, audience, people.ann)
        with pytest.raises(NotAllowed, match="ann wrote these words"):
            approve(creative, people.ann)
        assert approve(creative, people.bob).reviewed_by == "bob"

    def test_in_a_shop_of_one_the_maker_approves(self, launch, audience, people):
        people.bob.delete()
        creative = self.edited(launch, audience, people.ann)
        assert approve(creative, people.ann).status == Creative.Status.APPROVED

    def test_words_that_no_person_wrote_are_approved_by_any(self, launch, audience, people):
        assert approve(saved(launch, audience, MUG), people.ann).status == "approved"


class TestCandidates:
    def test_of_a_place_stand_together_the_most_promising_first(self, launch, audience):
        one, other = write(launch, audience, MUG, another("Blue Mug"))
        elsewhere = write(launch, audience, MUG, channel="meta")
        Creative.objects.filter(pk=other.pk).update(click_rate=0.05)
        places = candidates_in(list(waiting_places()))
        assert [list(place.creatives) for place in places] == [elsewhere, [other, one]]

    def test_those_approved_are_shown_beside_what_waits_and_those_rejected_are_not(
        self, launch, audience
    ):
        one, other, third = write(
            launch, audience, MUG, another("Blue Mug"), another("A mug in blue")
        )
        approve(one, "ann")
        creatives.reject_creative(creative=third, by="ann", reason="Flat.", now=NOW)
        (place,) = candidates_in(list(waiting_places()))
        assert set(place.creatives) == {one, other}

    def test_a_place_in_which_nothing_waits_is_not_listed(self, launch, audience):
        (one,) = write(launch, audience, MUG)
        approve(one, "ann")
        assert list(waiting_places()) == []

    def test_any_number_of_places_takes_two_queries(
        self, launch, audience, django_assert_num_queries
    ):
        for channel in ("onsite", "meta", "email"):
            write(launch, audience, MUG, channel=channel)
        with django_assert_num_queries(2):
            assert len(candidates_in(list(waiting_places()))) == 3


class TestQueuePage:
    def test_shows_the_proof_and_approves(self, admin_client, launch, audience):
        (creative,) = write(launch, audience, MUG)
        page = admin_client.get(reverse(QUEUE)).content.decode()
        assert "Expected click rate: unknown" in page
        assert "300 ml" in page
        assert "description" in page
        admin_client.post(reverse(QUEUE), {"creative": creative.pk, "verdict": "approve"})
        creative.refresh_from_db()
        assert creative.status == Creative.Status.APPROVED
        assert "Nothing waits for review" in admin_client.get(reverse(QUEUE)).content.decode()

    def test_a_claim_without_proof_lies_open(self, admin_client, launch, audience):
        (creative,) = write(launch, audience, MUG)
        creatives.edit_creative(creative=creative, by="ann", now=NOW, headline="The best mug")
        page = admin_client.get(reverse(QUEUE), {"launch": launch.pk}).content.decode()
        assert "<details open>" in page
        assert "1 without proof" in page
        assert "✗ no fact" in page

    def test_stale_words_are_to_be_edited_before_they_can_be_approved(
        self, admin_client, launch, audience
    ):
        (creative,) = write(launch, audience, MUG)
        approval = 'value="approve"'
        assert approval in admin_client.get(reverse(QUEUE)).content.decode()
        Creative.objects.filter(pk=creative.pk).update(status=Creative.Status.STALE)
        page = admin_client.get(reverse(QUEUE)).content.decode()
        assert MUG.headline in page
        assert approval not in page

    def test_rejecting_takes_a_reason(self, admin_client, launch, audience):
        (creative,) = write(launch, audience, MUG)
        verdict = {"creative": creative.pk, "verdict": "reject"}
        answer = admin_client.post(reverse(QUEUE), verdict, follow=True).content.decode()
        assert "Say why" in answer
        admin_client.post(reverse(QUEUE), verdict | {"reason": "Too plain."})
        creative.refresh_from_db()
        assert creative.rejection_reason == "Too plain."

    def test_is_of_one_launch_where_asked(self, admin_client, launch, audience):
        write(launch, audience, MUG)
        other = mug_launch(launch.product)
        write(other, audience, another("Another mug"))
        page = admin_client.get(reverse(QUEUE), {"launch": other.pk}).content.decode()
        assert "Another mug" in page
        assert MUG.headline not in page

    def test_who_may_not_approve_may_not_judge(self, client, launch, audience):
        (creative,) = write(launch, audience, MUG)
        client.force_login(get_user_model().objects.create_user("eve", is_staff=True))
        answer = client.post(reverse(QUEUE), {"creative": creative.pk, "verdict": "approve"})
        assert answer.status_code == 403

    def test_what_is_no_id_is_told(self, admin_client):
        assert admin_client.get(reverse(QUEUE), {"launch": "x'", "page": "z"}).status_code == 200
        answer = admin_client.post(reverse(QUEUE), {"creative": "nonsense"}, follow=True)
        assert "These words are gone" in answer.content.decode()


CHANNELS = ("email", "google_search", "meta", "sms", "onsite", "kiosk")


class TestPreview:
    @pytest.mark.parametrize("channel", CHANNELS)
    def test_is_escaped_and_asks_no_other_server(self, launch, audience, channel):
        launch.product.image_url = "https://elsewhere.example/mug.png"
        words = {part: f"<script>{part}</script>" for part in (*MUG.parts(), "subject")}
        creative = Creative(launch=launch, audience=audience, channel=channel, **words)
        shown = preview_of(creative)
        assert "<script" not in shown
        assert "&lt;script&gt;body" in shown
        assert not any(tag in shown for tag in ("<img", "src=", "url(", "@import", "<link"))

    def test_an_email_has_an_inbox_line(self, launch, audience, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"SITE_URL": "https://mugs.example"}
        words = {**MUG.parts(), "subject": "Say hello", "preheader": "It holds 300 ml."}
        shown = preview_of(Creative(launch=launch, audience=audience, channel="email", **words))
        assert "<b>mugs.example</b>" in shown
        assert "Say hello" in shown
        assert "It holds 300 ml." in shown

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("A mug.", "1 message · GSM-7 · 18 of 160 characters"),
            ("白瓷茶杯。", "1 message · UCS-2 · 17 of 70 characters"),
            ("茶" * 70, "2 messages · UCS-2 · 82 of 134 characters"),
        ],
    )
    def test_a_text_message_tells_its_pieces_and_alphabet(self, launch, audience, body, told):
        words = {**MUG.parts(), "body": body, "call_to_action": "Take a look"}
        shown = preview_of(Creative(launch=launch, audience=audience, channel="sms", **words))
        assert told in " ".join(shown.split())


def test_an_expected_rate_says_how_sure_it_is():
    creative = Creative(click_rate=0.021, click_rate_low=0.01, click_rate_high=0.04)
    assert click_rate_words(creative) == "2.10% (90 %: 1.00% to 4.00%)"
    assert click_rate_words(Creative()) == "unknown"

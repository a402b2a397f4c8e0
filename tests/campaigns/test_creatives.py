"""Creatives: drafts with a ledger, a person's approval, and only approved words in service."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from launchopt.campaigns import creatives
from launchopt.campaigns.models import Creative, Launch
from launchopt.catalog.models import Product
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import Alert, AuditEntry
from launchopt_core.claims import EMAIL_PARTS, PARTS, Draft
from tests.support.mugs import MUG, NOW, audience_of, make_mug, mug_launch, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    return make_mug()


@pytest.fixture
def launch(product):
    return mug_launch(product)


@pytest.fixture
def audience():
    return audience_of([{"name": "Kitchen", "kind": "category", "weight": 0.8}])


@pytest.fixture
def creative(launch, audience):
    return saved(launch, audience, MUG)


def approve(creative):
    return creatives.approve_creative(creative=creative, by="ann", now=NOW)


def edit(creative, **changes):
    return creatives.edit_creative(creative=creative, by="bob", now=NOW, **changes)


def servable(launch):
    return creatives.servable_creatives(launch=launch, now=NOW)


class TestSaveDrafts:
    def test_keeps_each_claim_with_the_fact_behind_it(self, creative):
        ledger = {claim["text"]: claim["support"] for claim in creative.claims}
        assert ledger == {"300 ml": "description", "£7.50": "price"}

    def test_saving_again_changes_nothing(self, launch, audience, creative):
        assert saved(launch, audience, MUG).pk == creative.pk
        assert Creative.objects.count() == 1

    def test_a_new_draft_replaces_one_that_nobody_reviewed(self, launch, audience, creative):
        other = saved(launch, audience, Draft(**{**MUG.parts(), "headline": "Blue Mug"}))
        assert list(Creative.objects.all()) == [other]

    def test_what_a_person_approved_stays(self, launch, audience, creative):
        approve(creative)
        saved(launch, audience, Draft(**{**MUG.parts(), "headline": "Blue Mug"}))
        assert Creative.objects.filter(status=Creative.Status.APPROVED).get() == creative


class TestApproval:
    def test_pins_the_hash_of_the_words(self, creative):
        approved = approve(creative)
        assert approved.approved_hash == approved.content_hash != ""
        assert (approved.status, approved.reviewed_by) == ("approved", "ann")

    def test_approving_twice_is_audited_once(self, creative):
        approve(approve(creative))
        assert AuditEntry.objects.filter(action="approve_creative").count() == 1

    def test_refuses_a_claim_that_no_fact_proves(self, creative):
        boast = edit(creative, headline="The best mug, 20% off")
        with pytest.raises(Conflict, match="no fact proves 'best'; no fact proves '20%'"):
            approve(boast)

    def test_refuses_words_that_may_not_be_said(self, creative, settings):
        with pytest.raises(Conflict, match="'!!!': One mark is enough"):
            approve(edit(creative, headline="A blue mug!!!"))
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"FORBIDDEN_TERMS": ("cheerful",)}
        with pytest.raises(Conflict, match="does not use 'cheerful'"):
            approve(edit(creative, headline="A cheerful mug"))

    def test_keeps_what_is_refused_with_its_span(self, creative):
        shouting = edit(creative, body="Holds 300 ml!!")
        assert [(r["text"], r["rule"], r["start"]) for r in shouting.refusals if
                r["rule"] == "shouting"] == [("!!", "shouting", 12)]  # fmt: skip

    def test_refuses_words_written_on_an_old_price(self, creative, product):
        Product.objects.filter(pk=product.pk).update(price=Decimal("8.50"))
        with pytest.raises(Conflict, match="has changed since"):
            approve(creative)

    def test_of_a_launch_leaves_rejected_creatives_rejected(self, launch, audience, creative):
        creatives.reject_creative(creative=creative, by="ann", reason="Too plain.", now=NOW)
        saved(launch, audience_of([]), MUG)
        assert creatives.approve_creatives(launch=launch, by="ann", now=NOW) == 1
        creative.refresh_from_db()
        assert creative.status == Creative.Status.REJECTED


class TestRejection:
    def test_needs_a_reason(self, creative):
        with pytest.raises(InvalidInput, match="Say why"):
            creatives.reject_creative(creative=creative, by="ann", reason="  ", now=NOW)

    def test_takes_an_approved_creative_out_of_service(self, launch, creative):
        creatives.reject_creative(
            creative=approve(creative), by="ann", reason="Off brand.", now=NOW
        )
        assert servable(launch) == []


class TestEditing:
    def test_drops_the_approval_and_changes_the_hash(self, creative):
        before = approve(creative).content_hash
        edited = edit(creative, headline="Say hello to the Blue Mug")
        assert edited.content_hash != before
        assert (edited.status, edited.approved_hash) == (Creative.Status.DRAFT, "")

    def test_is_checked_again(self, creative):
        edited = edit(creative, body="Holds 500 ml.")
        assert [(c["text"], c["support"]) for c in edited.claims] == [("500 ml", None)]

    def test_keeps_the_former_words_in_the_audit_trail(self, creative):
        edit(creative, headline="Blue Mug")
        entry = AuditEntry.objects.get(action="edit_creative")
        assert (entry.actor, entry.before["headline"]) == ("bob", MUG.headline)

    def test_refuses_words_too_long_for_the_channel(self, creative):
        with pytest.raises(InvalidInput, match="headline is 81 characters long; 80 are allowed"):
            edit(creative, headline="x" * 81)

    def test_refuses_a_part_that_creatives_do_not_have(self, creative):
        with pytest.raises(InvalidInput, match="no 'subject'"):
            edit(creative, subject="Hello")

    def test_of_the_same_words_keeps_the_approval(self, creative):
        approve(creative)
        assert edit(creative, headline=MUG.headline).status == Creative.Status.APPROVED

    def test_of_a_stale_creative_as_it_stands_checks_it_on_the_new_facts(self, creative, product):
        product.price = Decimal("8.00")
        product.save()
        edited = edit(creative, headline=MUG.headline)
        assert edited.status == Creative.Status.DRAFT
        assert {c["text"]: c["support"] for c in edited.claims}["£7.50"] is None

    def test_is_refused_once_the_launch_has_finished(self, creative, launch):
        Launch.objects.update(status=Launch.Status.FINISHED)
        with pytest.raises(Conflict, match="has finished"):
            edit(creative, headline="Blue Mug")


class TestServing:
    def test_only_approved_words_are_served(self, launch, creative):
        assert servable(launch) == []
        approve(creative)
        assert servable(launch) == [creative]

    @pytest.mark.parametrize("part", [*PARTS, *EMAIL_PARTS])
    def test_one_byte_changed_past_the_review_is_not_served(self, launch, creative, part):
        approve(creative)
        Creative.objects.update(**{part: getattr(creative, part) + "."})
        assert servable(launch) == []
        assert Alert.objects.get(code="creative_changed").subject == f"creative:{creative.pk}"
        assert AuditEntry.objects.filter(action="withdraw_creative").exists()

    def test_a_new_price_makes_creatives_stale(self, launch, creative, product):
        approve(creative)
        product.price = Decimal("8.00")
        product.save()
        creative.refresh_from_db()
        assert creative.status == Creative.Status.STALE
        assert servable(launch) == []
        assert Alert.objects.get(code="creatives_stale").subject == f"launch:{launch.pk}"

    def test_new_stock_makes_nothing_stale(self, launch, creative, product):
        approve(creative)
        product.stock = 3
        product.save()
        assert servable(launch) == [creative]

    def test_only_words_that_rest_on_a_brand_fact_go_with_it(
        self, launch, audience, creative, settings
    ):
        says = {"BRAND_FACTS": ("Free delivery over £40.", "A family of potters.")}
        settings.LAUNCHOPT = settings.LAUNCHOPT | says
        promise = Draft(**{**MUG.parts(), "body": "Free delivery over £40."})
        resting = saved(launch, audience_of([]), promise)
        approve(creative), approve(resting)
        assert servable(launch) == sorted([creative, resting], key=lambda each: each.pk)
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"BRAND_FACTS": ("A family of potters.",)}
        assert servable(launch) == [creative]
        assert creatives.mark_stale(now=NOW) == 1
        assert creatives.mark_stale(now=NOW) == 0
        resting.refresh_from_db()
        assert (resting.status, resting.approved_hash) == (Creative.Status.STALE, "")
        assert Alert.objects.get(code="creatives_stale").subject == f"launch:{launch.pk}"
        with pytest.raises(Conflict, match="has changed since"):
            approve(resting)

    def test_a_new_brand_fact_makes_nothing_stale(self, launch, creative, settings):
        approve(creative)
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"BRAND_FACTS": ("A family of potters.",)}
        assert creatives.mark_stale(now=NOW) == 0
        assert servable(launch) == [creative]

    def test_a_bulk_change_is_not_served_and_found_later(self, launch, creative, product):
        approve(creative)
        later = NOW + timedelta(hours=1)
        Product.objects.update(price=Decimal("8.00"), updated_at=later)
        assert servable(Launch.objects.get()) == []
        assert creatives.mark_stale(now=later) == 1
        assert creatives.mark_stale(now=later) == 0


class TestReviewInTheAdmin:
    LIST = "/admin/launchopt_campaigns/creative/"

    def page(self, client, creative):
        return client.get(f"{self.LIST}{creative.pk}/change/").content.decode()

    def post(self, client, action, creative, **more):
        data = {"action": action, "_selected_action": [str(creative.pk)], **more}
        return client.post(self.LIST, data, follow=True).content.decode()

    @pytest.mark.parametrize("channel", ["email", "google_search", "meta", "sms", "onsite", "push"])
    def test_shows_each_channel_with_its_words_escaped(self, admin_client, creative, channel):
        Creative.objects.update(
            channel=channel, headline="<b>Mug</b>", body="<script>alert(1)</script>"
        )
        page = self.page(admin_client, creative)
        assert "<b>Mug" not in page
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_shows_what_proves_each_claim(self, admin_client, creative):
        assert "<td>£7.50</td><td>price</td><td>price</td>" in self.page(admin_client, creative)

    def test_saving_other_words_drops_the_approval(self, admin_client, creative):
        approve(creative)
        words = {**MUG.parts(), "headline": "Say hello to the Blue Mug"}
        admin_client.post(f"{self.LIST}{creative.pk}/change/", words)
        creative.refresh_from_db()
        assert (creative.headline, creative.status) == (words["headline"], "draft")

    def test_saving_words_that_are_too_long_names_the_field(self, admin_client, creative):
        words = {**MUG.parts(), "headline": "x" * 90}
        page = admin_client.post(f"{self.LIST}{creative.pk}/change/", words).content.decode()
        assert "The headline is 90 characters long; 80 are allowed." in page

    def test_approves(self, admin_client, creative):
        assert "Approved: 1." in self.post(admin_client, "approve", creative)

    def test_asks_for_the_reason_of_a_rejection(self, admin_client, creative):
        assert "Reason" in self.post(admin_client, "reject", creative)
        assert "Rejected: 1." in self.post(admin_client, "reject", creative, reason="Too plain.")
        creative.refresh_from_db()
        assert creative.rejection_reason == "Too plain."

    def test_a_marketer_may_edit_but_not_approve(self, client, django_user_model, creative):
        user = django_user_model.objects.create_user("mia", is_staff=True)
        user.groups.add(Group.objects.get(name="marketer"))
        client.force_login(user)
        assert 'value="approve"' not in client.get(self.LIST).content.decode()
        self.post(client, "approve", creative)
        creative.refresh_from_db()
        assert creative.status == Creative.Status.DRAFT

"""Writing the creatives of a launch: several for each place, by the writer of the settings."""

import json
import logging
import re
from collections import Counter
from decimal import Decimal

import pytest

from launchopt import jobs
from launchopt.audiences.models import Customer, Persona, Segment
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Campaign, Creative
from launchopt.campaigns.services.wording import Place, words_for
from launchopt.catalog.models import Product
from launchopt.operations.models import Run
from launchopt.operations.runs import Work
from launchopt_workers.copywriting.tasks import write_creatives
from launchopt_workers.running import run_here
from tests.support.copy_servers import copy_server
from tests.support.mugs import MUG, NOW, audience_of, make_mug, mug_launch

pytestmark = pytest.mark.django_db


@pytest.fixture
def launch():
    return mug_launch(make_mug())


@pytest.fixture
def audience():
    return audience_of([{"name": "Kitchen", "kind": "category", "weight": 0.8}])


class TestWriteCreatives:
    @pytest.fixture
    def campaign(self, launch, audience):
        return Campaign.objects.create(
            launch=launch, channel="email", audience=audience, cost_per_contact=Decimal("0.02")
        )

    def write(self, launch):
        return write_creatives(Work(None, clock=lambda: NOW), launch_id=str(launch.pk))

    def test_writes_for_each_audience_and_channel(self, launch, campaign, audience):
        Campaign.objects.create(
            launch=launch, channel="sms", audience=audience, cost_per_contact=Decimal("0.05")
        )
        assert self.write(launch) == {"creatives": 6, "fallbacks": 0}
        channels = Counter(Creative.objects.values_list("channel", flat=True))
        assert channels == {"email": 3, "sms": 3}

    def test_every_claim_it_writes_is_proved(self, launch, campaign):
        self.write(launch)
        claims = [claim for creative in Creative.objects.all() for claim in creative.claims]
        assert claims
        assert all(claim["support"] for claim in claims)

    def test_candidates_differ_and_an_email_has_a_subject_and_a_preheader(self, launch, campaign):
        self.write(launch)
        written = list(Creative.objects.all())
        assert len({creative.headline for creative in written}) == 3
        for creative in written:
            assert creative.subject != creative.headline
            assert creative.preheader not in creative.body
            assert creative.preheader

    def test_writing_again_writes_the_same(self, launch, campaign):
        self.write(launch)
        first = set(Creative.objects.values_list("pk", "content_hash"))
        self.write(launch)
        assert set(Creative.objects.values_list("pk", "content_hash")) == first

    def test_the_interest_of_the_audience_picks_the_angle(self, launch, campaign):
        self.write(launch)
        texts = [f"{each.headline} {each.body}".lower() for each in Creative.objects.all()]
        assert any("kitchen" in text for text in texts)

    def test_a_rejected_text_is_not_written_again(self, launch, campaign):
        self.write(launch)
        rejected = Creative.objects.first()
        creatives.reject_creative(creative=rejected, by="ann", reason="Too plain.", now=NOW)
        self.write(launch)
        fresh = Creative.objects.filter(status=Creative.Status.DRAFT)
        assert rejected.content_hash not in fresh.values_list("content_hash", flat=True)
        assert len(fresh) == 3

    def test_no_personal_data_reaches_the_words(self, launch, campaign):
        self.write(launch)
        for creative in Creative.objects.all():
            text = " ".join(creatives.draft_of(creative).parts().values())
            assert not any(word in text for word in ("canary", "35-44", "female"))

    def test_no_canary_reaches_a_prompt_the_words_a_log_or_a_task(
        self, launch, campaign, audience, settings, tmp_path, caplog
    ):
        """E-mails, phones and names of customers, Chinese ones too, and of a product's text."""
        canaries = (
            "canary-0@example.com",
            "+8613800138000",
            "王小明",
            "Ann Canary",
            "Canary Street",
        )
        for customer in Customer.objects.filter(memberships__audience=audience):
            customer.email, customer.phone = canaries[:2]
            customer.external_id = f"Ann Canary {customer.pk}"
            customer.save()
        named = [{"name": name, "kind": "term", "weight": 1} for name in canaries]
        Persona.objects.update(interests=named)
        text = f"Holds 300 ml. Write to {canaries[0]} or call {canaries[1]}."
        Product.objects.update(description=text)
        caplog.set_level(logging.DEBUG)
        with copy_server(tmp_path) as server:
            asks = {"WRITERS": {"creatives": "openai"}, "COPY_SERVER": server.address}
            settings.LAUNCHOPT = settings.LAUNCHOPT | asks
            run_here(jobs.WRITE_CREATIVES, launch_id=str(launch.pk))
            asked = server.asked()
        assert asked
        written = [creatives.draft_of(row).parts() for row in Creative.objects.all()]
        runs = list(Run.objects.values("arguments", "result", "message"))
        everything = json.dumps([asked, written, runs], ensure_ascii=False) + caplog.text
        assert [canary for canary in canaries if canary in everything] == []

    def test_a_frequent_persona_gets_words_of_its_own(self, launch, campaign, audience):
        segment = Segment.objects.create(name="garden, outdoor", size=2, found_at=NOW, as_of=NOW)
        some = Persona.objects.filter(customer__memberships__audience=audience)[:2]
        Persona.objects.filter(pk__in=[each.pk for each in some]).update(segment=segment)
        self.write(launch)
        assert Counter(Creative.objects.values_list("segment", flat=True)) == {
            None: 3,
            segment.pk: 3,
        }

    def test_writes_in_every_language_of_the_shop(self, launch, campaign, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"COPY_LANGUAGES": ("zh-Hans",)}
        self.write(launch)
        chinese = Creative.objects.filter(language="zh-Hans")
        assert len(chinese) == 3
        assert all(re.search("[一-龥]", creative.headline + creative.body) for creative in chinese)
        assert all(
            creatives.approve_creative(creative=creative, by="ann", now=NOW) for creative in chinese
        )
        assert creatives.servable_creatives(launch=launch, now=NOW) == list(chinese.order_by("pk"))

    def test_a_writer_that_is_away_is_replaced_and_the_reason_kept(
        self, launch, campaign, settings
    ):
        closed = {"WRITERS": {"creatives": "openai"}, "COPY_SERVER": "http://127.0.0.1:9/v1"}
        settings.LAUNCHOPT = settings.LAUNCHOPT | closed | {"COPY_SERVER_RETRIES": 0}
        assert self.write(launch) == {"creatives": 3, "fallbacks": 1}
        for creative in Creative.objects.all():
            assert creative.writer == "phrasebook"
            assert creative.fallback_reason.startswith("openai: ")


class TestWordsForACustomer:
    """Who gets which of the approved words of one place."""

    @pytest.fixture
    def segment(self):
        return Segment.objects.create(name="garden, outdoor", size=2, found_at=NOW, as_of=NOW)

    @pytest.fixture
    def approved(self, launch, audience, segment):
        found = {}
        for key, (language, kind) in {
            "all": ("en", None), "gardeners": ("en", segment), "chinese": ("zh-Hans", None)
        }.items():  # fmt: skip
            place = creatives.Place(
                launch=launch, audience=audience, channel="onsite", language=language, segment=kind
            )
            (row,) = creatives.save_drafts(
                place=place, drafts={"treatment": [MUG]}, writer="phrasebook", now=NOW
            )
            creatives.approve_creative(creative=row, by="ann", now=NOW)
            found[row.pk] = key
        return found

    @pytest.mark.parametrize(
        ("language", "gardens", "expected"),
        [
            ("", False, "all"),
            ("en-GB", False, "all"),
            ("en", True, "gardeners"),
            ("zh-CN", False, "chinese"),
            ("zh-CN", True, "chinese"),
            ("fr", False, "all"),
        ],
    )
    def test_gets_those_of_its_language_and_kind(
        self, launch, audience, segment, approved, language, gardens, expected
    ):
        customer = Customer.objects.filter(memberships__audience=audience).first()
        customer.language = language
        if gardens:
            Persona.objects.filter(customer=customer).update(segment=segment)
        words = words_for([launch], audiences=[audience.pk], customers=[customer.pk], now=NOW)
        place = Place(launch.pk, audience.pk, "onsite", "treatment")
        assert [approved[row.pk] for row in words.of(place, customer)] == [expected]

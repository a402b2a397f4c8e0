"""Learning which words are clicked from what customers saw, and ranking what waits by it."""

import uuid

import numpy as np
import pytest

from launchopt.audiences.models import Event, Persona, Segment
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Creative, Decision, Placement
from launchopt.campaigns.selectors.shown_words import shown_words
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_core.claims import Draft
from launchopt_workers.appeal.tasks import learn_appeal
from tests.support.launches import HOUR, make_customers
from tests.support.mugs import MUG, NOW, audience_of, make_mug, mug_launch, saved

pytestmark = pytest.mark.django_db
LATER = NOW + 48 * HOUR
PLAIN = ("Look at it.", "See it here.", "It is in our shop.", "Have a look.", "Take a look at it.")
PLEASES = "A cosy cup of tea on a rainy evening"


class Reader:
    """Reads one thing in a text: whether it tells of a rainy evening; else it is noise."""

    name, width = "all-MiniLM-L6-v2", 8

    def encode(self, texts):
        rows = np.array([self._row(text) for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _row(self, text):
        seed = np.random.default_rng([ord(character) for character in text])
        return np.append([1.5 if "rainy" in text else -1.5], seed.normal(size=7) * 0.3)


@pytest.fixture(autouse=True)
def _reader(monkeypatch):
    for module in ("ranking", "tasks"):
        monkeypatch.setattr(
            f"launchopt_workers.appeal.{module}.encoder_in_force", Reader, raising=False
        )
    monkeypatch.setattr("launchopt_workers.prediction.reading.encoder_in_force", Reader)


@pytest.fixture
def launch():
    return mug_launch(make_mug())


@pytest.fixture
def audience():
    return audience_of([])


def words(number, *, pleases):
    body = f"{PLEASES if pleases else PLAIN[number % 5]}"
    return Draft(**{**MUG.parts(), "headline": f"Mug, view {'abcdefghijkl'[number % 12]}"
                    f"{number // 12}", "body": body})  # fmt: skip


def show(creative, customers, *, clicks):
    """The words before these customers, so many of whom click."""
    place, _ = Placement.objects.get_or_create(name="home")
    decisions = Decision.objects.bulk_create(
        Decision(
            customer=customer,
            placement=place,
            channel="onsite",
            launch=creative.launch,
            creative=creative,
            reason="shown",
            propensity=1.0,
            policy_version="test",
            state=Decision.State.CONFIRMED,
            decided_at=NOW,
        )
        for customer in customers
    )
    Event.objects.bulk_create(
        Event(
            message_id=uuid.uuid4(),
            customer=decision.customer,
            kind="click",
            occurred_at=NOW,
            received_at=NOW,
            decision_id=decision.pk,
        )
        for decision in decisions[:clicks]
    )


def learn(**arguments):
    return learn_appeal(Work(None, clock=lambda: LATER), as_of=LATER.isoformat(), **arguments)


@pytest.fixture
def learned(launch, audience):
    """Forty texts, each before fifty customers: half please, and those are clicked thrice as
    often."""
    customers = make_customers(50)
    for number in range(40):
        creative = saved(launch, audience, words(number, pleases=number % 2 == 0))
        creatives.approve_creative(creative=creative, by="ann", now=NOW)
        show(creative, customers, clicks=15 if number % 2 == 0 else 5)
    return learn()


class TestShownWords:
    def test_counts_exposures_and_clicks_by_persona(self, launch, audience):
        creative = saved(launch, audience, MUG)
        customers = make_customers(5)
        segment = Segment.objects.create(
            name="Tea", terms=[], size=2, space="-", found_at=NOW, as_of=NOW
        )
        Persona.objects.bulk_create(
            Persona(customer=c, segment=segment, recency=1, frequency=1, monetary=1, as_of=NOW)
            for c in customers[:2]
        )
        show(creative, customers, clicks=3)
        found = {(row.segment, row.exposures, row.clicks) for row in self.shown()}
        assert found == {(segment.pk, 2, 2), (None, 3, 1)}

    def test_a_second_click_on_one_showing_counts_once(self, launch, audience):
        creative = saved(launch, audience, MUG)
        (customer,) = make_customers(1)
        show(creative, [customer], clicks=1)
        click = Event.objects.get()
        click.message_id = uuid.uuid4()
        click.save(force_insert=True)
        assert [(row.exposures, row.clicks) for row in self.shown()] == [(1, 1)]

    def test_what_was_shown_before_an_edit_tells_nothing_of_the_words_of_now(
        self, launch, audience
    ):
        creative = saved(launch, audience, MUG)
        show(creative, make_customers(3), clicks=1)
        edited = creatives.edit_creative(creative=creative, by="ann", now=LATER, headline="A mug")
        creatives.approve_creative(creative=edited, by="bob", now=LATER)
        assert self.shown() == []

    def shown(self):
        return shown_words(until=LATER, most=100)


class TestLearnAppeal:
    def test_enters_service_where_it_beats_the_mean_on_held_out_texts(self, learned):
        version = ModelVersion.objects.get(name="appeal")
        assert version.status == ModelVersion.Status.ACTIVE
        assert version.metrics["held_out"]["interval"][1] < 0
        assert "held-out texts" in learned["decision"]
        assert version.card["encoder"] == "all-MiniLM-L6-v2"

    def test_stays_a_candidate_where_words_do_not_matter(self, launch, audience):
        customers = make_customers(50)
        rng = np.random.default_rng(1)
        for number in range(40):
            creative = saved(launch, audience, words(number, pleases=number % 2 == 0))
            creatives.approve_creative(creative=creative, by="ann", now=NOW)
            show(creative, customers, clicks=int(rng.binomial(50, 0.15)))
        assert "not clearly better" in learn()["decision"]
        version = ModelVersion.objects.get(name="appeal")
        assert version.status == ModelVersion.Status.CANDIDATE
        assert not Creative.objects.exclude(click_rate=None).exists()

    def test_waits_until_enough_was_shown(self, launch, audience):
        saved(launch, audience, MUG)
        report = learn()
        assert report["learned"] is False
        assert "20 texts and 50 clicks are needed" in report["reason"]
        assert not ModelVersion.objects.filter(name="appeal").exists()

    def test_new_candidates_are_ranked_with_how_sure_that_is(self, learned, launch, audience):
        pleases = saved(launch, audience, words(50, pleases=True))
        plain = creatives.save_drafts(
            place=creatives.Place(launch=launch, audience=audience, channel="meta", language="en"),
            drafts={"treatment": [words(51, pleases=False)]},
            writer="phrasebook",
            now=NOW,
        )[0]
        learn()
        pleases.refresh_from_db()
        plain.refresh_from_db()
        assert pleases.click_rate > plain.click_rate
        assert pleases.click_rate_low < pleases.click_rate < pleases.click_rate_high

    def test_words_that_a_person_changes_are_unknown_again(self, learned):
        creative = Creative.objects.exclude(click_rate=None).first()
        edited = creatives.edit_creative(
            creative=creative, by="ann", now=LATER, headline="Another view of the mug"
        )
        assert edited.click_rate is None

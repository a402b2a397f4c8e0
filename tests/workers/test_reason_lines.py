"""Lines that say why: written once for a kind of reason, checked, told in lists, edited."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from launchopt.audiences import reason_lines
from launchopt.audiences.models import ReasonLine
from launchopt.audiences.showing import shown_to
from launchopt.catalog.models import Product
from launchopt.operations.errors import InvalidInput
from launchopt.operations.models import AuditEntry
from launchopt.operations.runs import Work
from launchopt_core.claims import Draft
from launchopt_core.reasons import KINDS, Grounds, interest_sentence, line_of, sentence
from launchopt_workers.themes import writing
from launchopt_workers.themes.tasks import write_themes
from tests.support.copy_servers import copy_server

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Wordsmith:
    """Words each line otherwise, as far as a line may be."""

    name, version = "transformers", "1"

    def __init__(self, wording):
        self.wording, self.asked = wording, []

    def write(self, briefs, *, candidates=3, rng):
        self.asked += briefs
        lines = [self.wording(brief.facts.description) for brief in briefs]
        return [(Draft(headline="-", body=line, call_to_action="-", alt_text="-"),)
                for line in lines]  # fmt: skip


def write(monkeypatch, wording=None):
    if wording:
        monkeypatch.setattr(writing, "writer_for", lambda role, **_: Wordsmith(wording))
    told = write_themes(Work(None, clock=lambda: NOW))
    reason_lines.SHOWN.drop()  # as a commit would
    return told


def line(kind, language="en"):
    return ReasonLine.objects.get(kind=kind, language=language)


class TestWriting:
    @pytest.mark.parametrize("language", ["en", "zh-Hans"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_line_of_the_book_is_proved(self, kind, language):
        text = line_of(kind, language=language)
        assert reason_lines.check_line(text, kind=kind, language=language).faults() == []

    def test_the_phrasebook_says_what_it_always_said(self, monkeypatch):
        assert write(monkeypatch)["lines"] == len(KINDS)
        grounds = Grounds("content", ["Red cup"], "purchase")
        told = sentence(grounds, language="en", words=reason_lines.phrases_told("en"))
        assert told == sentence(grounds, language="en")
        assert write(monkeypatch)["lines"] == 0

    def test_another_writers_words_are_told(self, monkeypatch):
        write(monkeypatch, lambda text: text.replace("Because you", "Since you"))
        words = reason_lines.phrases_told("en")
        assert line("alike").writer == "transformers"
        told = sentence(Grounds("content", ["Red cup"], "purchase"), language="en", words=words)
        assert told == "Since you bought Red cup: this is similar."
        reasons = [{"factor": "same_category", "log_odds": 1.0, "skus": ["A"]}]
        told = interest_sentence(reasons, titles={"A": "Cup"}, language="en", words=words)
        assert told == "Since you bought Cup: this is of the same category."

    @pytest.mark.parametrize(
        ("wording", "fault"),
        [
            (lambda text: f"{text} The best of all.", "no fact proves 'best'"),
            (lambda text: "You may like it.", "it must say 'you {deed}' once"),
            (lambda text: f"{text} {{name}}", "it has braces that nothing fills"),
            (lambda text: text + "!" * 200, "it has 4 to 160 characters"),
        ],
    )
    def test_what_may_not_be_said_or_cannot_be_filled_is_the_books(
        self, monkeypatch, wording, fault
    ):
        assert write(monkeypatch, wording)["fallbacks"] >= 1
        kept = line("alike")
        assert (kept.writer, kept.text) == ("phrasebook", line_of("alike", language="en"))
        assert fault in kept.fallback_reason

    def test_no_customer_is_in_what_a_server_is_asked(self, settings, tmp_path, monkeypatch):
        with copy_server(tmp_path) as server:
            asks = {"WRITERS": {"lists": "openai"}, "COPY_SERVER": server.address}
            settings.LAUNCHOPT = settings.LAUNCHOPT | asks
            write(monkeypatch)
            asked = server.asked()
        assert len(asked) == len(KINDS)
        assert all("{deed}" in str(each["body"]["messages"]) for each in asked)
        assert line("alike").fallback_reason.startswith("openai: rejected")


class TestTelling:
    def test_lists_of_strangers_say_it_in_the_shops_words(self, monkeypatch):
        Product.objects.create(
            sku="A", title="Cup", language="en", launched_at=NOW, created_at=NOW, updated_at=NOW
        )
        write(monkeypatch, lambda text: text.replace("New in the shop.", "New in our shop."))
        (entry,) = shown_to(external_id="c1", k=1, at=NOW).recommendations
        assert entry["reason"] == "New in our shop."

    def test_words_changed_past_the_check_are_not_told(self, monkeypatch):
        write(monkeypatch)
        ReasonLine.objects.filter(kind="fresh").update(text="The best in the shop.")
        reason_lines.SHOWN.drop()
        assert reason_lines.phrases_told("en").fresh == "New in the shop."


class TestEditing:
    def test_keeps_words_that_are_proved_and_sets_them_back(self, monkeypatch):
        write(monkeypatch)
        text = "You {deed}, so have a look at this: it is similar."
        edited = reason_lines.edit_line(line=line("alike"), text=text, by="ann", now=NOW)
        assert edited.writer == "person"
        assert write(monkeypatch)["lines"] == 0
        assert line("alike").text == text
        assert AuditEntry.objects.get(action="edit_reason_line").after == {"text": text}
        reason_lines.reset_line(line=edited, by="ann", now=NOW)
        assert line("alike").text == line_of("alike", language="en")

    def test_refuses_what_nothing_proves(self, monkeypatch):
        write(monkeypatch)
        with pytest.raises(InvalidInput, match="no fact proves 'Guaranteed'"):
            reason_lines.edit_line(
                line=line("fresh"), text="Guaranteed new in the shop.", by="ann", now=NOW
            )

    def test_on_the_admin_page(self, admin_client, monkeypatch):
        write(monkeypatch)
        page = reverse("admin:launchopt_audiences_reasonline_change", args=[line("alike").pk])
        assert "you {deed}" in admin_client.post(page, {"text": "Nice."}).content.decode()
        admin_client.post(page, {"text": "As you {deed}: one that is similar."})
        assert line("alike").writer == "person"
        listed = reverse("admin:launchopt_audiences_reasonline_changelist")
        shown = admin_client.get(listed).content.decode()
        assert "As you bought …: one that is similar." in shown
        admin_client.post(listed, {"action": "reset", "_selected_action": [line("alike").pk]})
        assert line("alike").writer == "phrasebook"

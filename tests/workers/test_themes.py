"""Themes of lists: written once for a category, proved, told beside the products, withdrawn."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from launchopt.audiences import reason_lines, themes
from launchopt.audiences.models import ListTheme
from launchopt.audiences.showing import shown_to
from launchopt.catalog.models import Category, Product
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import AuditEntry, Run
from launchopt.operations.runs import Work
from launchopt_core.claims import Draft, Facts
from launchopt_core.reasons import KINDS
from launchopt_ml.copywriting import WriterFailed
from launchopt_ml.copywriting.themes import GENERAL, LINES, REASONS, category_words
from launchopt_workers.themes import writing
from launchopt_workers.themes.tasks import write_themes
from tests.support.api import by_key

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def make_product(category, *, sku="MUG-1", language="en"):
    return Product.objects.create(
        sku=sku, title="Blue mug", category=category, language=language,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


@pytest.fixture
def kitchen():
    category = Category.objects.create(name="KITCHEN")
    make_product(category)
    return category


def write():
    report = write_themes(Work(None, clock=lambda: NOW))
    themes.SHOWN.drop()  # as a commit would
    reason_lines.SHOWN.drop()
    return report


@pytest.fixture
def theme(kitchen):
    write()
    return ListTheme.objects.select_related("category").get()


class TestBook:
    @pytest.mark.parametrize("language", GENERAL)
    def test_what_is_said_of_no_category_is_proved(self, language):
        facts = themes.facts_of_category(None, language=language)
        for told in (*GENERAL[language][0], *GENERAL[language][1]):
            draft = Draft(headline=told, body=told, call_to_action="", alt_text="")
            assert themes.check_theme(draft, facts=facts).faults() == []

    @pytest.mark.parametrize("language", LINES)
    @pytest.mark.parametrize("name", ["KITCHEN", "Cups & Mugs", "Garden", "茶具", "Girls' Shoes"])
    def test_every_sentence_is_proved_by_the_category(self, name, language):
        words = category_words(name)
        facts = Facts(title=name, category=name, language=language)
        for line in (*LINES[language], *REASONS[language]):
            told = line.replace("{c}", words).replace("{C}", words.capitalize())
            draft = Draft(headline=told, body=told, call_to_action="", alt_text="")
            assert themes.check_theme(draft, facts=facts).faults() == []

    @pytest.mark.parametrize(
        "name", ["Pregnancy tests", "20 % off!", "ask@example.com", "Bibles", "<b>", "x" * 60]
    )
    def test_what_nobody_should_infer_or_read_makes_no_theme(self, name):
        assert category_words(name) == ""


class TestWriting:
    def test_writes_a_line_and_a_reason_for_each_category_with_products(self, kitchen):
        Category.objects.create(name="Empty")
        assert write() == {"themes": 1, "without": 0, "lines": len(KINDS), "fallbacks": 0}
        theme = ListTheme.objects.get()
        assert "kitchen" in theme.title.lower()
        assert theme.reason.endswith(".")
        assert (theme.category, theme.writer) == (kitchen, "phrasebook")

    def test_what_stands_is_not_written_again(self, theme):
        assert write()["themes"] == 0
        assert ListTheme.objects.get().written_at == theme.written_at

    def test_a_category_by_another_name_is_written_anew_and_not_told_until_then(
        self, theme, kitchen
    ):
        Category.objects.filter(pk=kitchen.pk).update(name="Garden")
        assert themes.themes_shown() == {}
        assert write()["themes"] == 1
        assert "garden" in ListTheme.objects.get().title.lower()

    def test_is_written_in_each_language_of_the_shop(self, kitchen, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"COPY_LANGUAGES": ("zh-Hans",)}
        assert write()["themes"] == 2
        assert set(ListTheme.objects.values_list("language", flat=True)) == {"en", "zh-Hans"}

    def test_another_writer_is_checked_too_and_replaced_where_it_boasts(self, kitchen, monkeypatch):
        monkeypatch.setattr(writing, "writer_for", lambda role, **_: Boaster())
        told = {"themes": 1, "without": 0, "lines": len(KINDS), "fallbacks": 1 + len(KINDS)}
        assert write() == told
        theme = ListTheme.objects.get()
        assert theme.writer == "phrasebook"
        assert "no fact proves 'best'" in theme.fallback_reason
        assert "kitchen" in theme.title.lower()

    def test_another_writer_that_fails_is_replaced_with_its_reason(self, kitchen, monkeypatch):
        monkeypatch.setattr(writing, "writer_for", lambda role, **_: Absent())
        write()
        assert "no model is here" in ListTheme.objects.get().fallback_reason

    def test_products_without_a_category_have_a_theme_too(self, kitchen):
        make_product(None, sku="ODD-1")
        assert write()["themes"] == 2
        general = ListTheme.objects.get(category=None)
        assert general.title in GENERAL["en"][0]
        told = shown_to(external_id="c1", k=5, at=NOW).themes
        assert {"title": general.title, "reason": general.reason, "skus": ["ODD-1"]} in told

    def test_the_command_tells_what_it_wrote(self, kitchen, capsys):
        call_command("write_themes", json=True)
        assert '"themes": 1' in capsys.readouterr().out
        assert Run.objects.get().job == "launchopt.themes.write_themes"


class Boaster:
    name, version = "openai", "1"

    def write(self, briefs, *, candidates=3, rng):
        boast = Draft(headline="The best kitchen", body="A.", call_to_action="", alt_text="")
        return [(boast,) for _ in briefs]


class Absent(Boaster):
    def write(self, briefs, *, candidates=3, rng):
        raise WriterFailed("no model is here")


class TestTelling:
    def shown(self, **fields):
        return shown_to(external_id="c1", k=5, at=NOW, **fields)

    def test_a_list_tells_the_theme_of_its_products(self, theme):
        make_product(None, sku="ODD-1")
        assert self.shown().themes == [
            {"title": theme.title, "reason": theme.reason, "skus": ["MUG-1"]}
        ]

    def test_over_rest_too_without_anything_of_ours(self, theme):
        Product.objects.update(launched_at=timezone.now() - timedelta(days=1))
        answer = by_key("integration").get("customers/c1/recommendations/").json()
        assert answer["themes"][0]["title"] == theme.title
        assert not {"category_id", "product_id", "language"} & answer["recommendations"][0].keys()

    def test_a_reader_of_another_language_gets_no_words_of_this_one(self, theme):
        Product.objects.update(language="zh-Hans")
        assert self.shown().themes == []

    def test_words_changed_past_the_check_are_not_told(self, theme):
        ListTheme.objects.update(title="The best kitchen")
        assert self.shown().themes == []

    def test_what_is_withdrawn_is_told_no_longer_until_it_is_shown_again(self, theme):
        themes.withdraw_theme(theme=theme, by="ann", now=NOW)
        assert self.shown().themes == []
        with pytest.raises(Conflict, match="withdrawn already"):
            themes.withdraw_theme(theme=theme, by="ann", now=NOW)
        themes.withdraw_theme(theme=theme, by="ann", now=NOW, withdrawn=False)
        themes.SHOWN.drop()
        assert self.shown().themes != []
        assert set(AuditEntry.objects.values_list("action", flat=True)) == {
            "withdraw_theme",
            "show_theme",
        }

    def test_reading_them_takes_no_query_once_they_are_cached(
        self, theme, django_assert_num_queries
    ):
        themes.themes_shown()
        with django_assert_num_queries(0):
            themes.themes_of([{"category_id": 1, "language": "en", "sku": "X"}])


class TestEditing:
    def test_keeps_words_that_are_proved_and_writes_them_no_more(self, theme):
        edited = themes.edit_theme(
            theme=theme, title="For your kitchen corner", reason="From our shop.", by="ann", now=NOW
        )
        assert edited.writer == "person"
        assert write()["themes"] == 0
        assert ListTheme.objects.get().title == "For your kitchen corner"

    def test_refuses_what_nothing_proves(self, theme):
        with pytest.raises(InvalidInput, match="no fact proves 'best'"):
            themes.edit_theme(
                theme=theme, title="The best kitchen", reason="So it is.", by="ann", now=NOW
            )

    def test_on_the_admin_page(self, admin_client, theme):
        page = reverse("admin:launchopt_audiences_listtheme_change", args=[theme.pk])
        words = {"title": "The best kitchen", "reason": "From our shop."}
        assert "no fact proves" in admin_client.post(page, words).content.decode()
        admin_client.post(page, words | {"title": "For your kitchen corner"})
        assert ListTheme.objects.get().title == "For your kitchen corner"

    def test_the_list_page_withdraws(self, admin_client, theme):
        page = reverse("admin:launchopt_audiences_listtheme_changelist")
        admin_client.post(page, {"action": "withdraw", "_selected_action": [theme.pk]})
        assert ListTheme.objects.get().is_withdrawn
        assert theme.title in admin_client.get(page).content.decode()

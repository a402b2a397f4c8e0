"""`manage.py write_copy`: a file of products and personas in, checked candidates out."""

import json
import logging
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from launchopt_core.claims import check
from launchopt_core.claims.reading import facts_from
from tests.support.copy_servers import copy_server

MUG = {
    "id": 7,
    "language": "en",
    "facts": {"title": "BLUE MUG", "price": "7.50", "currency": "GBP", "description": "300 ml."},
    "persona": {
        "age_band": "35-44",
        "gender": "female",
        "interests": ["mugs"],
        "price_band": "low",
    },
}
CUP = {"id": "cup", "language": "zh-Hans", "facts": {"title": "白瓷茶杯"}, "persona": None}
CANARIES = ("ann.canary@example.com", "13800138000", "+44 20 7946 0958", "王小明", "Canary")


@pytest.fixture
def run(tmp_path):
    """Runs the command on lines; gives its `--json` report and the lines that it wrote."""

    def run(*lines, **options):
        file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
        file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        printed = StringIO()
        call_command("write_copy", file, json=True, out=out, stdout=printed, **options)
        return json.loads(printed.getvalue()), [
            json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()
        ]

    return run


class TestWriteCopy:
    def test_gives_a_line_for_each_product_with_its_candidates(self, run):
        report, lines = run(MUG, CUP, candidates=4)
        assert [line["id"] for line in lines] == [7, "cup"]
        assert report["lines"] == lines
        for line in lines:
            assert len(line["candidates"]) == 4
            for words in line["candidates"]:
                assert list(words) == ["headline", "body", "call_to_action", "alt_text", "claims"]

    def test_each_claim_has_the_fact_that_proves_it(self, run):
        _, (line,) = run(MUG)
        claims = [claim for words in line["candidates"] for claim in words["claims"]]
        assert {claim["support"] for claim in claims} <= {"price", "description", "title"}
        assert "£7.50" in {claim["text"] for claim in claims}

    def test_the_channel_keeps_its_limits_and_an_email_its_parts(self, run):
        _, (ad,) = run(MUG, channel="google_search")
        assert all(len(words["headline"]) <= 30 for words in ad["candidates"])
        _, (email,) = run(MUG, channel="email")
        assert all(words["subject"] and words["preheader"] for words in email["candidates"])

    def test_the_same_file_gives_the_same_words(self, run):
        assert run(MUG, CUP) == run(MUG, CUP)
        assert run(MUG, CUP) != run(MUG, CUP, seed=1)

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ({"id": 1}, "line 1: facts must be an object"),
            ({**MUG, "id": None}, "line 1: it has no id"),
            ({**MUG, "facts": {"price": 3}}, "facts.title is missing"),
            ({**MUG, "persona": {"age": 3}}, "a persona has no 'age'; it has age_band"),
            ({**MUG, "persona": {"interests": "mugs"}}, "persona.interests must be a list"),
        ],
    )
    def test_names_what_is_wrong_with_a_line(self, run, line, fault):
        with pytest.raises(CommandError, match=fault) as raised:
            run(line)
        assert raised.value.returncode == 2

    def test_a_writer_without_its_setting_is_named(self, run):
        with pytest.raises(CommandError, match="needs the setting COPY_SERVER"):
            run(MUG, writer="openai")

    @pytest.mark.django_db
    def test_a_lying_server_is_replaced_and_the_reason_told(self, run, settings, tmp_path):
        with copy_server(tmp_path, mode="lying") as server:
            settings.LAUNCHOPT = settings.LAUNCHOPT | {"COPY_SERVER": server.address}
            report, (line,) = run(MUG, writer="openai")
        (reason,) = report["fallbacks"]
        assert reason.startswith("openai: rejected, no fact proves 'best'")
        for words in line["candidates"]:
            claims = words.pop("claims")
            facts = facts_from(MUG["facts"], brand_facts=[], language="en")
            assert check(words, facts=facts).is_accepted
            assert all(claim["support"] for claim in claims)

    @pytest.mark.django_db
    def test_no_personal_data_reaches_the_server_the_words_or_a_log(
        self, run, settings, tmp_path, caplog
    ):
        """What a persona brings with it is not asked for; what facts hold by mistake is cut."""
        facts = {**MUG["facts"], "description": f"Mug. Ask {CANARIES[0]} or {CANARIES[1]}."}
        facts["attributes"] = {"contact": CANARIES[2]}
        persona = {"interests": ["Ann Canary", "王小明"], "gender": "Canary", "age_band": "Canary"}
        hot = {**MUG, "facts": facts, "persona": persona}
        caplog.set_level(logging.DEBUG)
        with copy_server(tmp_path) as server:
            settings.LAUNCHOPT = settings.LAUNCHOPT | {"COPY_SERVER": server.address}
            found = [run(hot, writer=writer)[1] for writer in ("openai", "phrasebook")]
            asked = server.asked()
        assert asked
        everything = json.dumps([found, asked, caplog.text], ensure_ascii=False)
        assert [canary for canary in CANARIES if canary in everything] == []

"""`manage.py train_brand_voice`: learned from proved copy, loaded by its name."""

import gzip
import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from launchopt.operations.models import ModelVersion
from launchopt_ml.copywriting.adapters import RATES
from launchopt_workers.copywriting.choosing import writer_named
from launchopt_workers.voices.lessons import facts_of_tags, lessons_of
from tests.support.tiny_writer import save_tiny_writer

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))
AD_COPY = DATA / "chinese_ad_copy.jsonl.gz"
COLOURS = ("red", "blue", "green", "white", "black", "grey", "pink", "brown", "ivory", "purple")

pytestmark = pytest.mark.django_db


def good(colour, number):
    facts = {"title": f"{colour} mug {number}"}
    return {"id": number, "facts": facts, "text": f"Hello there, dear {colour} mug. Sit down."}


@pytest.fixture
def copy_file(tmp_path):
    """Twenty proved texts, one that lies, and one with a placeholder."""
    lines = [good(colour, n) for n in range(2) for colour in COLOURS]
    lines.append({"id": 98, "facts": {"title": "mug"}, "text": "The best mug, 20% off."})
    lines.append({"id": 99, "facts": {"title": "mug"}, "text": "This BRAND mug."})
    file = tmp_path / "copy.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


@pytest.fixture
def model(tmp_path):
    return save_tiny_writer(tmp_path / "model")


def train(*words, **options):
    printed = StringIO()
    call_command("train_brand_voice", *words, json=True, stdout=printed, **options)
    return json.loads(printed.getvalue())


class TestTrainBrandVoice:
    @pytest.mark.parametrize("method", ["lora", "prefix"])
    def test_learns_and_is_then_loaded_by_its_name(self, copy_file, model, settings, method):
        told = train("dry", file=copy_file, model=str(model), method=method, epochs=6, samples=4)
        assert told["copy"]["offered"] == 22
        assert told["copy"]["reasons"] == {"superlative without proof": 1, "placeholder": 1}
        assert told["perplexity_after"] < told["perplexity_before"]
        assert told["loss"]["interval"][1] < 0
        version = ModelVersion.objects.get(name="voice: dry")
        assert (str(version.pk), version.status) == (told["model_version"], "active")
        assert "adapter_model.safetensors" in version.files

        named = {"COPY_MODEL": str(model), "COPY_VOICE": "dry"}
        settings.LAUNCHOPT = settings.LAUNCHOPT | named
        loaded = writer_named("transformers")._loaded
        weights = " ".join(name for name, _ in loaded.model.named_parameters())
        assert ("lora" in weights, len(loaded.prefix)) == (method == "lora", 2 * (method != "lora"))

    def test_tells_what_it_writes_about_unseen_facts_before_and_after(self, copy_file, model):
        told = train("dry", file=copy_file, model=str(model), epochs=1, samples=3)
        assert told["samples"] == 3
        for name in ("passes_the_ledger", "facts_kept"):
            low, high = told[name]["interval"]
            assert -1 <= low <= told[name]["after"] - told[name]["before"] + 1e-4 <= high + 2e-4
        assert "facts kept from" in told["promotion"]["sentence"]

    def test_stays_a_candidate_where_it_is_not_shown_to_be_better(
        self, copy_file, model, monkeypatch
    ):
        monkeypatch.setitem(RATES, "lora", 0.0)
        told = train("dry", file=copy_file, model=str(model), epochs=1, samples=2)
        assert told["status"] == "candidate"
        assert told["promotion"]["sentence"].endswith("not shown to be better.")

    def test_refuses_too_few_texts(self, tmp_path, model):
        file = tmp_path / "few.jsonl"
        file.write_text(json.dumps(good("red", 1)), encoding="utf-8")
        with pytest.raises(CommandError, match="it takes 10 texts at least; here are 1"):
            train("dry", file=file, model=str(model))

    def test_names_the_setting_that_is_missing(self):
        with pytest.raises(CommandError, match="--model or the setting COPY_MODEL"):
            train("dry")


class TestLessons:
    def test_tags_become_facts(self):
        facts = facts_of_tags("类型#裙*颜色#白色*图案#刺绣*图案#格子")
        assert facts.title == "裙"
        assert facts.attributes == {"颜色": ["白色"], "图案": ["刺绣", "格子"]}

    @pytest.mark.data
    @pytest.mark.skipif(not AD_COPY.exists(), reason="chinese_ad_copy.jsonl.gz is not here")
    def test_the_ledger_drops_what_human_copy_invents(self):
        """600 Chinese texts by people: three in ten at least state what their tags do not."""
        told = lessons_of(AD_COPY).told()
        with gzip.open(AD_COPY) as lines:
            assert told["offered"] == sum(1 for _ in lines)
        assert 0.3 < told["dropped_share"] < 0.7
        assert told["reasons"]["placeholder"] > 0

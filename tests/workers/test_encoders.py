"""Encoders of a stored shop: made, measured, put in service, and gone back from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from launchopt import jobs
from launchopt.catalog.embeddings import ENCODER, encoder_name
from launchopt.catalog.models import ProductEmbedding
from launchopt.operations import runs
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.runs import Work
from launchopt.operations.services import activate_model, roll_back_model
from launchopt_ml.shop import days, instant
from launchopt_workers.encoders.choosing import chosen
from launchopt_workers.encoders.deciding import decide
from launchopt_workers.encoders.making import Recipe, make
from launchopt_workers.encoders.table import lines_of
from launchopt_workers.encoders.versions import encoder_called, name_of
from launchopt_workers.prediction.reading import encoder_in_force, read_texts
from launchopt_workers.prediction.shops import stored_shop
from tests.ml.shops import START
from tests.ml.test_encoders import small_bert
from tests.support.tastes import NOW, store_tastes

# Early in the shop's life, when interest goes by its prior, which is quick.
AS_OF = (START + days(110)).astype(datetime).replace(tzinfo=UTC)
BEFORE = AS_OF - timedelta(days=60)


def work(run=None):
    """A hand on a run, or on none, at NOW."""
    return Work(run, clock=lambda: NOW)


@pytest.fixture(autouse=True)
def narrow(settings, tmp_path):
    """The setting names a small network, whose weights are by chance."""
    folder = small_bert(tmp_path / "narrow")
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ENCODER": str(folder)}
    return str(folder)


@pytest.fixture
def shop(db):
    return store_tastes(customers=60)


def called(command, *words):
    """What a command answers as JSON."""
    out = StringIO()
    call_command(command, *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


class TestShrink:
    def test_registers_a_candidate_with_its_card_and_its_figures(self, shop, narrow):
        report = called("shrink_encoder", "--by", "int8", "--as-of", AS_OF.isoformat())
        version = ModelVersion.objects.get(pk=report["model_version"])
        assert version.status == ModelVersion.Status.CANDIDATE
        assert version.card["kind"] == "int8"
        assert version.card["of"] == narrow
        assert version.card["megabytes"] < 0.3 * version.card["megabytes_of_parent"]
        row = version.metrics["encoder"]
        assert row["cosine"] > 0.99
        whole = version.metrics["whole"]["quality"]
        assert row["quality"]["map"] == pytest.approx(whole["map"], abs=0.05)
        assert row["times_as_fast"] > 0
        assert report["encoders"]["int8"] == row

    def test_reads_no_text_of_what_came_later(self, shop, narrow):
        version = make(work(), Recipe("student", narrow, BEFORE, {"layers": 1, "steps": 1}))
        stored = stored_shop(before=BEFORE, encoder=narrow).shop
        known = len(stored.before(instant(BEFORE)).products)
        told = version.card["parameters"]
        assert told["texts"] + told["held_out_texts"] == known < 120
        assert version.data_until == BEFORE

    def test_a_run_that_comes_back_makes_it_once(self, shop, narrow):
        run = runs.create_run(job=jobs.SHRINK_ENCODER, arguments={}, now=NOW)
        run = runs.take_lease(run_id=str(run.pk), now=NOW)
        recipe = Recipe("int8", narrow, BEFORE)
        assert make(work(run), recipe) == make(work(run), recipe)
        assert ModelVersion.objects.filter(name=ENCODER, card__kind="int8").count() == 1

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["--by", "int8", "--layers", "2"], "--layers says nothing"),
            (["--by", "int8", "--of", "nonsense"], "no encoder 'nonsense'"),
        ],
    )
    def test_refuses_in_one_line_what_makes_no_sense(self, db, words, told):
        with pytest.raises(CommandError, match=told) as error:
            called("shrink_encoder", *words, "--as-of", AS_OF.isoformat())
        assert error.value.returncode == 2

    def test_a_shop_without_texts_enough_is_told_so(self, db):
        store_tastes(customers=9, products=6)
        with pytest.raises(CommandError, match="too few to go by"):
            called("shrink_encoder", "--by", "prune", "--as-of", AS_OF.isoformat())


class TestInService:
    @pytest.fixture
    def int8(self, shop, narrow):
        read_texts(work())
        return make(work(), Recipe("int8", narrow, BEFORE))

    def test_the_encoder_of_the_setting_serves_until_another_is_activated(self, int8, narrow):
        assert encoder_name() == narrow
        assert read_texts(work()) == 0

    def test_an_active_version_reads_every_text_and_is_what_everybody_reads(self, int8):
        activate_model(version=int8, now=NOW)
        assert encoder_name() == name_of(int8)
        assert read_texts(work()) == 120
        stored = stored_shop(before=NOW, encoder=encoder_name()).shop.products
        expected = encoder_in_force().encode(stored.text.tolist())
        np.testing.assert_allclose(stored.embedding, expected, atol=1e-6)

    def test_going_back_reads_nothing_anew(self, int8, narrow):
        activate_model(version=int8, now=NOW)
        read_texts(work())
        roll_back_model(name=ENCODER, now=NOW)
        assert encoder_name() == narrow
        assert read_texts(work()) == 0
        assert ProductEmbedding.objects.filter(encoder=name_of(int8)).count() == 120

    def test_a_version_can_be_the_parent_of_another(self, int8, shop, narrow):
        student = make(work(), Recipe("student", narrow, BEFORE, {"layers": 1, "steps": 1}))
        both = make(work(), Recipe("int8", name_of(student), BEFORE))
        assert both.card["of"] == name_of(student)
        cosine = (
            encoder_called(name_of(student)).encode(["a spade"])
            @ encoder_called(name_of(both)).encode(["a spade"]).T
        )
        assert cosine > 0.99

    def test_the_admin_shows_its_card_and_its_figures(self, int8, admin_client):
        int8.metrics = {"encoder": {"cosine": 0.998}, "untested": "No launch yet."}
        int8.save()
        page = admin_client.get(f"/admin/launchopt_operations/modelversion/{int8.pk}/change/")
        assert page.status_code == 200
        for words in ("No launch yet.", "0.998", "megabytes_of_parent"):
            assert words in page.content.decode()


class TestCompare:
    def test_makes_what_is_missing_and_takes_it_the_next_time(self, shop, narrow):
        report = called(
            "compare_encoders", "--variants", "int8,pruned", "--as-of", AS_OF.isoformat(),
            "--cutoffs", "1",
        )  # fmt: skip
        rows = report["encoders"]
        assert list(rows) == ["whole", "int8", "pruned"]
        assert rows["whole"]["times_as_fast"] == 1
        difference = rows["pruned"]["quality"]["difference"]["map"]
        assert difference["interval"][0] <= difference["estimate"] <= difference["interval"][1]
        assert [line.split()[0] for line in list(lines_of(report))[2:]] == list(rows)
        again = chosen(work(), ["int8", "pruned"], of=narrow, begins=AS_OF - timedelta(days=30))
        ids = [str(one.version.pk) for one in again if one.version]
        assert ids == [rows[name]["model_version"] for name in ("int8", "pruned")]

    def test_a_shop_without_launches_is_compared_without_a_backtest(self, db):
        store_tastes(customers=30, products=24)
        report = called("compare_encoders", "--variants", "int8", "--as-of", NOW.isoformat())
        assert "buyers enough" in report["untested"]
        assert report["encoders"]["int8"]["quality"] is None
        assert report["encoders"]["int8"]["cosine"] > 0.99

    @pytest.mark.parametrize(
        ("variants", "told"),
        [("bf16", "needs a GPU"), ("tuned", "tune_encoder"), (",", "Name a variant")],
    )
    def test_says_in_one_line_what_cannot_be_compared(self, db, variants, told):
        with pytest.raises(CommandError, match=told) as error:
            called("compare_encoders", "--variants", variants, "--as-of", AS_OF.isoformat())
        assert error.value.returncode == 2


class TestTune:
    def test_is_judged_by_launches_that_it_knows_nothing_of(self, shop):
        report = called(
            "tune_encoder", "--method", "lora", "--steps", "2", "--as-of", AS_OF.isoformat()
        )
        version = ModelVersion.objects.get(pk=report["model_version"])
        assert version.data_until == BEFORE
        assert min(report["cutoffs"])[:10] >= BEFORE.date().isoformat()
        assert version.card["parameters"]["method"] == "lora"
        assert version.metrics["promotion"]["sentence"] == report["decision"]
        assert version.status == report["status"]

    @pytest.fixture
    def version(self, shop, narrow):
        return make(work(), Recipe("tuned", narrow, BEFORE, {"steps": 1}))

    def test_enters_service_where_predictions_gained(self, version, no_worker):
        told = decide(work(), version, quality=_quality(0.02, [0.01, 0.03]))
        assert told.startswith("Kept")
        assert encoder_name() == name_of(version)
        assert Run.objects.get(job=jobs.TRAIN_INTEREST.name).is_open

    def test_stays_a_candidate_where_they_did_not_for_certain(self, version, narrow):
        for gain in ((0.02, [-0.01, 0.03]), (-0.02, [-0.03, -0.01])):
            assert decide(work(), version, quality=_quality(*gain)).startswith("Not kept")
        assert "no launches" in decide(work(), version, quality=None)
        version.refresh_from_db()
        assert version.status == ModelVersion.Status.CANDIDATE
        assert encoder_name() == narrow

    def test_leaves_in_service_what_a_person_went_back_to(self, version, narrow):
        other = make(work(), Recipe("int8", narrow, BEFORE))
        activate_model(version=other, now=NOW)
        roll_back_model(name=ENCODER, now=NOW + timedelta(minutes=1))
        assert "by hand" in decide(work(), version, quality=_quality(0.02, [0.01, 0.03]))
        assert encoder_name() == narrow

    def test_says_in_one_line_that_there_is_too_little_to_learn_from(self, db):
        store_tastes(customers=9, products=6)
        with pytest.raises(CommandError, match="too few to tune"):
            called("tune_encoder", "--as-of", AS_OF.isoformat())


def _quality(estimate, interval):
    return {"map": 0.2, "difference": {"map": {"estimate": estimate, "interval": interval}}}

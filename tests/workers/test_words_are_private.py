"""Canaries through every flow of words: no prompt, log, task or stored file holds one."""

import json
import logging
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage

from launchopt import jobs
from launchopt.audiences.models import Customer, ListTheme, Persona, ReasonLine
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Campaign, CopyUse, Creative
from launchopt.catalog.models import Category, Product
from launchopt.operations.models import ModelVersion, Run
from launchopt_core.claims.scrubbing import without_personal_data
from launchopt_workers.copywriting import tasks as copy_tasks  # noqa: F401 - registers bodies
from launchopt_workers.running import run_here
from launchopt_workers.themes import tasks as themes_tasks  # noqa: F401
from launchopt_workers.voices import tasks as voice_tasks  # noqa: F401
from tests.support.copy_servers import copy_server
from tests.support.mugs import NOW, audience_of, make_mug, mug_launch
from tests.support.tiny_writer import save_tiny_writer

pytestmark = pytest.mark.django_db
CANARIES = (
    "canary-7@example.com",
    "+8613800138000",
    "020 7946 0958",
    "王小明先生",
    "Mrs Canarywood",
)
TEXT = f"Holds 300 ml. Write to {CANARIES[0]}, call {CANARIES[1]} or {CANARIES[2]}. Dear 亲爱的"


@pytest.fixture
def launch():
    """A launch whose customers and product texts are full of canaries."""
    launch = mug_launch(make_mug())
    audience = audience_of([{"name": each, "kind": "term", "weight": 1} for each in CANARIES])
    for customer in Customer.objects.all():
        customer.email, customer.phone = CANARIES[0], CANARIES[1]
        customer.external_id = f"{CANARIES[3]} {customer.pk}"
        customer.save()
    Persona.objects.update(gender="female", age_band="35-44")
    Product.objects.update(description=f"{TEXT}{CANARIES[3]}, {CANARIES[4]}.")
    Campaign.objects.create(
        launch=launch, channel="onsite", audience=audience, cost_per_contact=Decimal("0.02")
    )
    return launch


def leaked(*told):
    text = " ".join(
        each if isinstance(each, str) else json.dumps(each, ensure_ascii=False, default=str)
        for each in told
    )
    return [canary for canary in CANARIES if canary in text]


def runs():
    return list(Run.objects.values("arguments", "result", "message", "error", "step"))


def test_creatives_themes_and_reasons_ask_a_server_about_nobody(launch, settings, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    Category.objects.update(name="Kitchen")
    with copy_server(tmp_path) as server:
        writers = {"creatives": "openai", "lists": "openai"}
        settings.LAUNCHOPT = settings.LAUNCHOPT | {
            "WRITERS": writers, "COPY_SERVER": server.address, "COPY_LANGUAGES": ("zh-Hans",)
        }  # fmt: skip
        run_here(jobs.WRITE_CREATIVES, launch_id=str(launch.pk))
        run_here(jobs.WRITE_THEMES)
        asked = server.asked()
    assert len(asked) > 20
    kept = [
        [creatives.draft_of(row).parts() for row in Creative.objects.all()],
        list(Creative.objects.values("claims", "refusals", "fallback_reason")),
        list(ListTheme.objects.values("title", "reason", "fallback_reason")),
        list(ReasonLine.objects.values("text", "fallback_reason")),
        list(CopyUse.objects.values()),
    ]
    assert leaked(asked, kept, runs(), caplog.text) == []


def test_a_voice_is_learned_from_and_kept_without_them(launch, tmp_path, caplog):
    """Approved words that somehow hold a canary are dropped before anything is learned."""
    caplog.set_level(logging.DEBUG)
    run_here(jobs.WRITE_CREATIVES, launch_id=str(launch.pk))
    Creative.objects.update(status=Creative.Status.APPROVED, body=f"Write to {CANARIES[0]}.")
    lines = [
        {"id": n, "facts": {"title": f"mug {n}", "description": TEXT}, "text": f"Meet mug {n}."}
        for n in range(12)
    ]
    file = tmp_path / "copy.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    model = save_tiny_writer(tmp_path / "model")
    told = run_here(
        jobs.TRAIN_BRAND_VOICE, name="dry", model=str(model), file=str(file), epochs=1, samples=1
    )
    assert told["copy"]["reasons"]["personal_data"] >= 1
    version = ModelVersion.objects.get()
    stored = [default_storage.open(path).read() for path in version.files.values()]
    files = [content.decode("utf-8", "replace") for content in stored]
    assert leaked(files, version.card, version.metrics, told, runs(), caplog.text) == []


def test_preferences_are_exported_without_them(launch):
    run_here(jobs.WRITE_CREATIVES, launch_id=str(launch.pk))
    first, second, *_ = Creative.objects.order_by("pk")
    creatives.approve_creative(creative=first, by="ann", now=NOW)
    why = f"Ask {CANARIES[4]} at {CANARIES[0]} or {CANARIES[3]}."
    creatives.reject_creative(creative=second, by="ann", reason=why, now=NOW)
    preferences = creatives.preferences_of()
    assert len(preferences.pairs) == 1
    assert leaked(preferences.as_lines()) == []


@pytest.mark.parametrize(
    "hidden",
    [
        "canary\u200b-7@example.com",
        "ｃａｎａｒｙ@ｅｘａｍｐｌｅ.ｃｏｍ",
        "１３８００１３８０００",
        "1\u2060380013 8000",
    ],
)
def test_disguise_hides_no_address_and_no_number(hidden):
    assert without_personal_data(f"Ask {hidden} now") == "Ask [removed] now"

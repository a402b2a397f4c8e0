"""The writer that the settings choose for a role."""

from __future__ import annotations

from functools import lru_cache

from django.utils import timezone

from launchopt.conf import Settings, launchopt_settings
from launchopt.operations.runs import Clock
from launchopt_ml.copywriting import PhrasebookWriter, Writer
from launchopt_workers.voices.versions import adapter_of


def writer_for(role: str, *, clock: Clock = timezone.now) -> Writer:
    """The writer of a role; the phrasebook where the settings name none."""
    return writer_named(launchopt_settings().writers.get(role, PhrasebookWriter.name), clock=clock)


def writer_named(name: str, *, clock: Clock = timezone.now) -> Writer:
    """A writer by name: phrasebook, transformers or openai, as the settings describe it."""
    settings = launchopt_settings()
    if name == "openai":
        return _openai(settings, clock=clock)
    if name == "transformers":
        return _transformers(settings.copy_model, adapter_of(settings.copy_voice))
    return PhrasebookWriter()


def _openai(settings: Settings, *, clock: Clock) -> Writer:
    """One for each run: it keeps to what the run, the day and the month may use."""
    from launchopt_ml.copywriting.served import Budget, Server
    from launchopt_workers.copywriting.frugal import FrugalWriter

    server = Server(
        address=settings.copy_server,
        model=settings.copy_server_model,
        key=settings.copy_server_key,
        seconds=settings.copy_server_seconds,
        retries=settings.copy_server_retries,
    )
    budget = Budget(
        tokens=settings.copy_token_budget,
        money=settings.copy_money_budget,
        prices=settings.copy_token_prices,
    )
    return FrugalWriter(server=server, budget=budget, clock=clock)


@lru_cache(maxsize=1)
def _transformers(model: str, voice: str) -> Writer:
    """Kept in the worker: it loads its weights when it first writes."""
    from launchopt_ml.copywriting.transformer import TransformersWriter

    return TransformersWriter(model=model, adapter=voice)

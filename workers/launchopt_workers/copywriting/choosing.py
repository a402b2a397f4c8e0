"""The writer that the settings choose for a role."""

from __future__ import annotations

from functools import lru_cache

from launchopt.conf import Settings, launchopt_settings
from launchopt_ml.copywriting import PhrasebookWriter, Writer
from launchopt_workers.voices.versions import adapter_of


def writer_for(role: str) -> Writer:
    """The writer of a role; the phrasebook where the settings name none."""
    return writer_named(launchopt_settings().writers.get(role, PhrasebookWriter.name))


def writer_named(name: str) -> Writer:
    """A writer by name: phrasebook, transformers or openai, as the settings describe it."""
    settings = launchopt_settings()
    if name == "openai":
        return _openai(settings)
    if name == "transformers":
        return _transformers(settings.copy_model, adapter_of(settings.copy_voice))
    return PhrasebookWriter()


def _openai(settings: Settings) -> Writer:
    """One for each run: its budget is that of a run."""
    from launchopt_ml.copywriting.served import Budget, ServedWriter, Server

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
    return ServedWriter(server=server, budget=budget)


@lru_cache(maxsize=1)
def _transformers(model: str, voice: str) -> Writer:
    """Kept in the worker: it loads its weights when it first writes."""
    from launchopt_ml.copywriting.transformer import TransformersWriter

    return TransformersWriter(model=model, adapter=voice)

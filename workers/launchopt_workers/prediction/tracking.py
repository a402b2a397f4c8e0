"""Training told to TensorBoard files and, where configured and installed, to Weights & Biases."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from launchopt.conf import launchopt_settings
from launchopt.operations.models import ModelVersion
from launchopt_ml.curves import listening

logger = logging.getLogger(__name__)


class Tracker(Protocol):
    """Something that keeps the figures of one training."""

    def add(self, name: str, step: int, value: float) -> None:
        """Keep one figure."""

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Keep what was set, as names and plain values."""

    def close(self) -> None:
        """Write what is left."""


class TensorBoard:
    """Event files in a folder of the training's own."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def add(self, name: str, step: int, value: float) -> None:
        """One scalar."""
        self._writer.add_scalar(name, value, step)

    def describe(self, facts: Mapping[str, Any]) -> None:
        """A table as text."""
        rows = [f"| {name} | {value} |" for name, value in facts.items()]
        self._writer.add_text("card", "\n".join(["| | |", "|---|---|", *rows]))

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


class WeightsAndBiases:
    """A run in a project there; the package's own environment says how it logs in, or does not."""

    def __init__(self, project: str, *, name: str, folder: str | None) -> None:
        import wandb

        self._run = wandb.init(project=project, name=name, dir=folder, reinit="create_new")

    def add(self, name: str, step: int, value: float) -> None:
        """One figure, with its step beside it, as each curve has steps of its own."""
        self._run.log({name: value, f"{name}/step": step})

    def describe(self, facts: Mapping[str, Any]) -> None:
        """The run's configuration."""
        self._run.config.update(dict(facts), allow_val_change=True)

    def close(self) -> None:
        """Send or write what is left."""
        self._run.finish()


@dataclass(frozen=True)
class Tracking:
    """All trackers that are configured; with none of them nothing happens."""

    trackers: tuple[Tracker, ...]

    def add(self, name: str, step: int, value: float) -> None:
        """Keep one figure everywhere."""
        for tracker in self.trackers:
            tracker.add(name, step, value)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Keep what a learner notes in this block."""
        with listening(self.add) if self.trackers else nullcontext():
            yield

    def tell_version(self, version: ModelVersion) -> None:
        """The card's plain values, and the backtest beside its baselines."""
        facts = {k: v for k, v in version.card.items() if isinstance(v, str | int | float)}
        facts |= version.card.get("parameters", {})
        for tracker in self.trackers:
            tracker.describe({"version": str(version.pk), **facts})
        for name, value in _backtest_figures(version.metrics):
            self.add(name, 0, value)


@contextmanager
def tracking(*, name: str, now: datetime) -> Iterator[Tracking]:
    """Track one training, under its name and instant."""
    with ExitStack() as stack:
        told = Tracking(tuple(_trackers(f"{name}-{now:%Y%m%dT%H%M%S}")))
        for tracker in told.trackers:
            stack.callback(tracker.close)
        yield told


def _trackers(name: str) -> Iterator[Tracker]:
    settings = launchopt_settings()
    folder = settings.tracking_folder
    if folder:
        yield TensorBoard(Path(folder) / name)
    if settings.tracking_project:
        try:
            yield WeightsAndBiases(settings.tracking_project, name=name, folder=folder or None)
        except ImportError:
            logger.warning(
                "TRACKING_PROJECT is set, but the package wandb is not installed: nothing is told "
                "to Weights & Biases. Install it with pip install wandb."
            )


def _backtest_figures(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name in metrics.get("intervals", {}):
        for measure, value in metrics[name].items():
            yield f"backtest/{measure}/{name}", float(value)

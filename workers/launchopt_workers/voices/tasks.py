"""Learn a brand's voice: read approved copy, keep what is proved, fine-tune, judge, register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launchopt import jobs
from launchopt.operations.errors import InvalidInput
from launchopt.operations.runs import Work
from launchopt_workers.running import job_body


@job_body(jobs.TRAIN_BRAND_VOICE)
def train_brand_voice(
    work: Work,
    *,
    name: str,
    model: str,
    file: str = "",
    method: str = "lora",
    epochs: int = 3,
    samples: int = 32,
    seed: int = 0,
    **_: Any,
) -> dict[str, Any]:
    """An adapter learned from approved copy that the ledger proves, judged on unseen texts."""
    from launchopt_ml.copywriting import WriterFailed
    from launchopt_workers.voices.lessons import lessons_of
    from launchopt_workers.voices.versions import make_voice

    lessons = lessons_of(Path(file) if file else None)
    try:
        version = make_voice(
            work, lessons, name=name, model=model, method=method, epochs=epochs, samples=samples,
            seed=seed,
        )  # fmt: skip
    except WriterFailed as failed:
        raise InvalidInput(f"No voice was learned: {failed}.") from failed
    return {"model_version": str(version.pk), "status": version.status} | version.metrics

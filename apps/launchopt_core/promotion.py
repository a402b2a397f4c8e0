"""Whether a new model version takes the place of the one in service. The order is the policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

MARGIN = 0.01  # how much worse on older launches is still not worse


class Ground(StrEnum):
    """Why a version enters service, or stays a candidate."""

    FIRST = "first"
    HELD = "held"
    NO_NEWER = "no_newer"
    TOO_SLOW = "too_slow"
    LEARNED = "learned"
    UNTESTED = "untested"
    BELOW_BASELINE = "below_baseline"
    INCOMPARABLE = "incomparable"
    FRESHER = "fresher"
    WORSE = "worse"
    UNPROVEN = "unproven"
    WORSE_BEFORE = "worse_before"
    BETTER = "better"


PROMOTED = {Ground.FIRST, Ground.LEARNED, Ground.INCOMPARABLE, Ground.FRESHER, Ground.BETTER}

SENTENCES = {
    Ground.FIRST: "No version was in service.",
    Ground.HELD: "A person went back to the version in service; a person says when another one "
    "takes its place.",
    Ground.NO_NEWER: "It knows nothing that the version in service does not know.",
    Ground.TOO_SLOW: "One of the two is too slow to be asked about every pair of past launches; a "
    "person decides between them.",
    Ground.LEARNED: "The version in service rests on assumptions alone; this one knows later data.",
    Ground.UNTESTED: "There are too few launches to compare it with the version in service on.",
    Ground.BELOW_BASELINE: "On the last launches a plain way to predict did better ({baseline}).",
    Ground.INCOMPARABLE: "The version in service cannot be run by this release, and this one does "
    "no worse than the plain ways to predict.",
    Ground.FRESHER: "It learns in the same way as the version in service, from later data, and "
    "nothing speaks against it.",
    Ground.WORSE: "On the last launches the version in service did better ({last}).",
    Ground.UNPROVEN: "On the last launches it did not clearly beat the version in service "
    "({last}).",
    Ground.WORSE_BEFORE: "It beats the version in service on the last launches ({last}), but on "
    "older ones it may be worse by more than 1 % ({older}).",
    Ground.BETTER: "It beats the version in service on the last launches ({last}) and is not worse "
    "on older ones ({older}).",
}


@dataclass(frozen=True)
class Gap:
    """By which share of the other's MAP a version is above it (below: negative), and how sure."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:+.1%}, 95 % interval {self.low:+.1%} to {self.high:+.1%}"


@dataclass(frozen=True)
class Contest:
    """What is known of a candidate beside the version in service and the plain baselines."""

    has_active: bool
    is_held: bool = False  # a person went back to the one in service
    is_newer: bool = True  # it knows later data
    is_older: bool = False  # it knows less
    learns_alike: bool = False
    is_too_slow: bool = False  # one of the two, to be asked about every pair
    active_is_prior: bool = False
    baseline: tuple[str, Gap] | None = None  # the best of them; None where nothing could be tested
    is_comparable: bool = True
    last: Gap | None = None  # None: not measured apart, as both learn alike
    older: Gap | None = None  # None: there are no older launches to measure on


@dataclass(frozen=True)
class Promotion:
    """What was decided, in a sentence and in figures."""

    ground: Ground
    sentence: str
    contest: Contest

    @property
    def is_promoted(self) -> bool:
        """Whether it enters service."""
        return self.ground in PROMOTED

    def as_dict(self) -> dict[str, Any]:
        """As it is kept with the version."""
        figures = asdict(self.contest)
        baseline = self.contest.baseline
        figures["baseline"] = {"name": baseline[0], **asdict(baseline[1])} if baseline else None
        return {
            "promoted": self.is_promoted,
            "ground": self.ground.value,
            "sentence": self.sentence,
            **figures,
        }


def decide(contest: Contest) -> Promotion:
    """The first ground that holds.

    >>> decide(Contest(has_active=False)).is_promoted
    True
    """
    ground = _ground(contest)
    best = contest.baseline
    sentence = SENTENCES[ground].format(
        baseline=f"{best[0]}, {best[1]}" if best else "",
        last=contest.last,
        older=contest.older or "none are known",
    )
    return Promotion(ground, sentence, contest)


def _ground(contest: Contest) -> Ground:
    if not contest.has_active:
        return Ground.FIRST
    if contest.is_held:
        return Ground.HELD
    if contest.is_older or (contest.learns_alike and not contest.is_newer):
        return Ground.NO_NEWER
    if contest.is_too_slow:
        return Ground.TOO_SLOW
    if contest.baseline is None:
        return Ground.LEARNED if contest.active_is_prior else Ground.UNTESTED
    if contest.baseline[1].high < 0:
        return Ground.BELOW_BASELINE
    return _against_active(contest)


def _against_active(contest: Contest) -> Ground:
    """It was tested, and holds its own against the plain ways to predict."""
    last = contest.last
    if contest.active_is_prior:
        return Ground.LEARNED
    if not contest.is_comparable:
        return Ground.INCOMPARABLE
    if contest.learns_alike:
        return Ground.WORSE if last and last.high < 0 else Ground.FRESHER
    if last is None or last.low <= 0:
        return Ground.UNPROVEN
    if contest.older and contest.older.low < -MARGIN:
        return Ground.WORSE_BEFORE
    return Ground.BETTER

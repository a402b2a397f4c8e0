"""Numbers that say where they come from, and move from belief to measurement as data arrives."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from launchopt_core.errors import InvalidRate


class Source(StrEnum):
    """Where a number comes from, the weakest first."""

    PRIOR = "prior"  # an assumption, stated in the detail
    ANALOG = "analog"  # past launches of this shop
    MODEL = "model"  # predicted by a trained model
    MEASURED = "measured"  # counted in this shop's own data


STRENGTH = {source: rank for rank, source in enumerate(Source)}


@dataclass(frozen=True)
class Estimate:
    """A value, its source, and one sentence on how it was reached.

    >>> Estimate(0.02, Source.PRIOR, "an assumption").as_dict()
    {'value': 0.02, 'source': 'prior', 'detail': 'an assumption'}
    """

    value: float
    source: Source
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "source": self.source.value, "detail": self.detail}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(float(data["value"]), Source(data["source"]), str(data["detail"]))


def weakest(*sources: Source) -> Source:
    """The source of a number made of several: it is no better than its weakest part.

    >>> weakest(Source.MEASURED, Source.PRIOR, Source.MODEL).value
    'prior'
    """
    return min(sources, key=STRENGTH.__getitem__)


def combined(value: float, *parts: Estimate, detail: str) -> Estimate:
    """An estimate computed from others; its source is the weakest of theirs."""
    return Estimate(value, weakest(*(part.source for part in parts)), detail)


def shrunk_rate(
    *,
    successes: int,
    trials: int,
    prior: Estimate,
    strength: float,
    data_source: Source = Source.MEASURED,
    what: str = "rate",
) -> Estimate:
    """A rate drawn towards its prior: the mean of a beta-binomial posterior.

    The prior counts as `strength` trials at its value (Gelman et al., Bayesian Data Analysis, 3rd
    ed., 2.4). Once the trials outweigh it, the estimate's source is that of the data.

    >>> belief = Estimate(0.02, Source.PRIOR, "an assumption")
    >>> early = shrunk_rate(successes=0, trials=50, prior=belief, strength=100)
    >>> round(early.value, 4), early.source.value
    (0.0133, 'prior')
    >>> late = shrunk_rate(successes=50, trials=900, prior=belief, strength=100)
    >>> round(late.value, 4), late.source.value
    (0.052, 'measured')
    """
    if not 0 <= successes <= trials:
        raise InvalidRate(f"{successes} successes in {trials} trials is no rate.")
    if not 0 <= prior.value <= 1 or strength <= 0:
        raise InvalidRate("A prior rate lies between 0 and 1 and has a positive strength.")
    value = (successes + prior.value * strength) / (trials + strength)
    source = data_source if trials > strength else prior.source
    return Estimate(value, source, _told(successes, trials, prior, strength, what))


def shrunk_mean(
    *,
    total: float,
    count: int,
    prior: Estimate,
    strength: float,
    data_source: Source = Source.MEASURED,
    what: str = "mean",
) -> Estimate:
    """A mean drawn towards its prior, which counts as `strength` observations at its value.

    >>> belief = Estimate(10.0, Source.PRIOR, "an assumption")
    >>> shrunk_mean(total=400.0, count=20, prior=belief, strength=20).value
    15.0
    """
    if count < 0 or strength <= 0:
        raise InvalidRate("A mean needs a count of 0 or more and a positive strength.")
    value = (total + prior.value * strength) / (count + strength)
    source = data_source if count > strength else prior.source
    return Estimate(value, source, _told(total, count, prior, strength, what))


def _told(amount: float, count: int, prior: Estimate, strength: float, what: str) -> str:
    if count == 0:
        return prior.detail
    return (
        f"{what}: {amount:g} in {count:,}, "
        f"drawn towards {prior.value:.4g} ({prior.detail}) with the weight of {strength:,.0f}"
    )

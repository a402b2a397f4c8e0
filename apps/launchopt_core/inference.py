"""Did it work? Differences with their intervals, the check of the groups, and a plain verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import exp, inf, pi, sqrt

from scipy import special

from launchopt_core.errors import InvalidRate, NoPositiveWeight, TooFewObservations
from launchopt_core.moments import Moments

ALPHA = 0.05
SAMPLE_RATIO_ALPHA = 0.001  # so rare by chance that a fault is the better explanation
FEWEST_CUSTOMERS = 20  # in a group, below which no verdict is given
FEWEST_EVENTS = 10  # over both groups: the normal approximation of a rate needs some


@dataclass(frozen=True)
class Difference:
    """Treatment minus control, and how sure of it the data makes us."""

    estimate: float
    standard_error: float
    degrees: float  # of freedom of Student's t; infinite for the normal

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return float(2 * special.stdtr(self.degrees, -abs(self.statistic)))

    @property
    def statistic(self) -> float:
        if self.standard_error > 0:
            return self.estimate / self.standard_error
        return 0.0 if self.estimate == 0 else inf * self.estimate

    def interval(self, alpha: float = ALPHA) -> tuple[float, float]:
        """The two-sided interval of confidence 1 - alpha."""
        if not 0 < alpha < 1:
            raise InvalidRate(f"alpha lies between 0 and 1, not at {alpha}.")
        reach = -float(special.stdtrit(self.degrees, alpha / 2)) * self.standard_error
        return self.estimate - reach, self.estimate + reach

    def is_conclusive(self, alpha: float = ALPHA) -> bool:
        """Whether the interval leaves zero out; one that includes it, or touches it, does not."""
        low, high = self.interval(alpha)
        return low > 0 or high < 0

    @property
    def chance_to_win(self) -> float:
        """The probability that treatment is better, under a flat prior on the difference."""
        if self.standard_error == 0:
            return 0.5 if self.estimate == 0 else float(self.estimate > 0)
        return float(special.ndtr(self.statistic))

    @property
    def expected_loss(self) -> float:
        """What choosing treatment costs on average if it is worse: E[max(0, -difference)]."""
        if self.standard_error == 0:
            return max(-self.estimate, 0.0)
        z = self.statistic
        density = exp(-z * z / 2) / sqrt(2 * pi)
        loss = self.standard_error * (density - z * special.ndtr(-z))
        return max(float(loss), 0.0)


def compare_means(control: Moments, treatment: Moments) -> Difference:
    """Welch's comparison of two independent means (Welch, 1947, Biometrika 34).

    >>> difference = compare_means(Moments(100, 10, 10), Moments(100, 30, 30))
    >>> round(difference.estimate, 3), difference.is_conclusive()
    (0.2, True)
    """
    if min(control.count, treatment.count) < 2:
        raise TooFewObservations(
            f"{control.count} and {treatment.count} customers are too few to compare: "
            "each group needs two."
        )
    parts = [group.variance / group.count for group in (control, treatment)]
    estimate = treatment.mean - control.mean
    return Difference(estimate, sqrt(sum(parts)), _welch_degrees(control, treatment, parts))


@dataclass(frozen=True)
class Stratum:
    """A group's customers assigned under the same weights, and the share they were drawn with."""

    moments: Moments
    share: float


def compare_strata(control: Sequence[Stratum], treatment: Sequence[Stratum]) -> Difference:
    """Compare groups whose shares changed on the way, so that the change cannot fake an effect.

    Each customer counts by 1 / share (Hajek's estimator with the linearised variance; Lunceford and
    Davidian, 2004, Statistics in Medicine 23). Shares that never changed give Welch's comparison.

    >>> one = [Stratum(Moments(100, 10, 10), 0.5)]
    >>> two = [Stratum(Moments(50, 15, 15), 0.5), Stratum(Moments(50, 15, 15), 0.5)]
    >>> round(compare_strata(one, two).estimate, 3)
    0.2
    """
    if all(len({stratum.share for stratum in group}) <= 1 for group in (control, treatment)):
        return compare_means(*(_pooled(group) for group in (control, treatment)))
    (before, one), (after, other) = (_weighted_mean(group) for group in (control, treatment))
    return Difference(after - before, sqrt(one + other), inf)


def compare_proportions(control: Moments, treatment: Moments) -> Difference:
    """The difference of two proportions with Wald's unpooled standard error.

    Test and interval use the same error, so that p < alpha exactly where the interval leaves zero
    out (Fleiss, Levin and Paik, 2003, Statistical Methods for Rates and Proportions, 3rd ed., 3.5).

    >>> groups = Moments.of_proportion(10, 100), Moments.of_proportion(30, 100)
    >>> tuple(round(limit, 3) for limit in compare_proportions(*groups).interval())
    (0.093, 0.307)
    """
    if min(control.count, treatment.count) < 1:
        raise TooFewObservations("A proportion needs at least one customer in each group.")
    rates = [group.mean for group in (control, treatment)]
    if not all(0 <= rate <= 1 for rate in rates):
        raise InvalidRate(f"Proportions lie between 0 and 1, not at {rates}.")
    variance = sum(
        rate * (1 - rate) / group.count
        for rate, group in zip(rates, (control, treatment), strict=True)
    )
    return Difference(rates[1] - rates[0], sqrt(variance), inf)


def relative_interval(
    control: Moments, treatment: Moments, alpha: float = ALPHA
) -> tuple[float, float] | None:
    """The interval of treatment / control - 1 by the delta method; None where control is zero.

    Var(T/C) = Var(T)/C^2 + T^2 Var(C)/C^4 (Deng, Knoblich and Lu, 2018, KDD).
    """
    difference = compare_means(control, treatment)
    if control.mean == 0:
        return None
    ratio = treatment.mean / control.mean
    error = sqrt(
        treatment.variance / treatment.count + ratio**2 * control.variance / control.count
    ) / abs(control.mean)
    return Difference(ratio - 1, error, difference.degrees).interval(alpha)


@dataclass(frozen=True)
class SampleRatio:
    """Whether the groups have the sizes that the weights promised."""

    p_value: float
    ok: bool


def sample_ratio(counts: Mapping[str, int], weights: Mapping[str, float]) -> SampleRatio:
    """Pearson's chi-square of the group sizes; p < 0.001 stops every verdict.

    (Fabijan et al., 2019, Diagnosing sample ratio mismatch in online controlled experiments, KDD.)

    >>> sample_ratio({"a": 5000, "b": 5050}, {"a": 1, "b": 1}).ok
    True
    >>> sample_ratio({"a": 5000, "b": 5500}, {"a": 1, "b": 1}).ok
    False
    """
    if sum(weights.values()) <= 0 or min(weights.values()) < 0:
        raise NoPositiveWeight(f"At least one variant needs a positive weight: {dict(weights)}.")
    if any(counts.get(name, 0) for name in counts if weights.get(name, 0) == 0):
        return SampleRatio(0.0, False)  # somebody is where nobody should be
    names = [name for name in sorted(weights) if weights[name] > 0]
    observed = [counts.get(name, 0) for name in names]
    if len(names) < 2 or sum(observed) == 0:
        return SampleRatio(1.0, True)
    scale = sum(observed) / sum(weights[name] for name in names)
    expected = [weights[name] * scale for name in names]
    pairs = zip(observed, expected, strict=True)
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in pairs)
    p_value = float(special.chdtrc(len(names) - 1, statistic))
    return SampleRatio(p_value, p_value >= SAMPLE_RATIO_ALPHA)


class Code(StrEnum):
    """The verdicts there are."""

    SHIP = "ship"
    KEEP_CONTROL = "keep_control"
    INCONCLUSIVE = "inconclusive"
    TOO_EARLY = "too_early"
    BROKEN = "broken"


@dataclass(frozen=True)
class Conclusion:
    """A verdict as a code for programs and a sentence for people."""

    code: Code
    sentence: str


def verdict(
    control: Moments,
    treatment: Moments,
    *,
    variant: str,
    control_name: str = "control",
    ratio: SampleRatio | None = None,
    difference: Difference | None = None,
    alpha: float = ALPHA,
) -> Conclusion:
    """What to do, in words. Unequal groups come first: nothing measured on them can be trusted.

    `difference` is Welch's unless another comparison of the two is given.

    >>> verdict(Moments(1000, 50, 50), Moments(1000, 100, 100), variant="B").sentence
    'ship B'
    >>> verdict(Moments(1000, 50, 50), Moments(1000, 55, 55), variant="B").sentence
    'inconclusive: the interval includes zero'
    """
    if ratio is not None and not ratio.ok:
        return Conclusion(Code.BROKEN, "broken: unequal groups")
    if _is_too_early(control, treatment):
        return Conclusion(Code.TOO_EARLY, "too early: too few customers or conversions")
    difference = difference or compare_means(control, treatment)
    if not difference.is_conclusive(alpha):
        return Conclusion(Code.INCONCLUSIVE, "inconclusive: the interval includes zero")
    if difference.estimate > 0:
        return Conclusion(Code.SHIP, f"ship {variant}")
    return Conclusion(Code.KEEP_CONTROL, f"keep {control_name}: {variant} is worse")


def _pooled(group: Sequence[Stratum]) -> Moments:
    return sum((stratum.moments for stratum in group), Moments(0, 0, 0))


def _weighted_mean(group: Sequence[Stratum]) -> tuple[float, float]:
    """The mean in which each customer counts by 1 / share, and the variance of that mean."""
    if sum(stratum.moments.count for stratum in group) < 2:
        raise TooFewObservations("Each group needs two customers to compare.")
    weight = sum(s.moments.count / s.share for s in group)
    mean = sum(float(s.moments.sum) / s.share for s in group) / weight
    spread = sum(_squares_about(mean, s.moments) / s.share**2 for s in group)
    return mean, spread / weight**2


def _squares_about(mean: float, moments: Moments) -> float:
    exact, total = Fraction(mean), Fraction(moments.sum)
    squares = Fraction(moments.sum_squares) - 2 * exact * total + moments.count * exact**2
    return max(float(squares), 0.0)


def _is_too_early(control: Moments, treatment: Moments) -> bool:
    if min(control.count, treatment.count) < FEWEST_CUSTOMERS:
        return True
    return abs(float(control.sum)) + abs(float(treatment.sum)) < FEWEST_EVENTS


def _welch_degrees(control: Moments, treatment: Moments, parts: list[float]) -> float:
    """Satterthwaite's degrees of freedom; infinite where nothing varies."""
    spread = sum(
        part**2 / (group.count - 1) for part, group in zip(parts, (control, treatment), strict=True)
    )
    return sum(parts) ** 2 / spread if spread > 0 else inf


def or_none(value: float) -> float | None:
    """A number for JSON, which has no NaN and no infinity.

    >>> or_none(inf), or_none(0.5)
    (None, 0.5)
    """
    return value if abs(value) < inf else None

"""How large a group shows an effect, and how small an effect a group shows."""

from math import ceil, sqrt

from scipy import optimize, special

from launchopt_core.errors import InvalidRate, TooFewObservations

ALPHA = 0.05
POWER = 0.8


def sample_size(
    control_rate: float,
    effect: float,
    *,
    control_share: float = 0.5,
    alpha: float = ALPHA,
    power: float = POWER,
) -> int:
    """All customers needed, both groups together, to see an absolute effect on a rate.

    Two-sided normal test of two proportions with groups of unequal size (Fleiss, Levin and Paik,
    2003, Statistical Methods for Rates and Proportions, 3rd ed., 4.2, without its continuity
    correction). `control_share` is the control's share of all: a holdout of a tenth is 0.1.

    >>> sample_size(0.10, 0.02)
    7682
    >>> sample_size(0.10, 0.02, control_share=0.1)
    21853
    """
    rate = control_rate + effect
    _check(control_rate, rate, control_share, alpha, power)
    if effect == 0:
        raise InvalidRate("No sample is large enough to see an effect of 0.")
    return ceil((_reach(control_rate, rate, control_share, alpha, power) / effect) ** 2)


def minimum_detectable_effect(
    control_rate: float,
    customers: int,
    *,
    control_share: float = 0.5,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float | None:
    """The smallest absolute rise of a rate that so many customers show; None where none would do.

    The inverse of `sample_size`, for all customers of both groups together.

    >>> round(minimum_detectable_effect(0.10, 7682), 4)
    0.02
    """
    _check(control_rate, control_rate, control_share, alpha, power)
    if customers < 2:
        raise TooFewObservations("An experiment needs at least two customers.")

    def shortfall(effect: float) -> float:
        rate = control_rate + effect
        return effect - _reach(control_rate, rate, control_share, alpha, power) / sqrt(customers)

    most = 1 - control_rate
    if shortfall(most) < 0:
        return None
    return float(optimize.brentq(shortfall, 0.0, most, xtol=1e-12))


def power_of(
    control_rate: float,
    effect: float,
    customers: int,
    *,
    control_share: float = 0.5,
    alpha: float = ALPHA,
) -> float:
    """The chance that so many customers show the effect as conclusive.

    >>> round(power_of(0.10, 0.02, 7682), 2)
    0.8
    """
    rate = control_rate + effect
    _check(control_rate, rate, control_share, alpha, POWER)
    pooled, unpooled = _errors(control_rate, rate, control_share)
    needed = -float(special.ndtri(alpha / 2)) * pooled
    return float(special.ndtr((abs(effect) * sqrt(customers) - needed) / unpooled))


def _reach(
    control_rate: float, rate: float, control_share: float, alpha: float, power: float
) -> float:
    """The effect that one customer would show; it falls with the root of their number."""
    pooled, unpooled = _errors(control_rate, rate, control_share)
    return -float(special.ndtri(alpha / 2)) * pooled + float(special.ndtri(power)) * unpooled


def _errors(control_rate: float, rate: float, control_share: float) -> tuple[float, float]:
    """Standard errors of the difference for one customer: under no effect, and under this one."""
    share = 1 - control_share
    mean = control_share * control_rate + share * rate
    pooled = mean * (1 - mean) * (1 / control_share + 1 / share)
    unpooled = control_rate * (1 - control_rate) / control_share + rate * (1 - rate) / share
    return sqrt(max(pooled, 0.0)), sqrt(max(unpooled, 1e-300))


def _check(
    control_rate: float, rate: float, control_share: float, alpha: float, power: float
) -> None:
    if not (0 <= control_rate <= 1 and 0 <= rate <= 1):
        raise InvalidRate(f"Rates lie between 0 and 1, not at {control_rate} and {rate}.")
    if not 0 < control_share < 1:
        raise InvalidRate(f"The control's share lies between 0 and 1, not at {control_share}.")
    if not (0 < alpha < 1 and 0.5 <= power < 1):
        raise InvalidRate("alpha lies between 0 and 1, power between one half and 1.")

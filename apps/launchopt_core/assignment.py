"""Deterministic chance: a hash of an id and a salt decides, so that anyone can check the draw."""

from collections.abc import Mapping
from hashlib import blake2b
from math import isfinite

from launchopt_core.errors import InvalidRate, NoPositiveWeight

HOLDOUT = "holdout"


def bucket_of(unit: str, salt: str) -> float:
    """Where a unit falls in [0, 1): uniform over units, the same every time, new for a new salt.

    53 bits of BLAKE2b (RFC 7693). The salt's length is hashed too, so that no two pairs of salt
    and unit run together.

    >>> bucket_of("customer-1", "launch") == bucket_of("customer-1", "launch")
    True
    >>> 0 <= bucket_of("customer-1", "launch") < 1
    True
    """
    digest = blake2b(f"{len(salt)}:{salt}:{unit}".encode(), digest_size=8).digest()
    return float(int.from_bytes(digest, "big") >> 11) / float(1 << 53)


def choose_variant(bucket: float, weights: Mapping[str, float]) -> str:
    """The variant whose share of [0, 1) holds the bucket; shares lie in the order of the names.

    >>> choose_variant(0.25, {"control": 1, "treatment": 1})
    'control'
    >>> choose_variant(0.75, {"treatment": 1, "control": 1})
    'treatment'
    """
    if not 0 <= bucket < 1:
        raise InvalidRate(f"A bucket lies in [0, 1), not at {bucket}.")
    shares = shares_of(weights)
    edge = 0.0
    for name, share in shares.items():
        edge += share
        if bucket < edge:
            return name
    return next(reversed(shares))  # the sum of the shares may fall short of 1 by a rounding error


def shares_of(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as shares that sum to 1, by name, without the variants that get nothing.

    >>> shares_of({"b": 3, "a": 1, "c": 0})
    {'a': 0.25, 'b': 0.75}
    """
    if any(not isfinite(weight) or weight < 0 for weight in weights.values()):
        raise NoPositiveWeight(f"Weights must be finite and 0 or more: {dict(weights)}.")
    total = sum(weights.values())
    if total <= 0:
        raise NoPositiveWeight(f"At least one variant needs a positive weight: {dict(weights)}.")
    return {name: weights[name] / total for name in sorted(weights) if weights[name] > 0}


def is_holdout(unit: str, salt: str, share: float) -> bool:
    """Whether a unit is held out; independent of the variant drawn with the same salt.

    >>> is_holdout("customer-1", "launch", 0), is_holdout("customer-1", "launch", 1)
    (False, True)
    """
    if not 0 <= share <= 1:
        raise InvalidRate(f"A holdout share lies between 0 and 1, not at {share}.")
    return bucket_of(unit, f"{HOLDOUT}:{salt}") < share

"""A market unlike ours, for the ranking alone: other kinds of customers, told by other things.

Kinds are drawn first and show in how much, and how lately, each looked, chose and bought; taste is
for categories; no feature of LaunchOpt was made with it in mind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.market.people import Bools, Floats, Ints

CATEGORIES = ("Mug", "Lamp", "Scarf", "Puzzle", "Knife")
LOOKS = ("red", "blue", "large", "small", "plain", "fancy", "old", "new", "green", "wool", "oak")
KIND_SHARES = (0.2, 0.25, 0.35, 0.2)  # sure thing, persuadable, lost cause, sleeping dog
RATES = {  # of events in all, by kind
    "purchase": (7.0, 2.0, 0.8, 3.5),
    "view": (12.0, 16.0, 5.0, 5.0),
    "cart": (3.0, 4.0, 0.6, 0.8),
    "favourite": (1.0, 3.0, 0.3, 0.2),
    "return": (0.5, 0.2, 0.2, 1.2),
}
FADING = np.array([1.5, 1.5, 0.75, 0.8])  # by kind: below 1 most was long ago
ALONE = np.array([0.30, 0.03, 0.005, 0.15])
CONTACTED = np.array([0.32, 0.22, 0.01, 0.06])
AGREED = 0.85
DAYS, PAST_DAYS, LAUNCH_DAY = 189.9, (95.0, 125.0, 155.0), 190.0
SHOWN_BY_CHANCE = 0.5


@dataclass(frozen=True)
class Column:
    """Events of one kind: by row who, which product and on which day."""

    kind: str
    who: Ints
    product: Ints
    day: Floats


@dataclass(frozen=True)
class Stranger:
    """A market as it stands before a launch, and what only it knows."""

    titles: list[str]
    category: list[str]
    price: Floats  # (products,)
    new_at: Floats  # (products,), days
    events: list[Column]
    past: list[tuple[int, float]]  # launches that chance decided: the product, and its day
    agreed: Bools  # (customers,)
    uplift: Floats  # (customers,), of the last product


def draw(count: int, *, level: float, rng: np.random.Generator) -> Stranger:
    """`level` scales how many buy; at 0.4 some 65 of each past launch."""
    kind = rng.choice(4, size=count, p=KIND_SHARES)
    taste = rng.dirichlet(np.full(len(CATEGORIES), 0.7), size=count)
    per = len(LOOKS)
    of = rng.integers(len(CATEGORIES), size=len(PAST_DAYS) + 1)  # categories of the launches
    category = [name for name in CATEGORIES for _ in LOOKS] + [CATEGORIES[c] for c in of]
    known = len(CATEGORIES) * per
    activity = rng.gamma(4, 1 / 4, count) * np.sqrt(level)
    events = [
        _everyday(name, np.array(rates)[kind] * activity, FADING[kind], taste, rng=rng)
        for name, rates in RATES.items()
    ]
    past = []
    for number, day in enumerate(PAST_DAYS):
        alone, contacted = _chances(kind, taste[:, of[number]], level)
        shown = rng.random(count) < SHOWN_BY_CHANCE
        bought = rng.random(count) < np.where(shown, contacted, alone)
        at = day + 10 * rng.random(count)
        later = at + 0.1 + 2 * rng.random(count)
        product = known + number
        for name, who, when in (("exposure", shown, at), ("purchase", bought, later)):
            whom = np.flatnonzero(who)
            events.append(Column(name, whom, np.full(len(whom), product), when[whom]))
        past.append((product, day))
    alone, contacted = _chances(kind, taste[:, of[-1]], level)
    return Stranger(
        [f"{name} {look}" for name in CATEGORIES for look in LOOKS] + ["launch"] * len(of),
        category,
        np.append(np.exp(rng.normal(2.5, 0.5, known)), np.full(len(of), 15.0)),
        np.concatenate([rng.uniform(-100, 60, known), PAST_DAYS, [LAUNCH_DAY]]),
        events,
        past,
        rng.random(count) < AGREED,
        contacted - alone,
    )


def _everyday(
    name: str, rate: Floats, fading: Floats, taste: Floats, *, rng: np.random.Generator
) -> Column:
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    edges = taste[who].cumsum(axis=1)
    category = np.minimum((rng.random((len(who), 1)) > edges).sum(axis=1), len(CATEGORIES) - 1)
    product = category * len(LOOKS) + rng.integers(len(LOOKS), size=len(who))
    return Column(name, who, product, DAYS * rng.beta(fading[who], 1.0))


def _chances(kind: Ints, liking: Floats, level: float) -> tuple[Floats, Floats]:
    """Alone and contacted, (customers,) each."""
    scale = level * np.clip(0.4 + 0.5 * len(CATEGORIES) * liking, 0.0, 2.2)
    return np.clip(ALONE[kind] * scale, 0, 0.95), np.clip(CONTACTED[kind] * scale, 0, 0.95)

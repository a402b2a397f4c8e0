"""The shoppers of the simulated shop: their tastes, which nobody sees, and what they declare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from .parameters import Parameters
from .products import Products
from .streams import instant, stream
from .vocabulary import vocabulary

# country, time zone, language, share
HOMES = (
    ("GB", "Europe/London", "en", 0.66),
    ("IE", "Europe/Dublin", "en", 0.08),
    ("DE", "Europe/Berlin", "en", 0.08),
    ("US", "America/New_York", "en", 0.06),
    ("CN", "Asia/Shanghai", "zh-Hans", 0.12),
)
# hours of the day at which kinds of people are awake to shop: early, at lunch, in the evening, late
HABITS = ((7.0, 1.5), (12.5, 1.6), (20.0, 1.8), (23.0, 1.7))
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.05, 1.25, 1.35])  # Monday first


@dataclass(frozen=True, slots=True)
class Shoppers:
    """Columns of equal length. Tastes, habits and stubbornness are hidden from the shop."""

    external_id: tuple[str, ...]
    email: tuple[str, ...]
    gender: tuple[str, ...]  # "" where not declared
    birth_year: np.ndarray  # (shoppers,) 0 where not declared
    home: np.ndarray  # (shoppers,) number in HOMES
    consents: np.ndarray  # (shoppers,) bool
    joined_at: np.ndarray  # (shoppers,) datetime64[s], UTC
    visit_rate: np.ndarray  # (shoppers,) visits a year
    hours: np.ndarray  # (shoppers, 24) chances of the hours of their own day
    price_sensitivity: np.ndarray  # (shoppers,)
    is_stubborn: np.ndarray  # (shoppers,) bool: no advertisement moves them
    tastes: np.ndarray  # (shoppers, categories + themes + styles)

    def __len__(self) -> int:
        return len(self.external_id)

    @property
    def language(self) -> np.ndarray:
        result: np.ndarray = np.array([home[2] for home in HOMES])[self.home]
        return result

    def appeal(self, products: Products, *, of: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(shoppers, products asked for): liking less what the price spoils; about 0 +- 1."""
        liking = self.tastes @ products.features[of].T
        foreign = self.language[:, None] != np.array(products.language)[of][None, :]
        reads = (self.language[:, None] == "zh-Hans") | ~foreign
        spoilt = self.price_sensitivity[:, None] * products.relative_price[of][None, :]
        result: np.ndarray = liking - spoilt - 1.2 * (foreign & ~reads) - 0.2 * (foreign & reads)
        return result


def make_shoppers(parameters: Parameters) -> Shoppers:
    rng = stream(parameters.seed, "shoppers")
    count = parameters.shoppers
    is_woman, age = rng.random(count) < 0.55, rng.gamma(9.0, 4.5, count).clip(18, 85)
    mean, spread = parameters.visits_mean, parameters.visits_spread
    rate = rng.lognormal(np.log(mean) - spread**2 / 2, spread, count)
    home = rng.choice(len(HOMES), size=count, p=[h[3] for h in HOMES])
    return Shoppers(
        external_id=tuple(f"shopper-{n:05d}" for n in range(1, count + 1)),
        email=tuple(f"shopper-{n:05d}@example.com" for n in range(1, count + 1)),
        gender=_declared_gender(is_woman, parameters.declared_share, rng),
        birth_year=_declared_birth_year(age, parameters, rng),
        home=home,
        consents=rng.random(count) < parameters.consent_share,
        joined_at=_joined(parameters, rng),
        visit_rate=rate,
        hours=_hours(count, rng),
        price_sensitivity=rng.gamma(2.0, parameters.price_sensitivity / 2.0, count),
        is_stubborn=rng.random(count) < parameters.stubborn_share,
        tastes=parameters.taste_strength * _tastes(parameters, is_woman, age, rng),
    )


def _tastes(
    parameters: Parameters, is_woman: np.ndarray, age: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(shoppers, categories + themes + styles): a few strong likings, the rest indifference.

    Age and gender lean a little on some categories, so that declared ones carry information.
    """
    words, count = vocabulary(), parameters.shoppers
    categories = _gamma_scores((count, len(words.categories)), parameters.favourites, rng)
    themes = _gamma_scores((count, len(words.themes)), parameters.favourites, rng)
    styles = rng.standard_normal((count, len(words.styles)))
    names = [c.name for c in words.categories]
    older = (age - 40.0) / 15.0
    for name, by_age, by_woman in (
        ("Garden", 0.35, 0.0),
        ("Toys & Games", -0.15, 0.15),
        ("Bath & Body", -0.1, 0.35),
        ("Cycling", -0.15, -0.3),
        ("Coffee & Tea", -0.1, 0.0),
    ):
        categories[:, names.index(name)] += by_age * older + by_woman * (is_woman - 0.5)
    return np.hstack([0.65 * categories, 0.55 * themes, 0.35 * styles])


def _gamma_scores(size: tuple[int, int], shape: float, rng: np.random.Generator) -> np.ndarray:
    """Gamma draws with mean 0 and variance 1: many a little below 0, a few far above."""
    result: np.ndarray = (rng.gamma(shape, 1.0, size) - shape) / np.sqrt(shape)
    return result


def _hours(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 24): each shopper mixes two habits, and all keep a little for any hour."""
    hour = np.arange(24)[None, :] + 0.5
    curves = []
    for centre, width in HABITS:
        distance = np.minimum(np.abs(hour - centre), 24 - np.abs(hour - centre))
        curves.append(np.exp(-0.5 * (distance / width) ** 2)[0])
    weights = rng.dirichlet([0.5, 0.7, 1.2, 0.4], count)
    density = weights @ np.array(curves) + 0.01
    result: np.ndarray = density / density.sum(axis=1, keepdims=True)
    return result


def _declared_gender(
    is_woman: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[str, ...]:
    says = rng.random(len(is_woman)) < share
    return tuple(
        ("female" if w else "male") if s else "" for w, s in zip(is_woman, says, strict=True)
    )


def _declared_birth_year(
    age: np.ndarray, parameters: Parameters, rng: np.random.Generator
) -> np.ndarray:
    says = rng.random(len(age)) < parameters.declared_share
    return np.where(says, (parameters.launch_starts_at.year - age).astype(int), 0)


def _joined(parameters: Parameters, rng: np.random.Generator) -> np.ndarray:
    """Seven in ten joined before the year of history, the others in its first ten months."""
    start = instant(parameters.history_starts_at)
    inside = (rng.random(parameters.shoppers) < 0.3).astype(int)
    before = -rng.integers(1, 1_200, parameters.shoppers)
    during = rng.integers(0, parameters.history_days - 60, parameters.shoppers)
    days = np.where(inside == 1, during, before)
    result: np.ndarray = start + days * np.timedelta64(86_400, "s")
    return result


def visits(
    shoppers: Shoppers, *, since: datetime, days: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Who visits when, in order of time: (visits,) shopper numbers and datetime64[s] in UTC.

    A Poisson process for each shopper from the day of joining on, following their hours in their
    own time zone and the week.
    """
    who = np.repeat(np.arange(len(shoppers)), rng.poisson(shoppers.visit_rate * days / 365.0))
    weights = np.array([WEEKDAYS[(since + timedelta(days=d)).weekday()] for d in range(days)])
    day = rng.choice(days, size=len(who), p=weights / weights.sum())
    cumulated = shoppers.hours.cumsum(axis=1)[who]
    hour = (rng.random(len(who))[:, None] > cumulated).sum(axis=1).clip(0, 23)
    seconds = day * 86_400 + hour * 3_600 + rng.integers(0, 3_600, len(who))
    seconds -= _offsets(since, days)[shoppers.home[who], day]
    seconds = np.mod(seconds, days * 86_400)  # what the zone moves out comes in on the other side
    at = instant(since) + seconds.astype("timedelta64[s]")
    keep = at >= shoppers.joined_at[who]
    order = np.lexsort((who[keep], at[keep]))
    return who[keep][order], at[keep][order]


def _offsets(since: datetime, days: int) -> np.ndarray:
    """(homes, days): seconds that local clocks are ahead of UTC."""
    noons = [since + timedelta(days=d, hours=12) for d in range(days)]
    rows = []
    for _, zone, _, _ in HOMES:
        local = [noon.astimezone(ZoneInfo(zone)).utcoffset() for noon in noons]
        rows.append([int(offset.total_seconds()) if offset else 0 for offset in local])
    return np.array(rows)

"""The products of the simulated shop: text, price, and when each was first sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from .parameters import Parameters
from .streams import instant, stream
from .vocabulary import Category, Newcomer, Style, Theme, vocabulary

DAY = np.timedelta64(86_400, "s")
MATERIALS = ("oak", "cotton", "steel", "linen", "ceramic", "bamboo", "glass", "wool")
COLOURS = ("sage", "charcoal", "cream", "navy", "terracotta", "mustard", "white", "forest green")


@dataclass(frozen=True, slots=True)
class Products:
    """Columns of equal length; the last rows are the newcomers, which nobody has bought yet."""

    sku: tuple[str, ...]
    title: tuple[str, ...]
    description: tuple[str, ...]
    brand: tuple[str, ...]
    language: tuple[str, ...]
    material: tuple[str, ...]
    colour: tuple[str, ...]
    theme: np.ndarray  # (products,) number of the theme
    category: np.ndarray  # (products,) number of the category
    style: np.ndarray  # (products, styles) 1 where the text shows the style
    price: np.ndarray  # (products,) in pounds
    stock: np.ndarray  # (products,) pieces
    popularity: np.ndarray  # (products,) added to the appeal for everybody
    launched_at: np.ndarray  # (products,) datetime64[s], UTC
    is_past_launch: np.ndarray  # (products,) bool
    is_randomised: np.ndarray  # (products,) bool: past launches shown to shoppers picked by chance
    is_newcomer: np.ndarray  # (products,) bool

    def __len__(self) -> int:
        return len(self.sku)

    @property
    def features(self) -> np.ndarray:
        """(products, categories + themes + styles): what tastes are about."""
        words = vocabulary()
        categories = np.eye(len(words.categories))[self.category]
        themes = np.eye(len(words.themes))[self.theme]
        return np.hstack([categories, themes, self.style])

    @property
    def relative_price(self) -> np.ndarray:
        """(products,): the logarithm of the price against what its category usually costs."""
        usual = np.array([usual_price(c) for c in vocabulary().categories])[self.category]
        result: np.ndarray = np.log(self.price / usual)
        return result

    def index(self, sku: str) -> int:
        return self.sku.index(sku)

    def first_sold(self, sku: str) -> datetime:
        """The instant from which a product is on sale, in UTC."""
        seconds = int(self.launched_at[self.index(sku)].astype("datetime64[s]").astype(int))
        return datetime.fromtimestamp(seconds, tz=UTC)


def usual_price(category: Category) -> float:
    return float(np.sqrt(category.price_low * category.price_high))


def make_products(parameters: Parameters) -> Products:
    """The shop's range, and after it the products to be launched."""
    rng = stream(parameters.seed, "products")
    words = vocabulary()
    theme = rng.permutation(np.arange(parameters.products) % len(words.themes))
    category = np.array(words.category_of_theme())[theme]
    style = _styles(parameters.products, rng)
    chinese = _chinese(theme, parameters.chinese_share, rng)
    texts = _texts(theme, style, chinese, rng)
    launched_at, past, randomised = _calendar(parameters, rng)
    price = _prices(category, style, rng)
    newcomers = words.newcomers
    new = len(newcomers)
    return Products(
        sku=_skus(category) + tuple(n.sku for n in newcomers),
        title=tuple(t[0] for t in texts) + tuple(n.title for n in newcomers),
        description=tuple(t[1] for t in texts) + tuple(n.description for n in newcomers),
        brand=_brands(category, rng) + tuple(n.brand for n in newcomers),
        language=tuple("zh-Hans" if c else "en" for c in chinese)
        + tuple(n.language for n in newcomers),
        material=_picks(MATERIALS, parameters.products, rng) + tuple(n.material for n in newcomers),
        colour=_picks(COLOURS, parameters.products, rng) + tuple(n.colour for n in newcomers),
        theme=np.append(theme, [_theme_number(n) for n in newcomers]),
        category=np.append(category, [_category_number(n) for n in newcomers]),
        style=np.vstack([style, [_style_row(n) for n in newcomers]]),
        price=np.append(price, [n.price for n in newcomers]),
        stock=np.append(rng.integers(20, 400, parameters.products), [1_000] * new),
        popularity=np.append(rng.normal(0.0, 0.45, parameters.products), [0.0] * new),
        launched_at=np.append(launched_at, _fortnights(parameters, new)),
        is_past_launch=np.append(past, [False] * new),
        is_randomised=np.append(randomised, [False] * new),
        is_newcomer=np.append(np.zeros(parameters.products, bool), [True] * new),
    )


def _styles(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, styles): each product shows one style, and six in ten a second."""
    size = len(vocabulary().styles)
    style = np.zeros((count, size))
    first = rng.integers(size, size=count)
    second = (first + rng.integers(1, size, size=count)) % size
    style[np.arange(count), first] = 1.0
    has_second = rng.random(count) < 0.6
    style[np.flatnonzero(has_second), second[has_second]] = 1.0
    return style


def _chinese(theme: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    speaks = np.array([bool(t.zh_nouns) for t in vocabulary().themes])
    result: np.ndarray = speaks[theme] & (rng.random(len(theme)) < share)
    return result


def _texts(
    theme: np.ndarray, style: np.ndarray, chinese: np.ndarray, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """A title, used once in the shop, and a description for each product."""
    words, taken, texts = vocabulary(), set[str](), []
    for t, row, is_chinese in zip(theme, style, chinese, strict=True):
        styles = [words.styles[s] for s in np.flatnonzero(row)]
        write = _chinese_text if is_chinese else _english_text
        title, description = write(words.themes[t], styles, rng)
        while title in taken:
            title, description = write(words.themes[t], styles, rng)
            title = _told_apart(title, taken, is_chinese)
        taken.add(title)
        texts.append((title, description))
    return texts


def _told_apart(title: str, taken: set[str], is_chinese: bool) -> str:
    """A size or an edition keeps two similar products apart."""
    endings = (
        ("（小号）", "（大号）", "（新款）") if is_chinese else (", Small", ", Large", " No. 2")
    )
    return next((title + e for e in endings if title in taken and title + e not in taken), title)


def _english_text(theme: Theme, styles: list[Style], rng: np.random.Generator) -> tuple[str, str]:
    adjectives = " ".join(_pick(s.adjectives, rng) for s in styles[:1])
    about = rng.permutation(theme.sentences)[:2]
    manner = [_pick(s.sentences, rng) for s in styles]
    return f"{adjectives} {_pick(theme.nouns, rng)}", " ".join([*about, *manner])


def _chinese_text(theme: Theme, styles: list[Style], rng: np.random.Generator) -> tuple[str, str]:
    adjective = _pick(styles[0].zh_adjectives, rng)
    about = rng.permutation(theme.zh_sentences)
    manner = [_pick(s.zh_sentences, rng) for s in styles]
    return f"{adjective}{_pick(theme.zh_nouns, rng)}", "".join([*about, *manner])


def _calendar(
    parameters: Parameters, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First instants of sale, and which products had a launch of their own inside the year."""
    count, start = parameters.products, instant(parameters.history_starts_at)
    launched_at = start - rng.integers(30, 900, count) * DAY
    order = rng.permutation(count)
    launches = order[: parameters.past_launches]
    novelties = order[parameters.past_launches :][: int(count * parameters.new_share)]
    latest = parameters.history_days - 2 * parameters.launch_days
    days = np.linspace(45, latest, len(launches)).astype(int)
    launched_at[launches] = start + days * DAY
    launched_at[novelties] = start + rng.integers(10, latest, len(novelties)) * DAY
    past, randomised = np.zeros(count, bool), np.zeros(count, bool)
    past[launches] = True
    randomised[rng.permutation(launches)[: parameters.randomised_launches]] = True
    return launched_at, past, randomised


def _fortnights(parameters: Parameters, count: int) -> np.ndarray:
    """(count,): the newcomers are launched one after the other."""
    length = parameters.launch_days * DAY
    return np.array([instant(parameters.launch_starts_at) + i * length for i in range(count)])


def _prices(category: np.ndarray, style: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log-uniform in the category's range, a luxury dearer, ending in 0.50 or 0.99."""
    words = vocabulary()
    low = np.log([c.price_low for c in words.categories])[category]
    high = np.log([c.price_high for c in words.categories])[category]
    luxury = style[:, [s.name for s in words.styles].index("luxury")]
    place = np.clip(rng.beta(2.0, 2.5, len(category)) + 0.25 * luxury, 0.0, 1.0)
    pounds = np.floor(np.exp(low + place * (high - low)))
    result: np.ndarray = pounds + rng.choice([0.50, 0.99], len(category))
    return result


def _skus(category: np.ndarray) -> tuple[str, ...]:
    codes = [c.code for c in vocabulary().categories]
    return tuple(f"{codes[c]}-{number:03d}" for number, c in enumerate(category, start=1))


def _brands(category: np.ndarray, rng: np.random.Generator) -> tuple[str, ...]:
    brands = [c.brands for c in vocabulary().categories]
    return tuple(_pick(brands[c], rng) for c in category)


def _picks(options: tuple[str, ...], count: int, rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(options[i] for i in rng.integers(len(options), size=count))


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _category_number(newcomer: Newcomer) -> int:
    return [c.name for c in vocabulary().categories].index(newcomer.category)


def _theme_number(newcomer: Newcomer) -> int:
    return [t.name for t in vocabulary().themes].index(newcomer.theme)


def _style_row(newcomer: Newcomer) -> list[float]:
    return [float(s.name in newcomer.styles) for s in vocabulary().styles]

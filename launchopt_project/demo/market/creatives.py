"""How well a creative's words fit a shopper's tastes."""

from __future__ import annotations

import numpy as np

from .parameters import Parameters
from .shoppers import Shoppers
from .vocabulary import vocabulary


def strength(parameters: Parameters, shoppers: Shoppers, *, text: str) -> np.ndarray:
    """(shoppers,): about 1; more where the text speaks of a style that they like, less otherwise.

    A shopper who does not read the text's language gets less of it.
    """
    words = vocabulary()
    lower = text.lower()
    cued = np.array([any(cue in lower for cue in style.cues) for style in words.styles])
    liking = shoppers.tastes[:, -len(words.styles) :]
    fit = np.tanh(liking[:, cued].mean(axis=1)) if cued.any() else np.zeros(len(shoppers))
    foreign = _is_chinese(text) & (shoppers.language != "zh-Hans")
    result: np.ndarray = (1.0 + parameters.creative_sensitivity * fit) * np.where(foreign, 0.5, 1.0)
    return result


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)

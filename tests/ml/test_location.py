"""A new product is placed among who buys what by its text, never by its own sales."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from launchopt_ml.interest.location import DOUBT, NOWHERE, Location, Texts

GARDEN, KITCHEN = np.array([1.0, 0.0]), np.array([0.0, 1.0])
PLACES = np.array([GARDEN, GARDEN, GARDEN, KITCHEN, KITCHEN, KITCHEN], dtype=np.float32)
WORDS = np.array(
    [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 1, 1]]
)
BUYERS = np.array([30.0, 20.0, 40.0, 9.0, 60.0, 30.0])


def texts_of(words: np.ndarray) -> Texts:
    """Texts with these words, told by words alone."""
    length = np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-9)
    nothing = np.zeros((len(words), 0))
    return Texts(sp.csr_matrix(words / length), sp.csr_matrix(nothing), nothing)


def location_of(rows: slice | np.ndarray = slice(None)) -> Location:
    """From some of the known products."""
    return Location.of(texts_of(WORDS[rows]), places=PLACES[rows], buyers=BUYERS[rows])


class TestLocation:
    def test_a_new_product_lies_where_those_with_its_words_lie(self):
        new = texts_of(np.array([[1, 0, 0, 0]]))
        (told,) = location_of().told(new, known_as=np.array([NOWHERE]))
        assert told[0] > 2 * abs(told[1])

    def test_a_known_product_is_told_as_if_it_had_never_been_seen(self):
        for own in range(len(WORDS)):
            others = np.delete(np.arange(len(WORDS)), own)
            text = texts_of(WORDS[[own]])
            told = location_of().told(text, known_as=np.array([own]))
            without = location_of(others).told(text, known_as=np.array([NOWHERE]))
            assert told == pytest.approx(without, abs=1e-5)

    def test_it_is_the_ridge_regression_that_it_says(self):
        likeness = texts_of(WORDS).likeness(texts_of(WORDS)).astype(float)
        doubt = np.diag(DOUBT / np.minimum(BUYERS, DOUBT))
        new = texts_of(np.array([[1, 1, 1, 0]]))
        expected = new.likeness(texts_of(WORDS)) @ np.linalg.solve(likeness + doubt, PLACES)
        told = location_of().told(new, known_as=np.array([NOWHERE]))
        assert told == pytest.approx(expected, abs=1e-5)

    def test_only_so_many_products_are_learned_from_the_most_bought(self, monkeypatch):
        monkeypatch.setattr("launchopt_ml.interest.location.MOST_KNOWN", 4)
        kept = np.array([0, 2, 4, 5])
        new, known_as = texts_of(WORDS), np.full(len(WORDS), NOWHERE)
        told = location_of().told(new, known_as=known_as)
        assert told == pytest.approx(location_of(kept).told(new, known_as=known_as))

    def test_with_nothing_known_a_product_lies_nowhere(self):
        new = texts_of(WORDS)
        told = location_of(slice(0, 0)).told(new, known_as=np.full(len(WORDS), NOWHERE))
        assert told.shape == (len(WORDS), 2)
        assert not told.any()

"""The search on a hill whose top is known."""

import json
from dataclasses import asdict

import pytest

from launchopt_ml.search import NothingTried, Range, Tried, best_of, try_next

SPACE = {"rate": Range(1e-4, 1.0, is_log=True), "width": Range(4, 64, is_whole=True)}
USUAL = {"rate": 0.5, "width": 60}


def hill(parameters, step):
    """Highest at width 20, whatever the step; a little at every rate."""
    return 1 - abs(parameters["width"] - 20) / 60 + 0.01 * parameters["rate"]


def search(trials, *, tried=(), measure=hill, seed=0):
    tried = list(tried)
    while len(tried) < trials:
        tried.append(try_next(tried, space=SPACE, usual=USUAL, measure=measure, steps=3, seed=seed))
    return tried


class TestTryNext:
    def test_begins_with_what_is_usual(self):
        assert search(1)[0].parameters == USUAL

    def test_finds_the_top(self):
        best = best_of(search(25))
        assert abs(best.parameters["width"] - 20) <= 4
        assert isinstance(best.parameters["width"], int)

    def test_goes_on_as_if_it_had_not_been_interrupted(self):
        whole = search(12)
        kept = [Tried(**json.loads(json.dumps(asdict(one)))) for one in whole[:7]]
        assert search(12, tried=kept) == whole

    def test_one_seed_gives_one_search(self):
        assert search(8, seed=3) == search(8, seed=3)
        assert search(8, seed=3) != search(8, seed=4)

    def test_gives_up_what_is_hopeless(self):
        measured = []

        def counted(parameters, step):
            measured.append(step)
            return hill(parameters, step)

        tried = search(20, measure=counted)
        given_up = [one for one in tried if one.is_pruned]
        assert given_up
        assert len(measured) < 20 * 3
        assert all(one.value <= best_of(tried).value for one in given_up)
        assert given_up[0].as_dict()["value"] is None

    def test_stays_within_the_space(self):
        for one in search(15):
            assert 1e-4 <= one.parameters["rate"] <= 1
            assert 4 <= one.parameters["width"] <= 64


def test_the_best_needs_one_that_was_measured_to_its_end():
    with pytest.raises(NothingTried):
        best_of([Tried(0, USUAL, [0.1], is_pruned=True)])

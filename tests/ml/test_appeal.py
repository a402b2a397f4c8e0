"""Which words are clicked: learned where words matter, told as unknown where they do not."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import spearmanr

from launchopt_ml.copywriting.appeal import Appeal, Levels, Showings, unit
from launchopt_ml.copywriting.appeal_judged import TooFewShowings, judge

WIDTH, TOPICS = 24, 6


def shown(*, effect, texts=90, seen=400, seed=0):
    """Texts about topics, of which some please by so much (log odds), before two personas."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, TOPICS, texts)
    about = unit(rng.normal(size=(TOPICS, WIDTH)))
    text = unit(about[topics] + 0.1 * rng.normal(size=(texts, WIDTH)))
    pleases = np.linspace(-1, 1, TOPICS)[topics]
    rate = expit(-3 + effect * pleases)
    names = np.array([f"text {number}" for number in range(texts)], dtype=object)
    return Showings(
        text=text,
        persona=unit(rng.normal(size=(2, WIDTH)))[rng.integers(0, 2, texts)],
        channel=np.full(texts, "onsite", dtype=object),
        launch=np.array([f"launch {number % 4}" for number in range(texts)], dtype=object),
        words=names,
        exposures=np.full(texts, float(seen)),
        clicks=rng.binomial(seen, rate).astype(float),
    ), pleases


class TestAppeal:
    def test_puts_words_that_please_before_words_that_do_not(self):
        showings, pleases = shown(effect=0.6)
        known, asked = showings.take(np.arange(60)), showings.take(np.arange(60, 90))
        rate = Appeal.fit(known).outlook(asked).rate
        assert spearmanr(rate, pleases[60:]).statistic > 0.75

    def test_where_words_do_not_matter_all_stay_near_the_mean(self):
        showings, _ = shown(effect=0.0)
        rate = Appeal.fit(showings).outlook(showings).rate
        assert np.ptp(rate) < 0.02

    def test_its_interval_holds_the_true_rate_as_often_as_it_says(self):
        held = []
        for seed in range(10):
            showings, pleases = shown(effect=0.6, seed=seed)
            known, asked = showings.take(np.arange(60)), showings.take(np.arange(60, 90))
            told, true = Appeal.fit(known).outlook(asked), expit(-3 + 0.6 * pleases[60:])
            held += list((told.low <= true) & (true <= told.high))
        assert np.mean(held) >= 0.85

    def test_words_unlike_any_that_were_shown_are_less_certain(self):
        showings, _ = shown(effect=0.6)
        strange = showings.take(np.arange(1))
        strange.text[0] = -showings.text.mean(axis=0) / np.linalg.norm(showings.text.mean(axis=0))
        appeal = Appeal.fit(showings)
        known, unknown = appeal.outlook(showings), appeal.outlook(strange)
        assert (unknown.high - unknown.low)[0] > np.median(known.high - known.low)

    def test_saving_and_loading_changes_nothing(self, tmp_path):
        showings, _ = shown(effect=0.6)
        appeal = Appeal.fit(showings)
        appeal.save(tmp_path, encoder="an encoder")
        loaded, encoder = Appeal.load(tmp_path)
        assert encoder == "an encoder"
        assert loaded.outlook(showings).rate == pytest.approx(appeal.outlook(showings).rate)

    def test_the_order_of_rows_does_not_matter(self):
        showings, _ = shown(effect=0.6)
        turned = showings.take(np.arange(len(showings))[::-1])
        one, other = Appeal.fit(showings), Appeal.fit(turned)
        assert other.outlook(showings).rate == pytest.approx(one.outlook(showings).rate)


class TestLevels:
    def test_a_new_launch_is_expected_to_do_as_its_channel_does(self):
        showings, _ = shown(effect=0.0)
        levels = Levels.of(showings)
        mean = showings.clicks.sum() / showings.exposures.sum()
        assert levels.rate("a new one", "onsite") == pytest.approx(mean, rel=0.01)
        assert levels.rate("a new one", "email") == pytest.approx(mean, rel=0.01)


class TestJudge:
    def test_beats_the_mean_rate_where_words_matter(self):
        verdict = judge(shown(effect=0.6)[0], rng=np.random.default_rng(1))
        assert verdict.beats_the_mean
        assert verdict.log_loss < verdict.baseline

    def test_does_not_where_they_do_not(self):
        verdicts = [
            judge(shown(effect=0.0, seed=seed)[0], rng=np.random.default_rng(seed))
            for seed in range(8)
        ]
        assert sum(verdict.beats_the_mean for verdict in verdicts) <= 1

    def test_equal_words_are_never_on_both_sides(self):
        showings, _ = shown(effect=0.0, texts=30)
        twice = showings.take(np.repeat(np.arange(30), 2))  # knowing one half tells the other
        verdict = judge(twice, rng=np.random.default_rng(1))
        assert verdict.texts == 30
        assert not verdict.beats_the_mean

    def test_says_what_is_missing(self):
        with pytest.raises(TooFewShowings, match="5 texts were shown"):
            judge(shown(effect=0.0, texts=5)[0], rng=np.random.default_rng(1))

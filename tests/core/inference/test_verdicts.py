"""The verdict: the first that applies, in words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate
from launchopt_core.inference import (
    Analysis,
    Code,
    Comparisons,
    Conclusion,
    Correction,
    Kind,
    Labels,
    Method,
    Reading,
    Sample,
    Terms,
    compare,
    guarded,
    outcome_of,
)


def analysis(control: tuple[int, int], *treatments: tuple[int, int], **terms) -> Analysis:
    """Groups of (ones, units), each treatment against the control."""
    before, after = (
        Sample.from_sums(
            kind=[Kind.PROPORTION] * len(groups),
            count=[n for _, n in groups],
            sum=[ones for ones, _ in groups],
            sum_squares=[ones for ones, _ in groups],
        )
        for groups in ([control] * len(treatments), treatments)
    )
    names = ["B", "C", "D"][: len(treatments)]
    labels = Labels(["all"] * len(names), ["visit"] * len(names), names, np.zeros(len(names), int))
    comparisons = Comparisons(
        labels, outcome_of(before), outcome_of(after), compare(before, after),
        before.events + after.events,
    )  # fmt: skip
    return Analysis.of(comparisons, Terms(**terms))


def told(
    control: tuple[int, int], treatment: tuple[int, int], *, ok: bool = True, **options
) -> Conclusion:
    terms = {key: options.pop(key) for key in ("method", "alpha") if key in options}
    found = analysis(control, treatment, **terms)
    return found.conclusions(control="control", is_balanced=np.array([ok]), **options)[0]


class TestVerdict:
    def test_ships_what_is_better(self):
        assert told((50, 1000), (100, 1000)).sentence == "ship B"

    def test_keeps_the_control_where_the_variant_is_worse(self):
        found = told((100, 1000), (50, 1000))
        assert found == Conclusion(Code.KEEP_CONTROL, "keep control: B is worse")

    def test_says_how_many_more_when_the_interval_includes_zero(self):
        found = told((50, 1000), (60, 1000))
        assert found.code is Code.INCONCLUSIVE
        assert found.sentence.startswith("keep running: about 6,000 customers more")
        assert "includes zero" in found.sentence

    def test_says_how_many_days_where_it_knows_how_long_it_ran(self):
        assert told((50, 1000), (60, 1000), days=2).sentence.startswith(
            "keep running: about 6 days more"
        )

    def test_names_no_number_where_it_would_take_for_ever(self):
        found = told((50, 1000), (50, 1000))
        assert found.sentence == "inconclusive: the interval includes zero"

    def test_no_effect_is_one_within_the_margin(self):
        found = told((200_000, 1_000_000), (200_010, 1_000_000))
        assert found == Conclusion(Code.NO_EFFECT, "no effect beyond 2 %")

    def test_a_registered_effect_is_the_margin(self):
        found = told((200, 1000), (201, 1000), margin=np.array([0.05]))
        assert found.sentence == "no effect beyond 25 %"

    def test_without_a_mean_to_compare_with_the_margin_is_told_as_it_is(self):
        found = told((0, 1000), (10, 1000), margin=np.array([0.03]), alpha=0.001)
        assert found.sentence == "no effect beyond 0.03"

    def test_unequal_groups_stop_it_however_large_the_effect(self):
        assert told((50, 1000), (900, 2000), ok=False).sentence == "broken: unequal groups"

    @pytest.mark.parametrize(
        "groups", [((0, 0), (0, 0)), ((2, 1000), (5, 1000)), ((0, 1000), (0, 1000))]
    )
    def test_says_so_when_it_is_too_early(self, groups):
        assert told(*groups).sentence.startswith("too early")

    def test_a_look_at_any_time_needs_more(self):
        groups = (50, 1000), (75, 1000)
        assert told(*groups).code is Code.SHIP
        assert told(*groups, method=Method.SEQUENTIAL).code is Code.INCONCLUSIVE

    def test_a_correction_can_take_back_what_one_comparison_showed(self):
        groups = (50, 1000), (71, 1000), (52, 1000), (49, 1000)
        plain, holm = analysis(*groups), analysis(*groups, correction=Correction.HOLM)
        balanced = np.ones(3, dtype=bool)
        codes = [
            found.conclusions(control="control", is_balanced=balanced)[0].code
            for found in (plain, holm)
        ]
        assert codes == [Code.SHIP, Code.INCONCLUSIVE]

    @settings(deadline=None)
    @given(
        ones=st.tuples(st.integers(0, 500), st.integers(0, 500)),
        units=st.tuples(st.integers(1, 500), st.integers(1, 500)),
        method=st.sampled_from(list(Method)),
    )
    def test_ships_only_what_lies_above_zero(self, ones, units, method):
        groups = [(min(one, n), n) for one, n in zip(ones, units, strict=True)]
        found = analysis(*groups, method=method)
        (conclusion,) = found.conclusions(control="control", is_balanced=np.array([True]))
        low, high = found.reading.low[0], found.reading.high[0]
        assert (conclusion.code is Code.SHIP) <= bool(low > 0)
        assert (conclusion.code is Code.KEEP_CONTROL) <= bool(high < 0)


class TestRows:
    def test_have_what_was_promised_and_no_nan(self):
        (row,) = analysis((0, 0), (3, 9)).rows()
        assert (row["n"], row["control_n"], row["effect"], row["interval"]) == (9, 0, None, None)

    def test_show_corrected_p_values_where_they_were_asked_for(self):
        rows = analysis((50, 1000), (71, 1000), (52, 1000), correction=Correction.HOLM).rows()
        assert rows[0]["adjusted_p_value"] == pytest.approx(2 * rows[0]["p_value"])


class TestGuardrails:
    def told(self, limits: dict[str, float], *relative: tuple[float, float]) -> list[Conclusion]:
        """Metric m0 would ship; the others have these relative intervals."""
        limited = np.array([(0.1, 0.2), *relative])
        nothing = np.zeros(len(limited))
        reading = Reading(
            limited[:, 0], limited[:, 1], limited[:, 0], limited[:, 1], nothing, nothing, nothing
        )
        metrics = [f"m{number}" for number in range(len(limited))]
        return guarded(
            [Conclusion(Code.SHIP, "ship B")]
            + [Conclusion(Code.INCONCLUSIVE, "?")] * len(relative),
            groups=["all"] * len(metrics),
            metrics=metrics,
            variants=["B"] * len(metrics),
            reading=reading,
            limits=limits,
        )

    @pytest.mark.parametrize(
        ("limit", "interval", "code"),
        [
            (-0.02, (-0.01, 0.05), Code.HOLDS),
            (-0.02, (-0.03, 0.05), Code.UNPROVEN),
            (-0.02, (-0.09, -0.03), Code.BREACHED),
            (0.02, (-0.03, 0.01), Code.HOLDS),
            (0.02, (0.01, 0.03), Code.UNPROVEN),
            (0.02, (0.03, 0.09), Code.BREACHED),
            (-0.02, (np.nan, np.nan), Code.UNPROVEN),
        ],
    )
    def test_hold_where_the_whole_interval_keeps_within(self, limit, interval, code):
        assert self.told({"m1": limit}, interval)[1].code is code

    def test_all_of_them_hold_before_a_variant_ships(self):
        fine = self.told({"m1": -0.02}, (-0.01, 0.05), (-0.5, -0.4))
        assert fine[0].sentence == "ship B"
        stopped = self.told({"m1": -0.02, "m2": -0.02}, (-0.01, 0.05), (-0.5, -0.4))
        assert stopped[0].sentence == (
            "do not ship B yet: guardrail m2 is broken: it does fall by more than 2 %"
        )

    @pytest.mark.parametrize("limits", [{"other": -0.1}, {"m1": -1.0}, {"m1": float("nan")}])
    def test_refuse_what_is_no_limit(self, limits):
        with pytest.raises(InvalidRate):
            self.told(limits, (0.0, 0.1))


class TestOver:
    @pytest.mark.parametrize(
        ("control", "treatment"), [((50, 1000), (60, 1000)), ((3, 40), (4, 40))]
    )
    def test_nobody_is_told_to_wait(self, control, treatment):
        running = told(control, treatment, days=3.0)
        over = told(control, treatment, days=3.0, is_over=True)
        assert running.sentence.startswith(("keep running", "too early"))
        assert over.code is Code.INCONCLUSIVE
        assert over.sentence.startswith("inconclusive")

    def test_what_was_found_stands(self):
        assert told((50, 1000), (100, 1000), is_over=True).sentence == "ship B"

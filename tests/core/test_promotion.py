"""When a candidate enters service: one case for each ground, and the rules that hold for all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.promotion import Contest, Gap, Ground, decide

ABOVE, BELOW, UNSURE = Gap(0.1, 0.04, 0.16), Gap(-0.1, -0.16, -0.04), Gap(0.03, -0.02, 0.08)
FINE = ("content", UNSURE)


def contest(**given):
    return Contest(
        **({"has_active": True, "baseline": FINE, "last": ABOVE, "older": ABOVE} | given)
    )


CASES = {
    Ground.FIRST: contest(has_active=False),
    Ground.HELD: contest(is_held=True),
    Ground.NO_NEWER: contest(is_older=True, is_newer=False),
    Ground.TOO_SLOW: contest(is_too_slow=True, baseline=None, last=None),
    Ground.LEARNED: contest(active_is_prior=True, baseline=None),
    Ground.UNTESTED: contest(baseline=None),
    Ground.BELOW_BASELINE: contest(baseline=("content", BELOW)),
    Ground.INCOMPARABLE: contest(is_comparable=False, last=None),
    Ground.FRESHER: contest(learns_alike=True, last=None),
    Ground.WORSE: contest(learns_alike=True, last=BELOW),
    Ground.UNPROVEN: contest(last=UNSURE),
    Ground.WORSE_BEFORE: contest(older=Gap(0.0, -0.02, 0.02)),
    Ground.BETTER: contest(older=Gap(0.0, -0.009, 0.02)),
}


class TestDecide:
    @pytest.mark.parametrize("ground", CASES)
    def test_names_its_ground(self, ground):
        assert decide(CASES[ground]).ground == ground

    def test_the_same_way_from_the_same_data_is_nothing_new(self):
        same = contest(learns_alike=True, is_newer=False)
        assert decide(same).ground == Ground.NO_NEWER

    def test_another_way_from_the_same_data_may_prove_itself(self):
        assert decide(contest(is_newer=False)).ground == Ground.BETTER

    def test_without_older_launches_the_last_ones_decide(self):
        decided = decide(contest(older=None))
        assert decided.is_promoted
        assert "none are known" in decided.sentence

    def test_says_by_how_much(self):
        assert "+10.0%, 95 % interval +4.0% to +16.0%" in decide(contest()).sentence

    def test_is_kept_as_plain_json(self):
        kept = json.loads(json.dumps(decide(CASES[Ground.BETTER]).as_dict(), allow_nan=False))
        assert kept["promoted"] is True
        assert kept["baseline"]["name"] == "content"
        assert kept["older"]["low"] == -0.009

    GAPS = st.builds(
        lambda middle, width: Gap(middle, middle - width, middle + width),
        st.floats(-0.5, 0.5),
        st.floats(0, 0.5),
    )

    @given(last=GAPS, older=GAPS)
    def test_another_way_enters_only_above_on_the_last_and_not_below_before(self, last, older):
        decided = decide(contest(last=last, older=older))
        assert decided.is_promoted == (last.low > 0 and older.low >= -0.01)

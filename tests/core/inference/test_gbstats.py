"""Equal to gbstats 0.8.0 on fixed cases: numbers computed once by its published code.

Its tests take sufficient statistics; the inputs stand beside the answers. gbstats needs an older
numpy than ours, so that it cannot be asked here.
"""

from typing import Any

import numpy as np
import pytest

from launchopt_core.inference import (
    Difference,
    Kind,
    Method,
    Sample,
    Sums,
    Terms,
    compare,
    read,
    sample_ratio,
)

CLOSE = 1e-6

PROPORTIONS = ((1500, 120, 120), (1480, 151, 151))  # count, sum, sum of squares
MEANS = ((1500, 4210.5, 20110.25), (1480, 4398.0, 22511.5))
DENOMINATORS = ((3010, 8100, 11050.5), (2950, 7990, 11520.25))  # sum, squares, cross products
COVARIATES = ((3900, 18200, 15900.5), (3811, 17650, 16230.25))
COVARIATES_OF_PROPORTIONS = ((3900, 18200, 420), (3811, 17650, 530))


def sample(kind: Kind, sums: tuple, **others: tuple) -> Sample:
    count, total, squares = ([figure] for figure in sums)
    more = {name: Sums(*([figure] for figure in figures)) for name, figures in others.items()}
    return Sample.from_sums(kind=[kind], count=count, sum=total, sum_squares=squares, **more)


def case(name: str) -> Difference:
    kind, groups, others = {
        "proportion": (Kind.PROPORTION, PROPORTIONS, {}),
        "mean": (Kind.MEAN, MEANS, {}),
        "ratio": (Kind.RATIO, MEANS, {"denominator": DENOMINATORS}),
        "cuped": (Kind.MEAN, MEANS, {"covariate": COVARIATES}),
        "cuped_proportion": (
            Kind.PROPORTION,
            PROPORTIONS,
            {"covariate": COVARIATES_OF_PROPORTIONS},
        ),
    }[name]
    return compare(
        *(
            sample(kind, sums, **{key: pair[side] for key, pair in others.items()})
            for side, sums in enumerate(groups)
        )
    )


ABSOLUTE: dict[str, dict[str, Any]] = {
    "proportion": {
        "effect": (0.022027027027027024, 0.01053424850286346),
        "sequential": (-0.010223871119967518, 0.054277925174021566, 0.3938661194792858),
        "bayesian": (0.0013802793572196513, 0.04267377469683439),
        "belief": (0.9817355995743625, 6.985297385188835e-05),
    },
    "mean": {
        "effect": (0.16462162162162164, 0.0894494162920649),
        "fixed": (-0.01076781148030681, 0.3400110547235501, 0.06581147263390696),
        "sequential": (-0.10923028279845493, 0.4384735260416982, 0.591492830043878),
        "bayesian": (-0.010696012748955958, 0.3399392559921992),
        "belief": (0.9671443442202101, 0.0011527600918485386),
    },
    "ratio": {
        "effect": (0.0920102483247931, 0.03518366801162812),
        "fixed": (0.023023168914523745, 0.16099732773506245, 0.008964567075788965),
        "sequential": (-0.015705541099791748, 0.19972603774937794, 0.142294815188271),
        "bayesian": (0.023051526177987988, 0.1609689704715982),
        "belief": (0.9955404669813095, 4.907567796969754e-05),
    },
    "cuped": {
        "effect": (0.18012053162356612, 0.0724216353615516),
        "fixed": (0.03811823336033704, 0.3221228298867952, 0.012933676701435859),
        "sequential": (-0.041600342442513705, 0.40184140568964594, 0.18633056423184452),
        "bayesian": (0.03817673461343252, 0.3220643286336997),
        "belief": (0.9935607109415697, 0.00015104657637324135),
    },
    "cuped_proportion": {
        "effect": (0.02241823694851073, 0.010450028769184792),
        "fixed": (0.0019281100602159054, 0.04290836383680555, 0.0320122683612345),
        "sequential": (-0.009574820114509067, 0.054411294011530525, 0.35819931261161575),
        "bayesian": (0.0019365569235010975, 0.04289991697352036),
        "belief": (0.9840347637620542, 5.95975510269116e-05),
    },
}

RELATIVE = {  # fixed, sequential and Bayesian intervals
    "mean": (
        (-0.005550870964942174, 0.12284450945558817),
        (-0.04159103096332747, 0.15888466945397345),
        (-0.0055245905178751345, 0.1228182290085211),
    ),
    "ratio": (
        (0.014973210144660645, 0.11657926460067945),
        (-0.013547140712083489, 0.1450996154574236),
        (0.01499409282066607, 0.11655838192467402),
    ),
    "cuped": (
        (0.012238586499995652, 0.11609809438605076),
        (-0.01691422353732333, 0.14525090442336974),
        (0.012259980207814207, 0.1160767006782322),
    ),
    "cuped_proportion": (
        (-0.009308611673435108, 0.5697645353862033),
        (-0.17185123556734677, 0.7323071592801149),
        (-0.00918925292734224, 0.5696451766401104),
    ),
}


class TestAgainstGbstats:
    @pytest.mark.parametrize("name", ABSOLUTE)
    def test_effects_and_their_errors_are_equal(self, name):
        difference = case(name)
        ours = difference.estimate[0], difference.standard_error[0]
        assert ours == pytest.approx(ABSOLUTE[name]["effect"], rel=CLOSE)

    @pytest.mark.parametrize("name", ABSOLUTE)
    @pytest.mark.parametrize("method", ["fixed", "sequential", "bayesian"])
    def test_intervals_and_p_values_are_equal(self, name, method):
        if method not in ABSOLUTE[name]:
            return  # ours is Wald's, gbstats' is Student's
        expected = ABSOLUTE[name][method]
        reading = read(case(name), Terms(method=Method(method)))
        ours = [reading.low[0], reading.high[0], reading.p_value[0]][: len(expected)]
        assert ours == pytest.approx(expected, rel=CLOSE)

    @pytest.mark.parametrize("name", ABSOLUTE)
    def test_beliefs_are_equal(self, name):
        reading = read(case(name), Terms(method=Method.BAYESIAN))
        ours = reading.chance_to_win[0], reading.expected_loss[0]
        assert ours == pytest.approx(ABSOLUTE[name]["belief"], rel=CLOSE)

    @pytest.mark.parametrize("name", RELATIVE)
    def test_relative_intervals_are_equal(self, name):
        for method, expected in zip(Method, RELATIVE[name], strict=True):
            reading = read(case(name), Terms(method=method))
            ours = reading.relative_low[0], reading.relative_high[0]
            assert ours == pytest.approx(expected, rel=CLOSE)

    def test_the_check_of_sizes_is_equal(self):
        counts = [[1500, 1480, 1600]]
        ours = [sample_ratio(counts, weights).p_value[0] for weights in ([1, 1, 1], [3, 3, 4])]
        assert ours == pytest.approx([0.0667084544455805, 2.164945669066962e-11], rel=CLOSE)


class TestCuped:
    def test_is_a_regression_on_the_centred_covariate(self):
        """Its slope is that of both groups together, as ordinary least squares gives it."""
        rng = np.random.default_rng(0)
        past = rng.normal(5, 2, (2, 400))
        now = 3 * past + rng.normal(0, 1, (2, 400)) + np.array([[0], [0.4]])
        groups = [
            sample(
                Kind.MEAN,
                (400, y.sum(), (y * y).sum()),
                covariate=(x.sum(), (x * x).sum(), (x * y).sum()),
            )
            for x, y in zip(past, now, strict=True)
        ]
        slope = np.polyfit(past.ravel(), now.ravel(), 1)[0]
        rest = now - slope * past
        ours = compare(*groups)
        assert ours.estimate[0] == pytest.approx(rest[1].mean() - rest[0].mean())
        error = np.sqrt(rest.var(axis=1, ddof=1).sum() / 400)
        assert ours.standard_error[0] == pytest.approx(error, rel=1e-9)

    def test_what_never_varied_explains_nothing(self):
        groups = [
            sample(Kind.MEAN, sums, covariate=(0, 0, 0), denominator=(1, 1, 1)) for sums in MEANS
        ]
        assert compare(*groups).standard_error[0] == pytest.approx(0.0894494162920649)

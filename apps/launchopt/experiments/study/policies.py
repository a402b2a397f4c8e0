"""A log of choices and a policy in files of one's own, as the numbers that evaluation takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from launchopt.experiments.study.tables import (
    read_table,
    require_columns,
    require_filled,
    with_numbers,
)
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.files import LINE
from launchopt_core.offpolicy import Evaluation, Log, Policy, Promotion, Valued

PROBABILITY = "probability"
AUDIENCE = "audience"  # what the policy of a launch may depend on and still be promoted
LEVELS = 12  # a feature of numbers with more of them is a measure, not a name
MOST_LEVELS = 50  # of a name; rarer ones are taken together
MOST_CELLS = 100_000_000  # contexts x actions


@dataclass(frozen=True)
class Columns:
    """Which column of the log says what."""

    action: str
    reward: str
    propensity: str
    slot: str | None = None
    features: Sequence[str] = field(default_factory=tuple)

    @property
    def context(self) -> list[str]:
        """What a policy and a model may look at."""
        return [*([self.slot] if self.slot else []), *self.features]


def log_and_policy(rows: pl.DataFrame, policy: Path, columns: Columns) -> tuple[Log, Policy]:
    """A log at hand and a policy's file. Raises InvalidInput in one line."""
    require_filled(rows, [columns.action, *columns.context])
    rows = with_numbers(rows, [columns.reward, columns.propensity])
    _check_propensities(rows, columns.propensity)
    rules, keys = _rules(policy, columns)
    rows, rules = _alike(rows, rules, [columns.action, *keys])
    contexts = _contexts(rows, columns)
    actions = pl.concat([rows[columns.action], rules[columns.action]]).unique().sort()
    if len(contexts) * len(actions) > MOST_CELLS:
        raise InvalidInput(
            f"{len(contexts):,} contexts x {len(actions):,} actions are too many; round --features."
        )
    return (
        _log(rows, contexts, actions, columns),
        _policy(rules, contexts, actions, action=columns.action, keys=keys),
    )


def chances_of(policy: Path, columns: Columns) -> dict[str | None, dict[str, float]]:
    """Audience -> action -> probability; None where the policy is the same for everybody.

    Raises InvalidInput where it looks at anything else, which shares of variants cannot follow.
    """
    rules, keys = _rules(policy, columns)
    if set(keys) - {AUDIENCE}:
        raise InvalidInput(
            f"Only a policy that is the same for everybody, or for an {AUDIENCE}, can be promoted; "
            f"{policy} depends on {', '.join(keys)}."
        )
    whose = rules[AUDIENCE].to_list() if keys else [None] * len(rules)
    chances: dict[str | None, dict[str, float]] = {audience: {} for audience in whose}
    names = rules[columns.action].cast(pl.String).to_list()
    for audience, name, chance in zip(whose, names, rules[PROBABILITY].to_list(), strict=True):
        chances[audience][name] = chance
    return chances


def told(evaluation: Evaluation, promotion: Promotion) -> dict[str, Any]:
    """The evaluation as a report."""
    names = ("ips", "snips", "direct", "doubly_robust")
    return {
        **{name: valued(getattr(evaluation, name)) for name in names},
        "effective_sample_size": evaluation.effective_sample_size,
        "on_policy_value": evaluation.on_policy.value,
        "on_policy_interval": _interval_of(evaluation.on_policy),
        "gain": valued(evaluation.gain),
        "unseen": evaluation.unseen,
        "promotion": {"allowed": promotion.allowed, "reason": promotion.reason},
    }


def valued(found: Valued) -> dict[str, Any]:
    """An estimate as a report tells it; without an interval where no reward differs."""
    return {"value": found.value, "interval": _interval_of(found)}


def _interval_of(found: Valued) -> list[float] | None:
    """None where nothing varies: an error of zero would make certain what nobody knows."""
    low, high = found.interval
    return [low, high] if high > low else None


def _check_propensities(rows: pl.DataFrame, name: str) -> None:
    wrong = (rows[name] <= 0) | (rows[name] > 1)
    if wrong.any():
        first = wrong.arg_max() or 0
        raise InvalidInput(
            f"Column {name!r}, line {rows[LINE][first]}: a propensity lies above 0 and is at most "
            f"1, not {rows[name][first]:g}."
        )


def _rules(path: Path, columns: Columns) -> tuple[pl.DataFrame, list[str]]:
    """The policy's rows under the log's names, and the columns that they depend on."""
    rules = read_table(path)
    names = {"action": columns.action, "slot": columns.slot}
    renamed = {
        generic: own
        for generic, own in names.items()
        if own and own not in rules.columns and generic in rules.columns
    }
    rules = rules.rename(renamed)
    keys = [name for name in columns.context if name in rules.columns]
    require_columns(rules, [columns.action, PROBABILITY])
    strange = [
        name for name in rules.columns if name not in (LINE, columns.action, PROBABILITY, *keys)
    ]
    if strange:
        raise InvalidInput(
            f"{path}: column {strange[0]!r} is no action, --slot, --features or {PROBABILITY}."
        )
    require_filled(rules, [columns.action, *keys])
    rules = with_numbers(rules, [PROBABILITY])
    return rules, keys


def _alike(
    rows: pl.DataFrame, rules: pl.DataFrame, names: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Columns that hold numbers in both files compared as numbers: 1 and 1.0 are one action."""
    for name in names:
        both = [frame[name].cast(pl.Float64, strict=False) for frame in (rows, rules)]
        if not any(column.null_count() for column in both):
            rows, rules = (
                frame.with_columns(column.cast(pl.String))
                for frame, column in zip((rows, rules), both, strict=True)
            )
    return rows, rules


def _contexts(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Each distinct context once, with its number."""
    if not columns.context:
        return pl.DataFrame({"context": [0]})
    return rows.select(columns.context).unique(maintain_order=True).with_row_index("context")


def _log(rows: pl.DataFrame, contexts: pl.DataFrame, actions: pl.Series, columns: Columns) -> Log:
    numbered = rows.join(_numbered(actions, columns.action), on=columns.action, how="left")
    if columns.context:
        numbered = numbered.join(contexts, on=columns.context, how="left", maintain_order="left")
    else:
        numbered = numbered.with_columns(pl.lit(0).alias("context"))
    return Log(
        context=numbered["context"].to_numpy().astype(np.intp),
        action=numbered["action number"].to_numpy().astype(np.intp),
        reward=numbered[columns.reward].to_numpy(),
        propensity=numbered[columns.propensity].to_numpy(),
        features=_described(contexts.drop("context")),
        actions=len(actions),
    )


def _policy(
    rules: pl.DataFrame,
    contexts: pl.DataFrame,
    actions: pl.Series,
    *,
    action: str,
    keys: Sequence[str],
) -> Policy:
    twice = rules.filter(rules.select([action, *keys]).is_duplicated())
    if len(twice):
        raise InvalidInput(f"The policy names {twice[action][0]!r} twice in line {twice[LINE][1]}.")
    numbered = rules.join(_numbered(actions, action), on=action)
    how = {"on": list(keys)} if keys else {"how": "cross"}
    named = contexts.join(numbered, **how)
    probability = np.zeros((len(contexts), len(actions)))
    place = named["context"].to_numpy(), named["action number"].to_numpy()
    probability[place] = named[PROBABILITY].to_numpy()
    return Policy(probability)


def _numbered(actions: pl.Series, name: str) -> pl.DataFrame:
    return pl.DataFrame({name: actions}).with_row_index("action number")


def _described(contexts: pl.DataFrame) -> np.ndarray:
    """Contexts in numbers, (contexts, width): measures with their squares, names one by one."""
    blocks = [_measure(column) if _is_measure(column) else _names(column) for column in contexts]
    return np.concatenate([np.zeros((max(len(contexts), 1), 0)), *blocks], axis=1)


def _is_measure(column: pl.Series) -> bool:
    numbers = column.cast(pl.Float64, strict=False)
    return not numbers.null_count() and numbers.n_unique() > LEVELS


def _measure(column: pl.Series) -> np.ndarray:
    values = column.cast(pl.Float64).to_numpy()
    scaled = (values - values.mean()) / values.std()
    return np.stack([scaled, scaled**2 - 1], axis=1)


def _names(column: pl.Series) -> np.ndarray:
    common = column.value_counts(sort=True)[column.name].head(MOST_LEVELS).to_list()
    return np.stack([(column == name).to_numpy().astype(float) for name in common], axis=1)

"""A budget problem as JSON: what it may hold, and one line that names what is wrong."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, NoReturn

from launchopt_core.budget.curves import Curve, Hill, Points, Sorted
from launchopt_core.budget.problem import DIMENSIONS, Group, Place, Problem
from launchopt_core.errors import ImpossibleInput
from launchopt_core.money import decimals_of

AMOUNTS = ("floor", "ceiling", "pin", "minimum_if_used")
TOP = {"total", "currency", "cells", "groups"}
OF_CELL = {"id", "curve", *DIMENSIONS, *AMOUNTS}
OF_GROUP = {"name", "where", "floor", "ceiling"}


class InvalidProblem(ImpossibleInput):
    """A file that is no budget problem; the message names the cell or group at fault."""


def parse(text: str) -> Problem:
    """The problem that a JSON text states. Raises InvalidProblem, or InvalidAmount on solving."""
    try:
        content = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidProblem(f"The problem is no JSON: {error}.") from None
    return problem_of(content)


def problem_of(content: Any) -> Problem:
    """The problem that a JSON object states."""
    _check_keys(content, TOP, name="The problem")
    currency = content.get("currency")
    if not isinstance(currency, str):
        raise InvalidProblem("The problem needs a currency, such as 'GBP'.")
    decimals_of(currency)
    if content.get("total") is None:
        raise InvalidProblem("The problem needs a total.")
    cells, groups = (_list(content, key) for key in ("cells", "groups"))
    return Problem(
        total=_amount(content["total"], name="total"),
        currency=currency.upper(),
        places=[_place(cell, number) for number, cell in enumerate(cells, start=1)],
        groups=[_group(group, number) for number, group in enumerate(groups, start=1)],
    )


def _place(cell: Any, number: int) -> Place:
    _check_keys(cell, OF_CELL, name=f"cell {_named(cell, 'id', number)}")
    if not isinstance(cell.get("id"), (str, int)):
        raise InvalidProblem(f"cell number {number} has no id.")
    name = str(cell["id"])
    return Place(
        id=name,
        curve=_curve(cell.get("curve"), name=name),
        where={key: _label(cell[key], f"{name}.{key}") for key in DIMENSIONS if key in cell},
        **_amounts(cell, AMOUNTS, name=name),
    )


def _group(group: Any, number: int) -> Group:
    _check_keys(group, OF_GROUP, name=f"group {_named(group, 'name', number)}")
    if not isinstance(group.get("name"), (str, int)):
        raise InvalidProblem(f"group number {number} has no name.")
    name = str(group["name"])
    where = group.get("where")
    _check_keys(where, set(DIMENSIONS), name=f"{name}.where")
    return Group(
        name=name,
        where={key: _label(value, f"{name}.where.{key}") for key, value in where.items()},
        **_amounts(group, ("floor", "ceiling"), name=name),
    )


def _curve(curve: Any, *, name: str) -> Curve | Hill:
    if not isinstance(curve, Mapping):
        raise InvalidProblem(f"{name}: the curve must be an object with a kind.")
    kind = curve.get("kind")
    if not isinstance(kind, str) or kind not in CURVES:
        raise InvalidProblem(
            f"{name}: there is no curve of the kind {kind!r}; take {', '.join(CURVES)}."
        )
    try:
        return CURVES[kind](curve)
    except KeyError as error:
        raise InvalidProblem(f"{name}: a {kind} curve needs {error.args[0]}.") from None
    except ImpossibleInput as error:
        raise InvalidProblem(f"{name}: {error}") from None
    except (TypeError, ValueError):
        raise InvalidProblem(f"{name}: a {kind} curve cannot be read from that.") from None


def _hill(curve: Mapping[str, Any]) -> Hill:
    fitted_on = curve.get("spend_range")
    if fitted_on is not None:
        low, high = (float(_amount(end, name="spend_range")) for end in fitted_on)
        fitted_on = (low, high)
    scale, half, shape = (_number(curve[key], name=key) for key in ("scale", "half", "shape"))
    return Hill(scale, half, shape, fitted_on)


def _sorted(curve: Mapping[str, Any]) -> Sorted:
    chances = [_number(chance, name="a probability") for chance in curve["probabilities"]]
    return Sorted(chances, _amount(curve["cost_each"], name="cost_each"))


def _points(curve: Mapping[str, Any]) -> Points:
    return Points(
        [
            (_amount(spend, name="a point's spend"), _number(gain, name="a point's response"))
            for spend, gain in curve["points"]
        ]
    )


CURVES: dict[str, Callable[[Mapping[str, Any]], Curve | Hill]] = {
    "hill": _hill,
    "sorted": _sorted,
    "points": _points,
}


def _amounts(holder: Mapping[str, Any], rules: tuple[str, ...], *, name: str) -> dict[str, Decimal]:
    return {
        rule: _amount(holder[rule], name=f"{name}.{rule}")
        for rule in rules
        if holder.get(rule) is not None
    }


def _amount(value: Any, *, name: str) -> Decimal:
    """Money, as a string or a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise InvalidProblem(f"{name}: {value!r} is no amount of money.")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise InvalidProblem(f"{name}: {value!r} is no amount of money.") from None
    if not amount.is_finite() or amount < 0:
        raise InvalidProblem(f"{name}: {value} is no amount of 0 or more.")
    return amount


def _number(value: Any, *, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InvalidProblem(f"{name} must be a number, not {value!r}.")
    if not isfinite(number := float(value)):
        raise InvalidProblem(f"{name} must be a finite number, not {value}.")
    return number


def _label(value: Any, name: str) -> str | int:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidProblem(f"{name}: {value!r} is no text and no whole number.")
    return value


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    found = content.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidProblem(f"{key} must be a list.")
    return found


def _check_keys(holder: Any, known: set[str], *, name: str) -> None:
    if not isinstance(holder, Mapping):
        raise InvalidProblem(f"{name} must be an object.")
    if unknown := sorted(holder.keys() - known):
        raise InvalidProblem(
            f"{name} has no {unknown[0]!r}; it may have {', '.join(sorted(known))}."
        )


def _named(holder: Any, key: str, number: int) -> str:
    return str(holder[key]) if isinstance(holder, Mapping) and key in holder else f"number {number}"


def _refuse_constant(text: str) -> NoReturn:
    raise InvalidProblem(f"{text} is no number that a budget can hold.")

"""Money over channels, audiences and hours: the best split to the cent, under every constraint."""

from launchopt_core.budget.continuing import continued
from launchopt_core.budget.curves import Bends, Curve, Hill, Pieces, Points, Sorted
from launchopt_core.budget.fitting import Fitted, Rows, fit_hills
from launchopt_core.budget.hours import hours_of_customers, split_over_hours
from launchopt_core.budget.marginal import Allocation, Cell, CellKey, allocate
from launchopt_core.budget.problem import Group, Infeasible, Place, Problem
from launchopt_core.budget.reading import parse
from launchopt_core.budget.solving import Plan, beyond_data, solve

__all__ = [
    "Allocation",
    "Bends",
    "Cell",
    "CellKey",
    "Curve",
    "Fitted",
    "Group",
    "Hill",
    "Infeasible",
    "Pieces",
    "Place",
    "Plan",
    "Points",
    "Problem",
    "Rows",
    "Sorted",
    "allocate",
    "beyond_data",
    "continued",
    "fit_hills",
    "hours_of_customers",
    "parse",
    "solve",
    "split_over_hours",
]

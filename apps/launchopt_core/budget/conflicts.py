"""Why no plan exists: a set of constraints none of which could be left out of the conflict."""

from collections.abc import Sequence

from launchopt_core.budget.problem import Bound, Layout, box_of
from launchopt_core.budget.settling import cheapest_plan
from launchopt_core.budget.suspects import reduced, suspects_of

COUNTED = 200  # up to so many places whole cents and minimum spends are counted exactly


def conflict_in(layout: Layout) -> list[Bound]:
    """Constraints that contradict each other; without any one of them the rest can be kept.

    QuickXplain (Junker, 2004, Preferred explanations and relaxations for over-constrained
    problems). Gives nothing where all can be kept.
    """
    bounds = list(layout.bounds)
    if layout.count > COUNTED:
        layout, bounds = reduced(layout, suspects_of(layout))
    if is_feasible(layout, bounds):
        return []
    return _explain(layout, [], bounds, has_grown=False)


def _explain(
    layout: Layout, given: list[Bound], suspects: list[Bound], *, has_grown: bool
) -> list[Bound]:
    """The fewest suspects that contradict what is given."""
    if has_grown and not is_feasible(layout, given):
        return []
    if len(suspects) == 1:
        return suspects
    middle = len(suspects) // 2
    first, second = suspects[:middle], suspects[middle:]
    later = _explain(layout, given + first, second, has_grown=bool(first))
    earlier = _explain(layout, given + later, first, has_grown=bool(later))
    return earlier + later


def is_feasible(layout: Layout, bounds: Sequence[Bound]) -> bool:
    """Whether some plan keeps these constraints."""
    box = box_of(layout, bounds)
    if box is None:
        return False
    return cheapest_plan(box, layout.members, exact=layout.count <= COUNTED) is not None

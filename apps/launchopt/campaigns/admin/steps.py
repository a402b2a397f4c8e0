"""What can be done with a launch: one list for its page and for the actions of the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt.operations import runs

Status = Launch.Status
PLAN = "launchopt_campaigns.plan_launch"
APPROVE = "launchopt_campaigns.approve_launch"
RUN = "launchopt_campaigns.run_launch"
ADD_RUN = "launchopt_operations.add_run"


@dataclass(frozen=True)
class Step:
    """Something to do with a launch. `warning` is said before; `states` are when it makes sense."""

    name: str
    label: str
    done: str
    permission: str
    states: frozenset[str]
    warning: str
    act: Callable[[Launch, Any, datetime], object]


def _plan(launch: Launch, by: Any, now: datetime) -> object:
    return services.request_plan(launch=launch, by=by, now=now)


def _job(job: jobs.Job, arguments: Callable[[Launch], dict[str, Any]]) -> Callable[..., object]:
    def ask(launch: Launch, by: Any, now: datetime) -> object:
        return runs.request_run(
            job=job, arguments=arguments(launch), subject=f"launch:{launch.pk}", now=now, by=by
        )

    return ask


def _service(service: Callable[..., object]) -> Callable[[Launch, Any, datetime], object]:
    def act(launch: Launch, by: Any, now: datetime) -> object:
        return service(launch=launch, by=by, now=now)

    return act


def _feedback(mode: str, label: str, warning: str) -> Step:
    """Say what results may do, also while the launch runs."""

    def act(launch: Launch, by: Any, now: datetime) -> object:
        return services.set_feedback(launch=launch, mode=mode, by=by, now=now)

    open_states = frozenset({Status.APPROVED, Status.RUNNING, Status.PAUSED})
    return Step(f"feedback-{mode}", label, "Changed", RUN, open_states, warning, act)


STEPS: tuple[Step, ...] = (
    Step(
        "plan",
        "Plan",
        "The plan is being made",
        PLAN,
        frozenset({Status.DRAFT, Status.PLANNING, Status.PLANNED}),
        "Audiences, hours, money, words and the experiment are planned anew. "
        "What a person pinned, wrote or reviewed stays.",
        _plan,
    ),
    Step(
        "predict",
        "Predict interest",
        "Interest is being predicted",
        ADD_RUN,
        frozenset(Status),
        "Predicts anew who will want the product. A plan that stands does not change by it.",
        _job(jobs.SCORE_INTEREST, lambda launch: {"product_ids": [str(launch.product.pk)]}),
    ),
    Step(
        "write",
        "Write copy",
        "Copy is being written",
        "launchopt_campaigns.add_creative",
        frozenset({Status.PLANNED, Status.APPROVED, Status.RUNNING, Status.PAUSED}),
        "Drafts that nobody has reviewed are replaced; what a person wrote or reviewed stays.",
        _job(jobs.WRITE_CREATIVES, lambda launch: {"launch_id": str(launch.pk)}),
    ),
    Step(
        "approve",
        "Approve",
        "Approved",
        APPROVE,
        frozenset({Status.PLANNED}),
        "The plan and its creatives are approved as they stand; the plan cannot be edited after.",
        _service(services.approve_launch),
    ),
    Step(
        "start",
        "Start",
        "Started",
        RUN,
        frozenset({Status.APPROVED}),
        "Customers are contacted and money is spent from now on.",
        _service(services.start_launch),
    ),
    Step(
        "pause",
        "Pause",
        "Paused",
        RUN,
        frozenset({Status.RUNNING}),
        "Nothing is shown until it is resumed.",
        _service(services.pause_launch),
    ),
    Step(
        "resume",
        "Resume",
        "Resumed",
        RUN,
        frozenset({Status.PAUSED}),
        "Customers are contacted again from now on.",
        _service(services.resume_launch),
    ),
    Step(
        "finish",
        "Finish",
        "Finished",
        RUN,
        frozenset({Status.RUNNING, Status.PAUSED}),
        "The launch ends for good and its experiment with it. This cannot be undone.",
        _service(services.finish_launch),
    ),
    Step(
        "roll-up",
        "Roll up metrics",
        "Metrics are being rolled up",
        ADD_RUN,
        frozenset({Status.RUNNING, Status.PAUSED, Status.FINISHED}),
        "Counts what is new since the last time; it happens every minute by itself.",
        _job(jobs.ROLL_UP_METRICS, lambda _: {}),
    ),
    _feedback(
        Launch.Feedback.AUTO,
        "Let results act",
        "Results change the shares of variants and whom the launch speaks to by themselves. Each "
        "change is a run with its reason and can be undone.",
    ),
    _feedback(
        Launch.Feedback.PROPOSE,
        "Let results propose",
        "Results change nothing by themselves: a person accepts or declines what they speak for.",
    ),
    _feedback(
        Launch.Feedback.OFF,
        "Let results change nothing",
        "Results are only measured, and later launches learn nothing from this one.",
    ),
    Step(
        "duplicate",
        "Duplicate",
        "Duplicated as a draft",
        "launchopt_campaigns.add_launch",
        frozenset(Status),
        "A new draft on the same terms; it is planned anew.",
        _service(services.duplicate_launch),
    ),
)
BY_NAME = {step.name: step for step in STEPS}


def open_steps(launch: Launch, *, user: Any) -> list[Step]:
    """What this person can have done with this launch now."""
    is_so = f"feedback-{launch.feedback}"
    return [
        step
        for step in STEPS
        if launch.status in step.states and step.name != is_so and user.has_perm(step.permission)
    ]

"""Actions of a launch: plan, edit, approve, run, decide, confirm, pace."""

from launchopt.campaigns.services.budget_change import change_budget
from launchopt.campaigns.services.budget_proposal import propose_budget
from launchopt.campaigns.services.budgeting import lay_out_budget
from launchopt.campaigns.services.decisions import Answer, Question, decide
from launchopt.campaigns.services.duplicating import duplicate_launch
from launchopt.campaigns.services.editing import (
    change_audience,
    change_terms,
    exclude_customers,
    include_customers,
    pin_money,
    set_feedback,
    set_money,
    switch_campaign,
)
from launchopt.campaigns.services.exposures import confirm_exposures
from launchopt.campaigns.services.lifecycle import (
    approve_launch,
    finish_ended,
    finish_launch,
    pause_launch,
    resume_launch,
    start_launch,
    stop_all_launches,
)
from launchopt.campaigns.services.pacing import pace_launches
from launchopt.campaigns.services.planning import (
    Wish,
    abandon_plan,
    begin_plan,
    draft_launch,
    request_plan,
)
from launchopt.campaigns.services.worth import move_bars

__all__ = [
    "Answer",
    "Question",
    "Wish",
    "abandon_plan",
    "approve_launch",
    "begin_plan",
    "change_audience",
    "change_budget",
    "change_terms",
    "confirm_exposures",
    "decide",
    "draft_launch",
    "duplicate_launch",
    "exclude_customers",
    "finish_ended",
    "finish_launch",
    "include_customers",
    "lay_out_budget",
    "move_bars",
    "pace_launches",
    "pause_launch",
    "pin_money",
    "propose_budget",
    "request_plan",
    "resume_launch",
    "set_feedback",
    "set_money",
    "start_launch",
    "stop_all_launches",
    "switch_campaign",
]

"""The launch: what is planned, at what cost, with which words, what was decided, and why."""

from launchopt.campaigns.models.decisions import Decision, Message, Reason, Turn
from launchopt.campaigns.models.holding import BestHours, HeldMessage
from launchopt.campaigns.models.launches import Campaign, ExcludedCustomer, Launch
from launchopt.campaigns.models.money import BudgetCell, BudgetPlan, Lease, SpendEntry
from launchopt.campaigns.models.watching import AlertRule
from launchopt.campaigns.models.words import CopyUse, Creative, Placement

__all__ = [
    "AlertRule",
    "BestHours",
    "BudgetCell",
    "BudgetPlan",
    "Campaign",
    "CopyUse",
    "Creative",
    "Decision",
    "ExcludedCustomer",
    "HeldMessage",
    "Launch",
    "Lease",
    "Message",
    "Placement",
    "Reason",
    "SpendEntry",
    "Turn",
]

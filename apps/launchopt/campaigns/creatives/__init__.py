"""Creatives: the words of a launch, the proof of each claim, and the approval of a person."""

from launchopt.campaigns.creatives.facts import (
    Portrait,
    facts_in,
    facts_of,
    portraits_of,
    product_facts,
)
from launchopt.campaigns.creatives.preferences import preferences_of
from launchopt.campaigns.creatives.ranking import Expected, save_click_rates
from launchopt.campaigns.creatives.review import (
    approve_creative,
    approve_creatives,
    check_edit,
    edit_creative,
    reject_creative,
)
from launchopt.campaigns.creatives.serving import mark_stale, servable_creatives
from launchopt.campaigns.creatives.writing import Place, check_words, draft_of, save_drafts

__all__ = [
    "Expected",
    "Place",
    "Portrait",
    "approve_creative",
    "approve_creatives",
    "check_edit",
    "check_words",
    "draft_of",
    "edit_creative",
    "facts_in",
    "facts_of",
    "mark_stale",
    "portraits_of",
    "preferences_of",
    "product_facts",
    "reject_creative",
    "save_click_rates",
    "save_drafts",
    "servable_creatives",
]

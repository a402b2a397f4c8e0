"""Words that can be proved: the facts a text may state, its claims, its limits and its hash."""

from launchopt_core.claims.checking import Checked, check
from launchopt_core.claims.hashing import content_hash, facts_hash
from launchopt_core.claims.ledger import claims_in, claims_of, unsupported
from launchopt_core.claims.limits import (
    CHANNELS,
    Limits,
    Overrun,
    length_in,
    limits_of,
    overruns,
    parts_in,
    sms_limit,
    sms_text,
)
from launchopt_core.claims.manners import TONES, Manner
from launchopt_core.claims.refusals import refusals_in
from launchopt_core.claims.values import (
    EMAIL_PARTS,
    PARTS,
    Claim,
    ClaimKind,
    Draft,
    Facts,
    Refusal,
    attribute_text,
)

__all__ = [
    "CHANNELS",
    "EMAIL_PARTS",
    "PARTS",
    "TONES",
    "Checked",
    "Claim",
    "ClaimKind",
    "Draft",
    "Facts",
    "Limits",
    "Manner",
    "Overrun",
    "Refusal",
    "attribute_text",
    "check",
    "claims_in",
    "claims_of",
    "content_hash",
    "facts_hash",
    "length_in",
    "limits_of",
    "overruns",
    "parts_in",
    "refusals_in",
    "sms_limit",
    "sms_text",
    "unsupported",
]

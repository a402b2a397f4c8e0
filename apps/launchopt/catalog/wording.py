"""The shop's own rules for words, and the one check by which every text is judged."""

from __future__ import annotations

from collections.abc import Mapping

from launchopt.conf import launchopt_settings
from launchopt_core.claims import Checked, Facts, Manner, check


def check_parts(
    parts: Mapping[str, str],
    *,
    facts: Facts,
    channel: str,
    gender: str = "",
    age_band: str = "",
    is_creative: bool = True,
) -> Checked:
    """What a text claims and what of it may not be said, by the settings of the shop.

    The terms that the shop requires are required of creatives only.
    `gender` and `age_band` are those of the persona that it is written for, where they are known.
    """
    shop = launchopt_settings()
    return check(
        parts,
        facts=facts,
        channel=channel,
        forbidden=shop.forbidden_terms,
        required=shop.required_terms if is_creative else (),
        manner=Manner(
            tone=shop.tone,
            reading_level=shop.reading_level,
            allows_emojis=shop.allow_emojis,
            gender=gender,
            age_band=age_band,
        ),
    )

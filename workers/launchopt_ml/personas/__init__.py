"""What customers are like as shoppers: from declared data, and from what was done before.

Each has a portrait; those who are alike share a segment. What touches health, belief, politics,
origin or sexuality is left out of both (see `launchopt_core.sensitive`).
"""

from launchopt_ml.personas.gallery import Declared, Gallery, Likeness, Portrait, gallery
from launchopt_ml.personas.segments import TASTE, Earlier

__all__ = ["TASTE", "Declared", "Earlier", "Gallery", "Likeness", "Portrait", "gallery"]

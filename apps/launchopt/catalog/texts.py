"""The text of a product that the encoder reads, and the hash that tells whether it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def product_text(
    *, title: str, description: str, category: str, brand: str, attributes: Mapping[str, Any]
) -> str:
    """Title first, then what else is known, one fact a line.

    >>> product_text(title="Tea towel", description="", category="Kitchen", brand="",
    ...              attributes={"material": "linen"})
    'Tea towel\\nKitchen\\nmaterial: linen'
    """
    facts = [f"{name}: {value}" for name, value in sorted(attributes.items()) if value is not None]
    return "\n".join(part for part in (title, description, category, brand, *facts) if part)


def hash_of_text(text: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()

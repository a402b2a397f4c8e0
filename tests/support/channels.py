"""Channels of a shop, as the pages of docs/howto/add-a-channel.md show them, and its provider."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "add-a-channel.md"


class Provider(ModuleType):
    """Hands notifications to devices; some are unknown, and one line breaks."""

    class NoSuchDevice(Exception):
        """It said no."""

    def __init__(self) -> None:
        super().__init__("shop.provider")
        self.devices: set[str] = set()
        self.refused: set[str] = set()
        self.breaks = False
        self.pushed: list[tuple[str, str]] = []

    def is_set_up(self) -> bool:
        return True

    def known_devices(self) -> set[str]:
        return self.devices

    def push(self, customer: str, headline: str, body: str) -> None:
        if customer in self.refused:
            raise self.NoSuchDevice
        self.pushed.append((customer, headline))
        if self.breaks:
            raise ConnectionError("the line broke")


provider = Provider()
shop = ModuleType("shop")
shop.provider = provider  # type: ignore[attr-defined]


def _classes() -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": __name__}
    sys.modules["shop"] = shop
    try:
        for snippet in re.findall(r"```python\n(.*?)```", HOWTO.read_text(), re.S)[1:]:
            exec(snippet, found)
    finally:
        del sys.modules["shop"]
    return found


Push, Pins = (_classes()[name] for name in ("Push", "Pins"))

"""What the copy server used, day by day, beside what it may use."""

from __future__ import annotations

from django.contrib import admin

from launchopt.campaigns.models import CopyUse
from launchopt.conf import launchopt_settings
from launchopt.operations.adminsite import ReadOnlyAdmin


@admin.register(CopyUse)
class CopyUseAdmin(ReadOnlyAdmin):
    """Counted by the server, of all runs together; what is over a budget the phrasebook writes."""

    list_display = ["day", "tokens_read", "tokens_written", "money", "of_the_day"]

    @admin.display(description="of the day's budget")
    def of_the_day(self, use: CopyUse) -> str:
        """The larger share, of tokens or of money."""
        shop = launchopt_settings()
        tokens = (use.tokens_read + use.tokens_written) / max(shop.copy_tokens_a_day, 1)
        money = float(use.money) / shop.copy_money_a_day if shop.copy_money_a_day else 0.0
        return f"{max(tokens, money):.0%}"

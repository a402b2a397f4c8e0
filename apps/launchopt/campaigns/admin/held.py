"""Messages that wait: for whom, why, and until when."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from launchopt.campaigns.models import HeldMessage
from launchopt.operations.adminsite import ReadOnlyAdmin


@admin.register(HeldMessage)
class HeldMessageAdmin(ReadOnlyAdmin):
    """Customers whom a campaign does not write to yet."""

    list_display = ["customer", "launch", "channel", "reason", "until", "held_at", "best_hours"]
    list_display_links = None
    list_filter = ["reason", ("campaign__launch", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["customer__best_hours", "campaign__launch"]
    search_fields = ["=customer__external_id"]
    search_help_text = "The shop's own id of a customer."
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[HeldMessage]:
        """Without those that were taken up: they were sent, or are asked about again."""
        rows: QuerySet[HeldMessage] = super().get_queryset(request)
        return rows.exclude(reason="shown")

    @admin.display(description="launch", ordering="campaign__launch__name")
    def launch(self, held: HeldMessage) -> str:
        """What it is about."""
        return str(held.campaign.launch)

    @admin.display(description="channel", ordering="campaign__channel")
    def channel(self, held: HeldMessage) -> str:
        """Where it goes out."""
        return held.campaign.channel

    @admin.display(description="best hours")
    def best_hours(self, held: HeldMessage) -> str:
        """In which hours the customer is likeliest to be in the shop, on their own clock."""
        return str(getattr(held.customer, "best_hours", "not known"))

"""Shoppers and what they did. Personal data is masked."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from launchopt import jobs
from launchopt.audiences import portraits
from launchopt.audiences.models import (
    Consent,
    Customer,
    Event,
    Persona,
    RejectedEvent,
)
from launchopt.operations import runs
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia, link_to
from launchopt.operations.privacy import masked_email, masked_phone

PERSONAL = "launchopt_audiences.view_personal_data"


class ConsentInline(admin.TabularInline):  # type: ignore[type-arg]
    """What the customer agreed to."""

    model = Consent
    extra = 0
    readonly_fields = ["recorded_at", "source"]


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Shoppers. E-mail and phone are shown in the clear only to whoever may see them."""

    list_display = [
        "external_id",
        "masked_email",
        "country",
        "language",
        "is_anonymous",
        "joined_at",
    ]
    list_filter = ["is_anonymous", "country", "language"]
    search_fields = ["external_id"]
    show_full_result_count = False
    inlines = [ConsentInline]
    actions = ["make_recommendations"]
    Media = SuiteMedia

    def get_fields(self, request: HttpRequest, obj: Customer | None = None) -> list[str]:
        """With personal data masked, unless the person may see it."""
        email, phone = ("email", "phone")
        if not request.user.has_perm(PERSONAL):
            email, phone = ("masked_email", "masked_phone")
        return [
            "external_id", "is_anonymous", "merged", email, phone, "gender", "birth_year",
            "interests", "country", "time_zone", "language", "joined_at", "tastes", "history",
            "wishes",
        ]  # fmt: skip

    @admin.display(description="e-mail")
    def masked_email(self, customer: Customer) -> str:
        """Enough to recognise, not enough to write to."""
        return masked_email(customer.email) or "—"

    @admin.display(description="phone")
    def masked_phone(self, customer: Customer) -> str:
        """The last digits."""
        return masked_phone(customer.phone) or "—"

    @admin.display(description="turned out to be")
    def merged(self, customer: Customer) -> str:
        """The customer that a visitor became."""
        return link_to(customer.merged_into)

    @admin.display(description="persona")
    def tastes(self, customer: Customer) -> str:
        """What the customer is like as a shopper."""
        persona = Persona.objects.select_related("segment").filter(pk=customer.pk).first()
        if persona is None:
            return "No persona yet; it is built every night."
        return format_html("{}<br>{}", link_to(persona), portraits.membership(persona))

    @admin.display(description="latest events")
    def history(self, customer: Customer) -> str:
        """The last twenty things that happened."""
        events = customer.events.select_related("product").order_by("-occurred_at")[:20]
        rows = [
            (f"{e.occurred_at:%Y-%m-%d %H:%M}", e.get_kind_display(), e.product or "")
            for e in events
        ]
        lines = format_html_join("", "<li>{} {} {}</li>", rows)
        return format_html("<ul>{}</ul>", lines) if rows else "Nothing yet."

    @admin.display(description="recommendations")
    def wishes(self, customer: Customer) -> str:
        """The stored list, with its reasons."""
        rows = [
            (r.rank, r.product.title, r.reason)
            for r in customer.recommendations.select_related("product").order_by("rank")
        ]
        lines = format_html_join("", "<li value={}>{} — {}</li>", rows)
        return (
            format_html("<ol>{}</ol>", lines)
            if rows
            else "No list yet; popular products are shown."
        )

    @admin.action(description="Make recommendations", permissions=["view"])
    def make_recommendations(self, request: HttpRequest, rows: QuerySet[Customer]) -> None:
        """Ask for new lists for these customers."""
        if not request.user.has_perm("launchopt_operations.add_run"):
            messages.error(request, "You may not start runs; ask an operator.")
            return
        run = runs.request_run(
            job=jobs.RECOMMEND,
            arguments={"customer_ids": list(rows.values_list("pk", flat=True))},
            now=timezone.now(),
            by=request.user,
        )
        messages.success(request, link_to(run))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened, newest first."""

    list_display = ["occurred_at", "kind", "customer", "product", "quantity", "price", "currency"]
    list_filter = ["kind"]
    list_select_related = ["customer", "product"]
    search_fields = ["=customer__external_id", "=product__sku", "=order_id"]
    show_full_result_count = False


@admin.register(RejectedEvent)
class RejectedEventAdmin(ReadOnlyAdmin):
    """What could not be stored, and why."""

    list_display = ["received_at", "source", "line", "reason"]
    list_filter = ["reason"]
    fields = ["received_at", "source", "line", "reason"]

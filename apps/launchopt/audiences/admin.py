"""Shoppers, what they did and what they are likely to want. Personal data is masked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from launchopt import jobs
from launchopt.audiences.models import (
    Audience,
    AudienceMember,
    Consent,
    Customer,
    Event,
    InterestScore,
    Persona,
    Recommendation,
    RejectedEvent,
)
from launchopt.operations import runs
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia, link_to, pretty_json
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
            "country", "time_zone", "language", "joined_at", "tastes", "history", "wishes",
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
        persona = Persona.objects.filter(pk=customer.pk).first()
        return link_to(persona) if persona else "No persona yet; it is built every night."

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


@admin.register(Persona)
class PersonaAdmin(ReadOnlyAdmin):
    """What shoppers are like. Age and gender only where they declared them."""

    list_display = [
        "customer", "top_interests", "price_band", "recency", "frequency", "monetary", "age_band",
        "gender",
    ]  # fmt: skip
    list_filter = ["price_band", "recency", "frequency", "monetary", "age_band", "gender"]
    list_select_related = ["customer"]
    search_fields = ["=customer__external_id"]
    show_full_result_count = False

    @admin.display(description="interests")
    def top_interests(self, persona: Persona) -> str:
        """The strongest first."""
        return str(persona)


@admin.register(Audience)
class AudienceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Questions about customers, and how many answered them."""

    list_display = ["name", "product", "size", "built_at", "created_at"]
    list_select_related = ["product"]
    search_fields = ["name", "product__sku"]
    autocomplete_fields = ["product"]
    fields = ["name", "description", "product", "rules", "size", "built_at", "likeliest"]
    readonly_fields = ["size", "built_at", "likeliest"]
    Media = SuiteMedia

    def save_model(self, request: HttpRequest, obj: Audience, form: Any, change: bool) -> None:
        """A new audience gets its instant."""
        obj.created_at = obj.created_at or timezone.now()
        super().save_model(request, obj, form, change)

    @admin.display(description="likeliest members")
    def likeliest(self, audience: Audience) -> str:
        """The first ten by probability."""
        members = (
            AudienceMember.objects.filter(audience_id=audience.pk)
            .select_related("customer")
            .order_by("-probability")[:10]
        )
        rows = [(m.customer.external_id, f"{m.probability or 0:.1%}") for m in members]
        lines = format_html_join("", "<li>{}: {}</li>", rows)
        return format_html("<ol>{}</ol>", lines) if rows else "Nobody yet."


@admin.register(InterestScore)
class InterestScoreAdmin(ReadOnlyAdmin):
    """Who will want what, and why."""

    list_display = ["product", "rank", "customer", "chance", "as_of", "horizon_days"]
    list_select_related = ["product", "customer"]
    search_fields = ["=product__sku", "=customer__external_id"]
    ordering = ["product", "rank"]
    show_full_result_count = False
    fields = [
        "product",
        "customer",
        "chance",
        "rank",
        "as_of",
        "horizon_days",
        "model_version",
        "why",
    ]
    readonly_fields = ["chance", "why"]
    Media = SuiteMedia

    @admin.display(description="probability", ordering="probability")
    def chance(self, score: InterestScore) -> str:
        """As a percentage."""
        return f"{score.probability:.2%}"

    @admin.display(description="reasons")
    def why(self, score: InterestScore) -> str:
        """The named factors; kept for the likeliest customers."""
        if score.reasons is None:
            return "Kept for the likeliest customers only."
        return pretty_json(score.reasons)


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    """Lists for customers."""

    list_display = ["customer", "rank", "product", "source", "reason", "is_new", "as_of"]
    list_filter = ["source", "is_new"]
    list_select_related = ["customer", "product"]
    search_fields = ["=customer__external_id", "=product__sku"]
    show_full_result_count = False

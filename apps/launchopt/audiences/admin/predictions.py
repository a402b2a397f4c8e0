"""Questions about customers, and what they are likely to want."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from launchopt.audiences import portraits
from launchopt.audiences.explanations import explanation_of, request_explanations
from launchopt.audiences.models import (
    Audience,
    AudienceMember,
    InterestScore,
    Recommendation,
)
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia, link_to


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
    actions = ["explain"]
    Media = SuiteMedia

    @admin.display(description="probability", ordering="probability")
    def chance(self, score: InterestScore) -> str:
        """As a percentage."""
        return f"{score.probability:.2%}"

    @admin.display(description="why")
    def why(self, score: InterestScore) -> str:
        """The named factors as bars, and what a shopper may be told."""
        return portraits.reasons_picture(explanation_of(score))

    @admin.action(description="Explain these scores", permissions=["view"])
    def explain(self, request: HttpRequest, rows: QuerySet[InterestScore]) -> None:
        """Ask for the reasons of those that have none."""
        if not request.user.has_perm("launchopt_operations.add_run"):
            messages.error(request, "You may not start runs; ask an operator.")
            return
        scores = rows.select_related("product")
        asked = request_explanations(scores, now=timezone.now(), by=request.user)
        for run in asked:
            messages.success(request, format_html("Reasons are being found: {}", link_to(run)))
        if not asked:
            messages.info(request, "Their reasons are stored already; open a score to see them.")


class DrawnByChance(admin.EmptyFieldListFilter):
    """Entries that chance put in a list, whose propensity is known, or that their score did."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "how it came in"

    def choices(self, changelist: Any) -> Any:
        """In words instead of empty or not."""
        words = ("All", "by its score", "by chance, with a propensity")
        for label, choice in zip(words, super().choices(changelist), strict=True):
            yield choice | {"display": label}


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    """Lists for customers."""

    list_display = [
        "customer", "rank", "product", "source", "propensity_told", "reason", "is_new", "as_of",
    ]  # fmt: skip
    list_filter = ["source", ("propensity", DrawnByChance), "is_new"]
    list_select_related = ["customer", "product"]
    search_fields = ["=customer__external_id", "=product__sku"]
    show_full_result_count = False

    @admin.display(description="propensity", ordering="propensity")
    def propensity_told(self, entry: Recommendation) -> str:
        """How likely chance was to put it here."""
        return "–" if entry.propensity is None else f"{entry.propensity:.1%}"

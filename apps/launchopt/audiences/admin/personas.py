"""What shoppers are like, and the kinds they fall into."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from launchopt.audiences import portraits
from launchopt.audiences.models import (
    Persona,
    Segment,
)
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia


@admin.register(Persona)
class PersonaAdmin(ReadOnlyAdmin):
    """What shoppers are like. Age and gender only where they declared them."""

    list_display = [
        "customer", "segment", "sure", "top_interests", "price_band", "recency", "frequency",
        "monetary", "age_band", "gender",
    ]  # fmt: skip
    list_filter = [
        "segment", "is_declared", "price_band", "recency", "frequency", "monetary", "age_band",
        "gender",
    ]  # fmt: skip
    list_select_related = ["customer", "segment"]
    search_fields = ["=customer__external_id"]
    show_full_result_count = False
    fields = [
        "customer", "membership", "liking", "price_band", "shopping", "hours", "age_band",
        "gender", "as_of",
    ]  # fmt: skip
    readonly_fields = ["membership", "liking", "shopping", "hours"]
    Media = SuiteMedia

    @admin.display(description="interests")
    def top_interests(self, persona: Persona) -> str:
        """The strongest first."""
        return str(persona)

    @admin.display(description="confidence", ordering="confidence")
    def sure(self, persona: Persona) -> str:
        """As a percentage; a dash without a segment."""
        return f"{persona.confidence:.0%}" if persona.segment_id else "—"

    @admin.display(description="segment")
    def membership(self, persona: Persona) -> str:
        """The segment, how sure that is, and where it comes from."""
        return portraits.membership(persona)

    @admin.display(description="interests")
    def liking(self, persona: Persona) -> str:
        """As bars."""
        return portraits.terms_picture(persona.interests, title="Interests")

    @admin.display(description="as a shopper")
    def shopping(self, persona: Persona) -> str:
        """The classes in words."""
        return portraits.classes_in_words(persona)

    @admin.display(description="active hours, % of activity")
    def hours(self, persona: Persona) -> str:
        """As columns."""
        return portraits.hours_picture(persona.active_hours)


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    """Kinds of shoppers, found in what customers like and how they buy."""

    list_display = ["name", "size", "strongest", "as_of", "retired_at"]
    list_filter = [("retired_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    fields = [
        "name", "size", "terms_drawn", "prices", "habits", "hours", "typical", "found_at", "as_of",
        "retired_at", "space",
    ]  # fmt: skip
    readonly_fields = ["terms_drawn", "prices", "habits", "hours", "typical"]
    Media = SuiteMedia

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; where it is empty, why."""
        if not Segment.objects.exists():
            messages.info(request, portraits.NO_SEGMENTS)
        return super().changelist_view(request, extra_context)

    @admin.display(description="key terms")
    def strongest(self, segment: Segment) -> str:
        """In one line."""
        return ", ".join(dict.fromkeys(term["name"] for term in segment.terms))

    @admin.display(description="key terms")
    def terms_drawn(self, segment: Segment) -> str:
        """As bars."""
        return portraits.terms_picture(segment.terms, title="Key terms")

    @admin.display(description="price band")
    def prices(self, segment: Segment) -> str:
        """As bars."""
        return portraits.prices_picture(segment)

    @admin.display(description="how they shop")
    def habits(self, segment: Segment) -> str:
        """As bars."""
        return portraits.habits(segment)

    @admin.display(description="active hours, % of activity")
    def hours(self, segment: Segment) -> str:
        """As columns."""
        return portraits.hours_picture(segment.active_hours)

    @admin.display(description="typical customers")
    def typical(self, segment: Segment) -> str:
        """With links."""
        return portraits.examples_of(segment)

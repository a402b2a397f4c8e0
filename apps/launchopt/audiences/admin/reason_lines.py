"""Lines of reasons: read as a shopper would, edited under the same check, set back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from launchopt.audiences import reason_lines
from launchopt.audiences.models import ReasonLine
from launchopt.operations.adminsite import SuiteMedia, for_each
from launchopt.operations.errors import LaunchOptError
from launchopt_core.reasons import filled_line


class ReasonLineForm(forms.ModelForm):  # type: ignore[type-arg]
    """Words that the service would refuse are refused here, with the span."""

    class Meta:
        model = ReasonLine
        fields = ("text",)
        widgets = {"text": forms.TextInput(attrs={"style": "width: 100%; max-width: 45rem"})}

    def clean(self) -> dict[str, Any]:
        """Check the words as the service will."""
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            reason_lines.check_line_edit(line=self.instance, text=cleaned.get("text", ""))
        except LaunchOptError as error:
            self.add_error(None, error.detail)
        return cleaned


@admin.register(ReasonLine)
class ReasonLineAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Why a product stands in a list, told to its shopper."""

    form = ReasonLineForm
    list_display = ["reads", "rests_on", "language", "writer", "written_at"]
    list_filter = ["language", "writer"]
    actions = ["reset"]
    readonly_fields = ["reads", "rests_on", "language", "writer", "fallback_reason", "written_at"]
    fields = ["text", *readonly_fields]
    Media = SuiteMedia

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Every kind of reason has its line."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ReasonLine | None = None) -> bool:
        """What should not be told is worded otherwise, or as the phrasebook does."""
        return False

    @admin.display(description="reads as", ordering="text")
    def reads(self, line: ReasonLine) -> str:
        """As a shopper might read it."""
        return filled_line(line.text, language=line.language)

    @admin.display(description="rests on", ordering="kind")
    def rests_on(self, line: ReasonLine) -> str:
        """The kind of reason in words."""
        return line.kind.replace("_", " ")

    def save_model(self, request: HttpRequest, obj: ReasonLine, form: Any, change: bool) -> None:
        """Edit through the service, which checks the words again."""
        before = ReasonLine.objects.get(pk=obj.pk)
        text = form.cleaned_data["text"]
        reason_lines.edit_line(line=before, text=text, by=request.user, now=timezone.now())

    @admin.action(description="Word as the phrasebook does", permissions=["change"])
    def reset(self, request: HttpRequest, rows: QuerySet[ReasonLine]) -> None:
        """Take back what a person or a model made of them."""
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: reason_lines.reset_line(line=row, by=by, now=now),
            done="Worded as the phrasebook does",
        )

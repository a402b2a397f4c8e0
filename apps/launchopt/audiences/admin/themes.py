"""Themes of lists: read, edited under the same check, withdrawn, written anew."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from launchopt import jobs
from launchopt.audiences import themes
from launchopt.audiences.models import ListTheme
from launchopt.operations.adminsite import SuiteMedia, for_each, link_to
from launchopt.operations.errors import LaunchOptError
from launchopt.operations.runs import request_run


class ListThemeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Words that the service would refuse are refused here, with the span."""

    class Meta:
        model = ListTheme
        fields = ("title", "reason")
        widgets = {
            name: forms.TextInput(attrs={"style": "width: 100%; max-width: 45rem"})
            for name in ("title", "reason")
        }

    def clean(self) -> dict[str, Any]:
        """Check the words as the service will."""
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            themes.check_theme_edit(
                theme=self.instance,
                title=cleaned.get("title", ""),
                reason=cleaned.get("reason", ""),
            )
        except LaunchOptError as error:
            self.add_error(None, error.detail)
        return cleaned


@admin.register(ListTheme)
class ListThemeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What stands over the products of a category in a customer's list."""

    form = ListThemeForm
    list_display = ["title", "reason", "category", "language", "writer", "shown"]
    list_filter = ["language", "writer", "is_withdrawn"]
    list_select_related = ["category"]
    search_fields = ["title", "category__name"]
    actions = ["withdraw", "show_again", "write_missing"]
    readonly_fields = ["category", "language", "writer", "fallback_reason", "shown", "written_at"]
    fields = ["title", "reason", *readonly_fields]
    Media = SuiteMedia

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Themes are written for the categories that have products."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ListTheme | None = None) -> bool:
        """What should not be shown is withdrawn."""
        return False

    @admin.display(description="shown", boolean=True)
    def shown(self, theme: ListTheme) -> bool:
        """Whether lists tell it now."""
        return (theme.category_id, theme.language) in themes.themes_shown()

    def save_model(self, request: HttpRequest, obj: ListTheme, form: Any, change: bool) -> None:
        """Edit through the service, which checks the words again."""
        before = ListTheme.objects.select_related("category").get(pk=obj.pk)
        words = {name: form.cleaned_data[name] for name in ("title", "reason")}
        themes.edit_theme(theme=before, by=request.user, now=timezone.now(), **words)

    @admin.action(description="Withdraw from lists", permissions=["change"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[ListTheme]) -> None:
        """Show them no longer."""
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: themes.withdraw_theme(theme=row, by=by, now=now),
            done="Withdrawn",
        )

    @admin.action(description="Show in lists again", permissions=["change"])
    def show_again(self, request: HttpRequest, rows: QuerySet[ListTheme]) -> None:
        """Take the withdrawal back."""
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: themes.withdraw_theme(theme=row, by=by, now=now, withdrawn=False),
            done="Shown again",
        )

    @admin.action(description="Write what is missing or outdated now", permissions=["view"])
    def write_missing(self, request: HttpRequest, rows: QuerySet[ListTheme]) -> None:
        """Ask for what is done every night anyway."""
        if not request.user.has_perm("launchopt_operations.add_run"):
            messages.error(request, "You may not start runs; ask an operator.")
            return
        run = request_run(job=jobs.WRITE_THEMES, arguments={}, now=timezone.now(), by=request.user)
        messages.success(request, format_html("Themes are being written: {}", link_to(run)))

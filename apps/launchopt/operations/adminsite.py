"""What the admin pages of the suite share: logs, JSON for people, links, confirmations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from launchopt.operations.errors import LaunchOptError
from launchopt.operations.models import Run


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A log: looked at, never written by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


class OperatorActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """Actions stay open to whoever may change the rows, on pages that nobody edits by hand."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the person may act on these rows."""
        options = self.opts
        return request.user.has_perm(f"{options.app_label}.change_{options.model_name}")


class SuiteMedia:
    """The styles and the script that every page of the suite may use."""

    css = {"all": ["launchopt/admin.css"]}
    js = ["launchopt/progress.js"]


def change_url(row: Model) -> str:
    """The address of a row's page in the admin."""
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])


def link_to(row: Model | None) -> str | SafeString:
    """A link to a row's page, or a dash."""
    return format_html('<a href="{}">{}</a>', change_url(row), row) if row else "—"


def pretty_json(value: Any) -> SafeString:
    """JSON as a person reads it, escaped."""
    words = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre class="launchopt-json">{}</pre>', words)


def progress_bar(run: Run, *, reload: bool = False) -> SafeString:
    """A run's progress. While it is open the bar moves by itself."""
    address = reverse("admin:launchopt_operations_run_progress", args=[run.pk])
    attributes = format_html(' data-progress-url="{}"', address) if run.is_open else ""
    return format_html(
        '<span><progress class="launchopt" max="100" value="{}"{}{}>{} %</progress>'
        '<span class="launchopt-words" data-progress-words>{}</span></span>',
        run.percent,
        attributes,
        " data-reload" if reload else "",
        run.percent,
        progress_words(run),
    )


def progress_words(run: Run) -> str:
    """The state of a run in a few words."""
    counted = f"{run.done} of {run.total}" if run.total and run.is_open else ""
    said = run.error or run.step or run.message
    return " · ".join(part for part in (run.get_state_display(), counted, said) if part)[:200]


def tell_errors(request: HttpRequest, action: Callable[[], str]) -> None:
    """Do something and say what came of it; an error of the suite becomes a message, not a 500."""
    try:
        messages.success(request, action())
    except LaunchOptError as error:
        messages.error(request, error.detail)


def for_each(
    request: HttpRequest, rows: QuerySet[Any], action: Callable[[Any], object], *, done: str
) -> None:
    """Apply a service to each row: how many it was done for, and each refusal with its reason."""
    count = 0
    for row in rows:
        try:
            action(row)
            count += 1
        except LaunchOptError as error:
            messages.error(request, f"{row}: {error.detail}")
    if count:
        messages.success(request, f"{done}: {count}.")


def needs_confirmation(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    action: str,
    title: str,
    warning: str,
) -> HttpResponse | None:
    """The page that asks first; None once the person has said yes."""
    if request.POST.get("confirmed"):
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "warning": warning,
        "rows": rows,
        "action": action,
        "opts": model_admin.model._meta,
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/launchopt_operations/confirm.html", context)


def table_of(columns: tuple[str, ...], rows: Iterable[Any], *, empty: str) -> SafeString | str:
    """Rows as a table, escaped; words of its own where there are none."""
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((c,) for c in r)),) for r in rows)
    )
    if not body:
        return empty
    head = format_html_join("", "<th>{}</th>", ((column,) for column in columns))
    return format_html("<table><tr>{}</tr>{}</table>", head, body)

"""Runs, models, alerts, the audit trail and API keys, as the operator sees them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from launchopt import jobs
from launchopt.operations import runs, services
from launchopt.operations.adminsite import (
    OperatorActions,
    ReadOnlyAdmin,
    SuiteMedia,
    for_each,
    needs_confirmation,
    pretty_json,
    progress_bar,
    progress_words,
)
from launchopt.operations.alert_admin import AlertAdmin
from launchopt.operations.model_admin import ModelVersionAdmin
from launchopt.operations.models import ApiKey, AuditEntry, Run
from launchopt.operations.webhook_admin import WebhookDeliveryAdmin, WebhookEndpointAdmin

__all__ = [
    "AlertAdmin",
    "ModelVersionAdmin",
    "RunAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]


STARTABLE = (
    jobs.TRAIN_INTEREST,
    jobs.SEARCH_INTEREST,
    jobs.TRAIN_UPLIFT,
    jobs.SCORE_NEW_PRODUCTS,
    jobs.BUILD_PERSONAS,
    jobs.RECOMMEND,
    jobs.WATCH_DRIFT,
    jobs.ROLL_UP_METRICS,
    jobs.CREATE_PARTITIONS,
)


class RunForm(forms.ModelForm):  # type: ignore[type-arg]
    """Work over the whole shop that a person may start; the rest starts where it belongs."""

    job = forms.ChoiceField(
        choices=[(job.name, job.title) for job in STARTABLE],
        label="Work",
        help_text="It does the same as its schedule, now.",
    )

    class Meta:
        model = Run
        fields = ["job"]


@admin.register(Run)
class RunAdmin(OperatorActions, ReadOnlyAdmin):
    """Long work and how far it is."""

    form = RunForm

    list_display = ["title", "subject", "bar", "attempt", "requested_by", "created_at"]
    list_filter = ["state", "job"]
    list_select_related = ["requested_by"]
    search_fields = ["subject", "job"]
    date_hierarchy = "created_at"
    actions = ["cancel", "retry"]
    fields = [
        "title", "subject", "bar", "step", "message", "error", "outcome", "asked", "steps_done",
        "attempt", "requested_by", "created_at", "started_at", "heartbeat_at", "finished_at",
    ]  # fmt: skip
    Media = SuiteMedia

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may start runs."""
        return request.user.has_perm("launchopt_operations.add_run")

    def get_fields(self, request: HttpRequest, obj: Run | None = None) -> list[str]:
        """A new run is a choice of work."""
        return self.fields if obj else ["job"]

    def get_readonly_fields(self, request: HttpRequest, obj: Run | None = None) -> list[str]:
        """A run that stands is only looked at."""
        return self.fields if obj else []

    def save_model(self, request: HttpRequest, obj: Run, form: Any, change: bool) -> None:
        """Ask for the run; one of the same work that is open is shown instead."""
        job = jobs.ALL[form.cleaned_data["job"]]
        run = runs.request_run(job=job, arguments={}, now=timezone.now(), by=request.user)
        obj.pk, obj.created_at = run.pk, run.created_at
        obj.refresh_from_db()

    def get_urls(self) -> list[URLPattern]:
        """The bars ask here how far the run is."""
        view = self.admin_site.admin_view(self.progress)
        name = "launchopt_operations_run_progress"
        return [path("<uuid:pk>/progress/", view, name=name), *super().get_urls()]

    def progress(self, request: HttpRequest, pk: Any) -> JsonResponse:
        """How far one run is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = Run.objects.filter(pk=pk).first()
        if run is None:
            raise Http404
        return JsonResponse(
            {"percent": run.percent, "words": progress_words(run), "is_open": run.is_open}
        )

    @admin.display(description="work", ordering="job")
    def title(self, run: Run) -> str:
        """What a person calls the job."""
        job = jobs.ALL.get(run.job)
        return job.title if job else run.job

    @admin.display(description="progress", ordering="state")
    def bar(self, run: Run) -> str:
        """Moves while the run is open."""
        return progress_bar(run)

    @admin.display(description="result")
    def outcome(self, run: Run) -> str:
        """What came out."""
        return pretty_json(run.result)

    @admin.display(description="arguments")
    def asked(self, run: Run) -> str:
        """What it was asked for."""
        return pretty_json(run.arguments)

    @admin.display(description="finished steps")
    def steps_done(self, run: Run) -> str:
        """Not repeated when the run is tried again."""
        return ", ".join(step.name for step in run.steps.all()) or "none"

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Run]) -> None:
        """Stop runs."""
        now = timezone.now()
        for_each(request, rows, lambda r: runs.cancel_run(run=r, now=now), done="Cancelled")

    @admin.action(description="Try again", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[Run]) -> None:
        """Send failed runs again; finished steps are not repeated."""
        now = timezone.now()
        for_each(request, rows, lambda r: runs.retry_run(run=r, now=now), done="Sent again")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to what."""

    list_display = ["at", "actor", "action", "subject", "note"]
    list_filter = ["action"]
    search_fields = ["subject", "actor"]
    date_hierarchy = "at"


@admin.register(ApiKey)
class ApiKeyAdmin(OperatorActions):
    """Programs that may call. A key is shown once, when it is made."""

    list_display = ["name", "prefix", "group", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["group"]
    fields = ["name", "group"]
    actions = ["revoke"]
    Media = SuiteMedia

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A key is made and revoked, never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Revoked keys stay, so that the audit trail keeps its names."""
        return False

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only the shipped groups may have keys."""
        if field.name == "group":
            names = services.KEY_GROUPS
            kwargs["queryset"] = field.related_model.objects.filter(name__in=names)
        return super().formfield_for_foreignkey(field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show it once."""
        key = services.create_api_key(
            name=obj.name, group=obj.group.name, now=timezone.now(), by=request.user
        )
        obj.pk = ApiKey.objects.get(name=obj.name).pk
        words = "Copy the key now; it is not shown again:"
        messages.warning(request, format_html('{}<div class="launchopt-key">{}</div>', words, key))

    def response_add(self, request: HttpRequest, obj: Any, *_: Any, **__: Any) -> HttpResponse:
        """Back to the list, where the key stands in the message."""
        return redirect(reverse("admin:launchopt_operations_apikey_changelist"))

    @admin.action(description="Revoke", permissions=["operate"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> HttpResponse | None:
        """Refuse keys from now on."""
        page = needs_confirmation(
            self,
            request,
            rows,
            action="revoke",
            title="Revoke API keys",
            warning="Programs that use these keys are refused at once. This cannot be undone.",
        )
        if page is None:
            now = timezone.now()
            for_each(
                request,
                rows,
                lambda key: services.revoke_api_key(key=key, now=now, by=request.user),
                done="Revoked",
            )
        return page

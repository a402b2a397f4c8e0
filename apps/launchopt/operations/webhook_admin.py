"""Webhooks in the admin: who is told of what, and what became of each telling."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from launchopt.operations.adminsite import (
    OperatorActions,
    ReadOnlyAdmin,
    SuiteMedia,
    change_url,
    for_each,
    link_to,
    pretty_json,
    table_of,
    tell_errors,
)
from launchopt.operations.errors import LaunchOptError
from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.privacy import masked_text
from launchopt.operations.webhooks import endpoints
from launchopt.operations.webhooks.events import EVENTS

PERSONAL = "launchopt_audiences.view_personal_data"
LATEST = 10  # deliveries on an endpoint's page
FIELDS = ("name", "url", "events", "is_active")


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An endpoint, refused where its address may not be asked."""

    url = forms.URLField(
        max_length=500,
        assume_scheme="https",
        label="Address",
        widget=admin.widgets.AdminURLFieldWidget(attrs={"size": 80}),
        help_text=WebhookEndpoint._meta.get_field("url").help_text,
    )
    events = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {words}") for name, words in EVENTS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="What it is told of. The secret that signs it is shown once, after saving.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = FIELDS

    def clean(self) -> dict[str, Any]:
        """Ask the service before anything is saved."""
        given = super().clean() or {}
        if not self.errors:
            known = None if self.instance._state.adding else self.instance
            try:
                endpoints.check_endpoint(
                    name=given["name"], url=given["url"], events=given["events"], known=known
                )
            except LaunchOptError as error:
                pointed = error.errors[0].pointer.lstrip("/") if error.errors else None
                self.add_error(pointed, error.detail)
        return given


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(OperatorActions):
    """Other systems that are told of events, signed. A secret is shown once, when it is made."""

    form = EndpointForm
    change_form_template = "admin/launchopt_operations/webhook_change_form.html"
    list_display = ["name", "url", "asked_for", "is_active", "state"]
    list_filter = ["is_active"]
    readonly_fields = ["state", "latest"]
    actions = ["test", "replace_secret"]
    Media = SuiteMedia

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An endpoint is switched off; what it was told stays to be looked at."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one is on, and has no past."""
        if obj is None:
            return [(None, {"fields": FIELDS[:3]})]
        return [(None, {"fields": FIELDS}), ("Deliveries", {"fields": ("state", "latest")})]

    @admin.display(description="events")
    def asked_for(self, endpoint: WebhookEndpoint) -> str:
        """What it is told of."""
        return ", ".join(endpoint.events)

    @admin.display(description="how it is")
    def state(self, endpoint: WebhookEndpoint) -> str:
        """Whether what is sent arrives."""
        if not endpoint.is_active:
            return f"switched off. {endpoint.switched_off}".strip()
        if endpoint.failing_since:
            return f"nothing has arrived since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC"
        return "well"

    @admin.display(description="latest")
    def latest(self, endpoint: WebhookEndpoint) -> SafeString | str:
        """Its last deliveries; the list of all has the others."""
        rows = [
            (link_to(row), row.created_at.strftime("%Y-%m-%d %H:%M"), told_of(row), row.error)
            for row in endpoint.deliveries.select_related("endpoint")[:LATEST]
        ]
        columns = ("Event", "Written (UTC)", "State", "Last error")
        return table_of(columns, rows, empty="Nothing yet: send a test to see whether it listens.")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """By the service; the secret of a new one stands in the message."""
        given = {name: form.cleaned_data[name] for name in FIELDS if name in form.cleaned_data}
        now, by = timezone.now(), request.user
        if change:
            endpoints.change_endpoint(endpoint=obj, changes=given, now=now, by=by)
            return
        new = endpoints.create_endpoint(**given, now=now, by=by)
        obj.pk, obj.created_at = new.pk, new.created_at
        show_secret(request, new.secret)

    def response_change(self, request: HttpRequest, obj: WebhookEndpoint) -> HttpResponse:
        """The page's own buttons act on what was just saved."""
        for name, act in (("_test", send_test), ("_secret", replace_secret)):
            if name in request.POST:
                act(request, obj)
                return redirect(change_url(obj))
        return super().response_change(request, obj)

    @admin.action(description="Send a test", permissions=["operate"])
    def test(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        """Put a test event into the outbox of each."""
        for row in rows:
            send_test(request, row)

    @admin.action(description="Make a new secret", permissions=["operate"])
    def replace_secret(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        """Show a new secret of each; the one before signs too for a day."""
        for row in rows:
            replace_secret(request, row)


def send_test(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    """Put a test event into its outbox, and say where to look."""

    def act() -> str:
        endpoints.send_test(endpoint=endpoint, now=timezone.now(), by=request.user)
        return f"A test is on its way to {endpoint}; its page shows what comes of it."

    tell_errors(request, act)


def replace_secret(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    """Make a new secret and show it once."""
    secret = endpoints.replace_secret(endpoint=endpoint, now=timezone.now(), by=request.user)
    show_secret(request, secret)


def show_secret(request: HttpRequest, secret: str) -> None:
    """In a message that is gone with the next page."""
    words = "Copy the secret now; it is not shown again:"
    messages.warning(request, format_html('{}<div class="launchopt-key">{}</div>', words, secret))


def told_of(delivery: WebhookDelivery) -> str:
    """The state of a delivery in a few words."""
    if delivery.state != WebhookDelivery.State.WAITING or not delivery.attempts:
        return str(delivery.get_state_display())
    return f"tried {delivery.attempts} times, next at {delivery.next_attempt_at:%H:%M:%S}"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(OperatorActions, ReadOnlyAdmin):
    """Every event that was told, or waits to be."""

    list_display = [
        "event", "endpoint", "state", "tries", "next_attempt", "answer", "error", "created_at",
    ]  # fmt: skip
    list_filter = ["state", "event", ("endpoint", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["endpoint"]
    search_fields = ["=id", "=key"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ["resend"]
    Media = SuiteMedia

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """In the clear only for whoever may see personal data."""
        sent, answered = "sent", "response_start"
        if not request.user.has_perm(PERSONAL):
            sent, answered = "masked_sent", "masked_answer"
        return [
            "id", "event", "endpoint", "state", "attempts", "next_attempt", "expires_at", sent,
            "response_status", answered, "error", "is_doubtful", "created_at", "finished_at",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All of it is only looked at."""
        return self.get_fields(request, obj)

    @admin.display(description="tries", ordering="attempts")
    def tries(self, delivery: WebhookDelivery) -> int:
        """How often it was tried."""
        return delivery.attempts

    @admin.display(description="answer", ordering="response_status")
    def answer(self, delivery: WebhookDelivery) -> int | None:
        """The status that came back last."""
        return delivery.response_status

    @admin.display(description="next attempt", ordering="next_attempt_at")
    def next_attempt(self, delivery: WebhookDelivery) -> Any:
        """When it is tried next, if ever."""
        is_waiting = delivery.state == WebhookDelivery.State.WAITING
        return delivery.next_attempt_at if is_waiting else None

    @admin.display(description="sent")
    def sent(self, delivery: WebhookDelivery) -> SafeString:
        """What is sent, laid out for a person."""
        return pretty_json(json.loads(delivery.body))

    @admin.display(description="sent")
    def masked_sent(self, delivery: WebhookDelivery) -> SafeString:
        """What is sent, without addresses and numbers of people."""
        return format_html('<pre class="launchopt-json">{}</pre>', masked_text(delivery.body))

    @admin.display(description="answer")
    def masked_answer(self, delivery: WebhookDelivery) -> str:
        """How the answer began, without addresses and numbers of people."""
        return masked_text(delivery.response_start) or "—"

    @admin.action(description="Send again", permissions=["operate"])
    def resend(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        """Send what has arrived or was given up again, under its old id."""
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows.select_related("endpoint"),
            lambda row: endpoints.resend(delivery=row, now=now, by=by),
            done="On their way again",
        )

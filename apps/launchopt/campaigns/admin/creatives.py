"""The review queue of creatives: what each looks like in its channel, and its claims with proof."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from launchopt.campaigns import creatives
from launchopt.campaigns.admin.previews import (
    click_rate_words,
    faults_in,
    ledger_of,
    preview_of,
)
from launchopt.campaigns.admin.review import ReviewQueue
from launchopt.campaigns.mailing import send_test
from launchopt.campaigns.models import Creative
from launchopt.campaigns.selectors.approvers import APPROVE
from launchopt.operations.adminsite import SuiteMedia, for_each
from launchopt.operations.errors import LaunchOptError
from launchopt_core.claims import (
    EMAIL_PARTS,
    PARTS,
    limits_of,
    parts_in,
)

WIDE = "box-sizing: border-box; width: 100%; max-width: 45rem"
REJECT = "admin/launchopt_campaigns/reject_creatives.html"


class CreativeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a creative, refused where its channel or its launch would refuse them."""

    class Meta:
        model = Creative
        fields = (*PARTS, *EMAIL_PARTS)
        widgets = {
            "headline": forms.TextInput(attrs={"style": WIDE}),
            "alt_text": forms.TextInput(attrs={"style": WIDE}),
            "subject": forms.TextInput(attrs={"style": WIDE}),
            "preheader": forms.TextInput(attrs={"style": WIDE}),
            "body": forms.Textarea(attrs={"rows": 4, "style": WIDE}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in parts_in(self.instance.channel):
            if part in self.fields:
                self.fields[part].help_text = limit_words(self.instance.channel, part)

    def clean(self) -> dict[str, Any]:
        """Check the words as the service will."""
        cleaned: dict[str, Any] = super().clean() or {}
        parts = parts_in(self.instance.channel)
        words = {part: cleaned[part] for part in parts if part in cleaned}
        try:
            creatives.check_edit(creative=Creative.objects.get(pk=self.instance.pk), **words)
        except LaunchOptError as error:
            for fault in error.errors:
                self.add_error(fault.pointer.strip("/"), fault.detail)
            if not error.errors:
                self.add_error(None, error.detail)
        return cleaned


@admin.register(Creative)
class CreativeAdmin(ReviewQueue):
    """Words that wait for a person. Editing them drops their approval."""

    form = CreativeForm
    change_list_template = "admin/launchopt_campaigns/creative_change_list.html"
    list_display = ["words", "place", "status", "proof", "outlook", "reviewed_by"]
    list_filter = [
        "status",
        "channel",
        "language",
        ("launch", admin.RelatedOnlyFieldListFilter),
        ("segment", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["audience", "launch", "segment"]
    search_fields = ["headline", "body"]
    actions = ["approve", "reject", "send_test", "export_preferences"]
    about = [
        "launch", "audience", "segment", "channel", "variant", "language", "writer",
        "edited_by", "fallback_reason", "outlook",
    ]  # fmt: skip
    verdict = ["status", "reviewed_by", "reviewed_at", "rejection_reason", "content_hash"]
    readonly_fields = ["preview", "ledger", *about, *verdict]
    Media = SuiteMedia

    def get_fieldsets(self, request: HttpRequest, obj: Creative | None = None) -> Any:
        """The words are those that its channel has."""
        return [
            (None, {"fields": ("preview", "ledger")}),
            ("Words", {"fields": list(parts_in(obj.channel if obj else ""))}),
            ("For whom", {"fields": self.about}),
            ("Review", {"fields": self.verdict}),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Creatives are written for a launch; a person edits them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Creative | None = None) -> bool:
        """What was shown is kept; what should not be shown is rejected."""
        return False

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Whether the person may approve and reject."""
        return request.user.has_perm(APPROVE)

    @admin.action(description="Send me a test by e-mail", permissions=["change"])
    def send_test(self, request: HttpRequest, rows: QuerySet[Creative]) -> None:
        """The words as customers would get them, to the person's own address."""
        for_each(
            request,
            rows.select_related("launch__product"),
            lambda row: send_test(row, to=getattr(request.user, "email", "")),
            done="Sent to your own address",
        )

    @admin.action(description="Export what was preferred in their launches", permissions=["view"])
    def export_preferences(
        self, request: HttpRequest, rows: QuerySet[Creative]
    ) -> HttpResponse | None:
        """Pairs of approved words and those that were changed or rejected, as JSON Lines."""
        launches = rows.order_by().values_list("launch", flat=True).distinct()
        preferences = creatives.preferences_of(launches=launches)
        if not preferences.pairs:
            messages.info(
                request, "No pair yet: it takes approved words, and others edited or rejected."
            )
            return None
        answer = HttpResponse(preferences.as_lines(), content_type="application/jsonl")
        answer["Content-Disposition"] = 'attachment; filename="preferences.jsonl"'
        return answer

    @admin.display(description="words", ordering="headline")
    def words(self, creative: Creative) -> SafeString:
        """What a reviewer reads first."""
        return format_html("{}<br><small>{}</small>", creative.headline, creative.body)

    @admin.display(description="for", ordering="channel")
    def place(self, creative: Creative) -> str:
        """The audience, channel and variant that it is for."""
        whom = f"{creative.audience}" + (f" ({creative.segment})" if creative.segment else "")
        return f"{creative.channel}: {whom}, variant {creative.variant}, {creative.language}"

    @admin.display(description="claims")
    def proof(self, creative: Creative) -> str:
        """How many claims nothing proves, and how many spans are refused."""
        return faults_in(creative) or "all proved"

    @admin.display(description="expected click rate", ordering="click_rate")
    def outlook(self, creative: Creative) -> str:
        """What its words let expect, with how sure that is."""
        return click_rate_words(creative)

    @admin.display(description="as it will look")
    def preview(self, creative: Creative) -> SafeString:
        """The creative as its channel shows it."""
        return preview_of(creative)

    @admin.display(description="claims and their proof")
    def ledger(self, creative: Creative) -> SafeString:
        """Each claim in the words with the fact behind it, and each span that is refused."""
        return ledger_of(creative)

    def save_model(self, request: HttpRequest, obj: Creative, form: Any, change: bool) -> None:
        """Edit through the service, which checks the words again."""
        words = {part: form.cleaned_data[part] for part in parts_in(obj.channel)}
        before = obj.approved_hash
        edited = creatives.edit_creative(creative=obj, by=request.user, now=timezone.now(), **words)
        if before and not edited.approved_hash:
            messages.warning(request, "The words changed, so their approval is dropped.")

    @admin.action(description="Approve", permissions=["approve"])
    def approve(self, request: HttpRequest, rows: QuerySet[Creative]) -> None:
        """Approve exactly these words."""
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: creatives.approve_creative(creative=row, by=by, now=now),
            done="Approved",
        )

    @admin.action(description="Reject…", permissions=["approve"])
    def reject(self, request: HttpRequest, rows: QuerySet[Creative]) -> HttpResponse | None:
        """Ask for the reason, then reject."""
        reason = request.POST.get("reason")
        if reason is None:
            return self._ask_for_reason(request, rows)
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: creatives.reject_creative(creative=row, by=by, reason=reason, now=now),
            done="Rejected",
        )
        return None

    def _ask_for_reason(self, request: HttpRequest, rows: QuerySet[Creative]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Reject creatives",
            "rows": rows,
            "opts": self.opts,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "media": self.media,
        }
        return TemplateResponse(request, REJECT, context)


def limit_words(channel: str, part: str) -> str:
    """How long a part may be in a channel, for the person who edits it."""
    limit = getattr(limits_of(channel), part)
    if channel == "sms" and part == "body":
        return (
            "With the call to action at most 160 characters, or 70 with any character outside the "
            "text message alphabet."
        )
    wide = " Chinese characters count twice." if channel == "google_search" else ""
    return f"At most {limit} characters.{wide}"

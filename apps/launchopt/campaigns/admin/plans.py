"""The parts of a plan that a person may change, and the log of what was decided."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from launchopt.campaigns import services
from launchopt.campaigns.admin.exports import ExportMixin
from launchopt.campaigns.admin.why import WhyMixin
from launchopt.campaigns.models import BudgetCell, Campaign, Decision, Launch, SpendEntry
from launchopt.campaigns.selectors.telling import why
from launchopt.campaigns.services.desk import POLICY
from launchopt.campaigns.services.learning import speak_to_audience
from launchopt.campaigns.services.replaying import differences_of
from launchopt.operations.adminsite import (
    ReadOnlyAdmin,
    SuiteMedia,
    for_each,
    link_to,
    needs_confirmation,
    pretty_json,
    tell_errors,
)


class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that planning makes: a person changes them while the launch may be edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Planning makes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Planning takes them away."""
        return False


@admin.register(Campaign)
class CampaignAdmin(ExportMixin, PlanAdmin):
    """A launch's work in one channel towards one audience."""

    list_display = ["__str__", "launch", "is_active", "allowance", "reserved", "spent"]
    list_filter = ["channel", "is_active", ("launch", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["launch", "audience"]
    fields = [
        "of_launch", "channel", "audience", "is_active", "cost_per_contact", "allowance",
        "reserved", "spent",
    ]  # fmt: skip
    readonly_fields = [
        "of_launch", "channel", "cost_per_contact", "allowance", "reserved", "spent",
    ]  # fmt: skip
    actions = ["speak_again", "export"]
    Media = SuiteMedia

    @admin.action(description="Speak to these audiences again", permissions=["run_launch"])
    def speak_again(self, request: HttpRequest, rows: QuerySet[Campaign]) -> HttpResponse | None:
        """Undo that results stopped a running launch from contacting an audience."""
        page = needs_confirmation(
            self,
            request,
            rows,
            action="speak_again",
            title="Speak to these audiences again",
            warning="Results have shown that the launch makes them buy less; why stands in the "
            "launch's runs. With the launch's feedback on auto it may be stopped again.",
        )
        if page is None:
            by, now = request.user, timezone.now()
            for_each(
                request,
                rows.select_related("launch", "audience"),
                lambda row: speak_to_audience(
                    launch=row.launch, audience=row.audience, by=by, now=now
                ),
                done="Spoken to again",
            )
        return page

    def has_run_launch_permission(self, request: HttpRequest) -> bool:
        """Whether the person may start, pause and finish launches."""
        return request.user.has_perm("launchopt_campaigns.run_launch")

    @admin.display(description="launch")
    def of_launch(self, campaign: Campaign) -> str | SafeString:
        """Its launch."""
        return link_to(campaign.launch)

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """While the plan may be edited."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.launch.is_editable)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """Through the services: the money is laid out anew."""
        tell_errors(request, lambda: self._change(request, obj, form))

    def _change(self, request: HttpRequest, obj: Campaign, form: Any) -> str:
        now, by, stored = timezone.now(), request.user, Campaign.objects.get(pk=obj.pk)
        if "audience" in form.changed_data:
            audience = form.cleaned_data["audience"]
            services.change_audience(campaign=stored, audience=audience, by=by, now=now)
        if "is_active" in form.changed_data:
            is_active = form.cleaned_data["is_active"]
            services.switch_campaign(campaign=stored, is_active=is_active, by=by, now=now)
        return "The budget was laid out anew."


class CellForm(forms.ModelForm):  # type: ignore[type-arg]
    """The money of an hour."""

    class Meta:
        model = BudgetCell
        fields = ("campaign", "starts_at", "amount")
        help_texts = {"amount": "What you set is pinned; the rest is laid out anew around it."}


@admin.register(BudgetCell)
class BudgetCellAdmin(PlanAdmin):
    """Money by hour. Setting an hour by hand, or adding one, pins it."""

    form = CellForm
    list_display = ["starts_at", "campaign", "amount", "contacts", "is_pinned"]
    list_filter = [
        "is_pinned", ("campaign__launch", admin.RelatedOnlyFieldListFilter), "campaign__channel",
    ]  # fmt: skip
    list_select_related = ["campaign__audience", "campaign__launch"]
    search_fields = ["campaign__launch__name"]
    date_hierarchy = "starts_at"
    told = ["contacts", "expected_response", "is_pinned"]
    actions = ["release"]

    def get_fields(self, request: HttpRequest, obj: BudgetCell | None = None) -> list[str]:
        """A new hour has only its place and its money."""
        return ["campaign", "starts_at", "amount", *(self.told if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: BudgetCell | None = None) -> list[str]:
        """The place of an hour stays."""
        return ["campaign", "starts_at", *self.told] if obj else []

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may change hours may give money to another one."""
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: BudgetCell | None = None) -> bool:
        """While the plan may be edited."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.campaign.launch.is_editable)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Campaigns whose plan may be edited."""
        if db_field.name == "campaign":
            editable = (Launch.Status.DRAFT, Launch.Status.PLANNED)
            rows = Campaign.objects.filter(launch__status__in=editable)
            kwargs["queryset"] = rows.select_related("launch", "audience")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: BudgetCell, form: Any, change: bool) -> None:
        """Pin the hour."""
        campaign = Campaign.objects.select_related("launch").get(pk=obj.campaign.pk)
        amount, now = form.cleaned_data["amount"], timezone.now()

        def pin() -> str:
            services.pin_money(
                campaign=campaign, starts_at=obj.starts_at, amount=amount, by=request.user, now=now
            )
            return "Pinned; the rest was laid out anew."

        tell_errors(request, pin)

    @admin.action(description="Leave to the plan again", permissions=["change"])
    def release(self, request: HttpRequest, rows: QuerySet[BudgetCell]) -> None:
        """Take the pins out of hours; the plan lays them out anew."""
        places = [(row.campaign, row.starts_at) for row in rows.select_related("campaign__launch")]
        now = timezone.now()

        def unpin() -> str:
            for campaign, starts_at in places:
                services.pin_money(
                    campaign=campaign, starts_at=starts_at, amount=None, by=request.user, now=now
                )
            return f"Left to the plan again: {len(places)}."

        tell_errors(request, unpin)

    def response_add(self, request: HttpRequest, obj: BudgetCell, *_: Any, **__: Any) -> Any:
        """Back to the list, where the hour stands."""
        return self.response_post_save_add(request, obj)

    def response_change(self, request: HttpRequest, obj: BudgetCell) -> Any:
        """Back to the list: laying out anew has given the hour another row."""
        return self.response_post_save_change(request, obj)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail keeps it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail keeps it; the row itself is made anew."""


@admin.register(Decision)
class DecisionAdmin(WhyMixin, ReadOnlyAdmin):
    """What customers were shown, or why nothing."""

    list_display = [
        "decided_at", "customer", "reason", "launch", "channel", "variant", "state", "propensity",
    ]  # fmt: skip
    list_filter = ["reason", "state", "channel"]
    list_select_related = ["launch", "customer"]
    search_fields = ["=customer__external_id"]
    search_help_text = "The shop's own id of a customer: what they saw, or why nothing, and when."
    show_full_result_count = False
    fields = [
        "why", "decided_at", "reason", "customer", "placement", "launch", "campaign", "creative",
        "variant", "phase", "propensity", "policy_version", "options", "said", "facts",
        "again", "weight", "cost", "state", "expires_at", "exposed_at",
    ]  # fmt: skip
    readonly_fields = fields

    @admin.display(description="in words")
    def why(self, decision: Decision) -> str:
        """Why the customer saw this, or nothing, at that time."""
        return why(decision)

    @admin.display(description="candidates")
    def options(self, decision: Decision) -> SafeString:
        """What could have been chosen."""
        return pretty_json(decision.candidates)

    @admin.display(description="context")
    def said(self, decision: Decision) -> SafeString:
        """What the caller said of the moment."""
        return pretty_json(decision.context)

    @admin.display(description="facts and draws")
    def facts(self, decision: Decision) -> SafeString:
        """What it was decided by."""
        return pretty_json(decision.inputs)

    @admin.display(description="decided again")
    def again(self, decision: Decision) -> str:
        """Whether the rules as they are now say the same of these facts."""
        if decision.policy_version != POLICY:
            return f"The rules have changed since ({decision.policy_version}, now {POLICY})."
        differences = [f"{each['what']}: {each['now']}" for each in differences_of(decision)]
        return f"Otherwise: {', '.join(differences)}." if differences else "The same."


@admin.register(SpendEntry)
class SpendEntryAdmin(ReadOnlyAdmin):
    """What paid channels told of their spend; it comes by `POST spend/`."""

    list_display = ["starts_at", "launch", "campaign", "amount", "source", "counted_until"]
    list_filter = ["source"]
    ordering = ["-starts_at", "campaign"]
    list_select_related = ["campaign__launch", "campaign__audience"]
    date_hierarchy = "starts_at"

    @admin.display(description="launch", ordering="campaign__launch")
    def launch(self, entry: SpendEntry) -> Launch:
        """Whose money it is."""
        return entry.campaign.launch

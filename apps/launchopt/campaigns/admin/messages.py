"""Messages that were sent, and those of which nobody knows: a person says what became of them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from launchopt.campaigns import delivering
from launchopt.campaigns.models import Message
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia, for_each, needs_confirmation

RUN = "launchopt_campaigns.run_launch"


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Each attempt to send. Addresses are not shown."""

    list_display = ["attempted_at", "customer", "launch", "state", "error", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["decision__customer", "decision__launch"]
    search_fields = ["=decision__customer__external_id"]
    date_hierarchy = "attempted_at"
    actions = ["was_sent", "was_not_sent"]
    show_full_result_count = False
    Media = SuiteMedia

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Whether the person runs launches."""
        return request.user.has_perm(RUN)

    @admin.display(description="customer", ordering="decision__customer__external_id")
    def customer(self, message: Message) -> str:
        """By the shop's own id."""
        return message.decision.customer.external_id

    @admin.display(description="launch")
    def launch(self, message: Message) -> str:
        """What it was about."""
        return str(message.decision.launch)

    @admin.action(description="It was sent", permissions=["settle"])
    def was_sent(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponse | None:
        """Count it as seen, with its cost."""
        return self._settle(request, rows, was_sent=True)

    @admin.action(description="It was not sent", permissions=["settle"])
    def was_not_sent(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponse | None:
        """Give the money back; the customer may be written to again."""
        return self._settle(request, rows, was_sent=False)

    def _settle(
        self, request: HttpRequest, rows: QuerySet[Message], *, was_sent: bool
    ) -> HttpResponse | None:
        page = needs_confirmation(
            self,
            request,
            rows,
            action="was_sent" if was_sent else "was_not_sent",
            title="It was sent" if was_sent else "It was not sent",
            warning="Look into the mail server's log first. What is said here cannot be undone.",
        )
        if page is None:
            now, by = timezone.now(), request.user
            for_each(
                request,
                rows.select_related("decision__customer", "decision__launch__product"),
                lambda row: delivering.settle(row.decision, was_sent=was_sent, now=now, by=by),
                done="Noted",
            )
        return page

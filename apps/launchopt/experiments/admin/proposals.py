"""Weights that wait for a person."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from launchopt.experiments import services
from launchopt.experiments.admin.experiments import DECIDE_WEIGHTS
from launchopt.experiments.models import Proposal
from launchopt.operations.adminsite import ReadOnlyAdmin, SuiteMedia, for_each


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """Weights that results speak for. They change nothing until a person says yes."""

    list_display = [
        "experiment", "whose", "shares", "reason", "proposed_at", "is_accepted", "decided_by",
        "decided_at",
    ]  # fmt: skip
    list_filter = ["is_accepted"]
    list_select_related = ["experiment", "audience"]
    actions = ["accept", "decline"]
    Media = SuiteMedia

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may change the shares of variants."""
        return request.user.has_perm(DECIDE_WEIGHTS)

    @admin.display(description="of whom", ordering="audience")
    def whose(self, proposal: Proposal) -> str:
        """The audience, or everybody."""
        return str(proposal.audience or "everybody")

    @admin.display(description="shares of new customers")
    def shares(self, proposal: Proposal) -> str:
        """Variant by variant."""
        return ", ".join(f"{name} {share:.1%}" for name, share in proposal.weights.items())

    @admin.action(description="Accept", permissions=["decide"])
    def accept(self, request: HttpRequest, rows: QuerySet[Proposal]) -> None:
        """Draw new customers with these shares; the experiment's page can undo it."""
        self._decide(request, rows, accept=True)

    @admin.action(description="Decline", permissions=["decide"])
    def decline(self, request: HttpRequest, rows: QuerySet[Proposal]) -> None:
        """Leave the shares as they are."""
        self._decide(request, rows, accept=False)

    def _decide(self, request: HttpRequest, rows: QuerySet[Proposal], *, accept: bool) -> None:
        now, by = timezone.now(), request.user
        for_each(
            request,
            rows,
            lambda row: services.decide_proposal(proposal=row, accept=accept, by=by, now=now),
            done="Accepted" if accept else "Declined",
        )

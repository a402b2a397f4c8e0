"""The audience of a campaign as the file that its ad platform takes, from the admin."""

from __future__ import annotations

from io import TextIOWrapper
from tempfile import TemporaryFile

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.utils import timezone

from launchopt.campaigns.channels import Advertising, advertising, channel_named
from launchopt.campaigns.exporting import export_audience
from launchopt.campaigns.models import Campaign


class ExportMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An action for whoever may see personal data: the file holds it hashed."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the person may take addresses out of the shop."""
        return request.user.has_perm("launchopt_audiences.view_personal_data")

    @admin.action(description="Download the audience for its ad platform", permissions=["export"])
    def export(self, request: HttpRequest, rows: QuerySet[Campaign]) -> FileResponse | None:
        """One campaign's audience, hashed; only who agreed, and nobody who is held out."""
        campaigns = list(rows.select_related("audience")[:2])
        platform = channel_named(campaigns[0].channel)
        if len(campaigns) != 1 or not isinstance(platform, Advertising):
            names = ", ".join(channel.name for channel in advertising().values())
            messages.error(request, f"Choose one campaign of an ad platform: {names}.")
            return None
        return _file_of(campaigns[0], platform=platform, request=request)


def _file_of(campaign: Campaign, *, platform: Advertising, request: HttpRequest) -> FileResponse:
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    export_audience(
        campaign.audience, form=platform.form, file=text, by=request.user, now=timezone.now()
    )
    text.detach()
    file.seek(0)
    name = f"audience-{campaign.audience_id}-{platform.form}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv")

"""The places in which something can be shown, each of a channel that there is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from launchopt.campaigns.channels import choices
from launchopt.campaigns.models import Placement


class PlacementForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place; its channel is one of LaunchOpt's, or of the setting CHANNELS."""

    channel = forms.ChoiceField(help_text="More can be added by the setting CHANNELS.")

    class Meta:
        model = Placement
        fields = ("name", "channel", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(choices())
        if self.instance.channel not in known:  # of a place that stands
            known[self.instance.channel] = self.instance.channel
        self.fields["channel"].choices = list(known.items())  # type: ignore[attr-defined]


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Places in which something can be shown."""

    form = PlacementForm
    list_display = ["name", "channel", "description"]
    list_filter = ["channel"]

"""The terms of a launch as a form: what is wrong stands beside its field, before it is saved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join

from launchopt.campaigns.channels import channels
from launchopt.campaigns.models import ExcludedCustomer, Launch
from launchopt.campaigns.services import Wish
from launchopt.campaigns.services.planning import decimal_of
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import FieldError, InvalidInput

TERMS = (
    "name", "budget", "currency", "starts_at", "ends_at", "holdout", "channels", "cap_contacts",
    "cap_window_hours", "feedback", "bounds", "curves",
)  # fmt: skip
OPTIONAL = (
    "name", "currency", "holdout", "channels", "cap_contacts", "cap_window_hours", "feedback",
    "bounds", "curves",
)  # fmt: skip

NO_DEMANDS: dict[str, Any] = {"bounds": [], "curves": {}}


class ChannelsField(forms.CharField):
    """One channel a line with the cost of a contact, such as `email: 0.05`."""

    def __init__(self, **kwargs: Any) -> None:
        rows = forms.Textarea(attrs={"rows": 3, "cols": 30})
        super().__init__(widget=rows, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A stored mapping as lines."""
        if isinstance(value, dict):
            return "\n".join(f"{name}: {cost}" for name, cost in value.items())
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lines say something else."""
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> dict[str, str]:
        """Lines as a mapping of amounts in words, as JSON keeps them."""
        lines = [line.strip() for line in (super().clean(value) or "").splitlines()]
        return dict(self._read(line) for line in lines if line)

    def _read(self, line: str) -> tuple[str, str]:
        name, _, cost = line.partition(":")
        try:
            return name.strip(), f"{decimal_of(cost, pointer='/channels'):f}"
        except InvalidInput as error:
            raise forms.ValidationError(f"{name.strip()}: {error.detail}") from error


def channel_help() -> str:
    """What may stand in the field, with every channel that there is."""
    names = format_html_join(", ", "<code>{}</code>", ((name,) for name in channels()))
    return format_html(
        "One a line with the cost of a contact, such as <code>email: 0.05</code>. Empty: onsite "
        "at 0.02. There are {}.",
        names,
    )


class LaunchForm(forms.ModelForm):  # type: ignore[type-arg]
    """What was agreed on, and whom to leave out."""

    channels = ChannelsField(help_text=lazy(channel_help, str)())
    leave_out = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
        help_text="Customers to leave out, one a line, by the shop's own ids.",
    )

    class Meta:
        model = Launch
        fields = ("product", *TERMS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in OPTIONAL:
            if name in self.fields:
                self.fields[name].required = False
        if "leave_out" in self.fields and not self.instance._state.adding:
            self.initial["leave_out"] = "\n".join(left_out(self.instance))
        self._prefer_defaults()

    def _prefer_defaults(self) -> None:
        """A new launch starts from the shop's settings."""
        if not self.instance._state.adding:
            return
        shop = launchopt_settings()
        self.initial.setdefault("holdout", shop.holdout)
        self.initial.setdefault("cap_contacts", shop.contact_cap)
        self.initial.setdefault("cap_window_hours", shop.contact_window_hours)

    def clean_leave_out(self) -> list[str]:
        """The ids, each once."""
        lines = self.cleaned_data["leave_out"].splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def clean(self) -> dict[str, Any]:
        """Every rule that the terms break, beside the field that breaks it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and "budget" in cleaned:
            for fault in self.wish().faults():
                self._tell(fault)
        return cleaned

    def wish(self) -> Wish:
        """What the person asks for."""
        shop, given = launchopt_settings(), {**self._standing(), **self.cleaned_data}
        product = given["product"]
        return Wish(
            sku=product.sku,
            name=given["name"] or "",
            budget=given["budget"],
            currency=(given["currency"] or product.currency or shop.currency).upper(),
            starts_at=given["starts_at"],
            ends_at=given["ends_at"],
            holdout=given["holdout"],
            channels=costs_of(given["channels"]) or None,
            cap_contacts=given["cap_contacts"],
            cap_window_hours=given["cap_window_hours"],
            feedback=given["feedback"] or None,
            bounds=given["bounds"] or [],
            curves=given["curves"] or {},
        )

    def changed_terms(self) -> dict[str, Any]:
        """The terms that the person changed, with their new values."""
        changed = [name for name in self.changed_data if name in TERMS and name != "currency"]
        given = {name: self.cleaned_data[name] for name in changed}
        if "channels" in given:
            given["channels"] = costs_of(given["channels"])
        demands = {n: given.pop(n) or empty for n, empty in NO_DEMANDS.items() if n in given}
        given = {name: value for name, value in given.items() if value not in (None, "", {})}
        return given | {n: v for n, v in demands.items() if v != self.initial.get(n, NO_DEMANDS[n])}

    def _standing(self) -> dict[str, Any]:
        if self.instance._state.adding:
            return {}
        return {name: getattr(self.instance, name) for name in ("product", "currency")}

    def _tell(self, fault: FieldError) -> None:
        name = fault.pointer.strip("/").partition("/")[0]
        self.add_error(name if name in self.fields else None, fault.detail)


def costs_of(channels: dict[str, str]) -> dict[str, Decimal]:
    """Channels with the cost of a contact as money."""
    return {name: Decimal(cost) for name, cost in channels.items()}


def left_out(launch: Launch) -> list[str]:
    """The customers that a person left out, by the shop's ids."""
    rows = ExcludedCustomer.objects.filter(launch=launch).order_by("customer__external_id")
    return list(rows.values_list("customer__external_id", flat=True))

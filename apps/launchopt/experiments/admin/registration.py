"""The terms of a new experiment as a form: what is wrong stands beside its field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from launchopt.catalog.models import Product
from launchopt.experiments.metrics import CONVERSION, ensure_metrics
from launchopt.experiments.models import Experiment, Metric
from launchopt.experiments.services import register_experiment
from launchopt.operations.errors import LaunchOptError

FIELDSETS = [
    (
        "What is compared",
        {
            "fields": ["name", "variants", "metric", "guardrails", "sku", "is_aa"],
            "description": "Terms cannot change once it has started. How many customers it takes "
            "is told by <code>manage.py sample_size</code> and <code>POST "
            "/api/v1/experiments/sample_size/</code>.",
        },
    ),
    (
        "How it is judged",
        {
            "fields": [
                "minimum_detectable_effect", "planned_sample_size", "stopping_rule", "counts_from",
                "alpha", "power", "ends_at",
            ]
        },
    ),
    (
        "Whom it shares with no other",
        {"fields": ["exclusion_group", "group_share"], "classes": ["collapse"]},
    ),
]  # fmt: skip


class VariantsField(forms.CharField):
    """One variant a line with its weight, such as `control: 1`; the first is the control."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3, "cols": 30}), **kwargs)

    def clean(self, value: Any) -> dict[str, float]:
        """Lines as a mapping."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        pairs = [self._read(line) for line in lines]
        names = [name for name, _ in pairs]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise forms.ValidationError(f"Two lines name {twice!r}; rename one.")
        return dict(pairs)

    def _read(self, line: str) -> tuple[str, float]:
        name, colon, weight = line.partition(":")
        try:
            return name.strip(), float(weight) if colon else 1.0
        except ValueError:
            raise forms.ValidationError(f"{line!r}: write a name and a weight, a: 1.") from None


class GuardrailsField(VariantsField):
    """One metric a line with the share by which it may change, such as `shop-revenue: -0.05`."""

    def _read(self, line: str) -> tuple[str, float]:
        if ":" not in line:
            raise forms.ValidationError(f"{line!r}: write a metric and a share, revenue: -0.05.")
        return super()._read(line)


class RegistrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Everything that is written down before an experiment starts."""

    variants = VariantsField(
        help_text="One a line with its weight, such as <code>control: 1</code>; the first is the "
        "control."
    )
    metric = forms.ModelChoiceField(Metric.objects.all(), initial=CONVERSION)
    guardrails = GuardrailsField(
        required=False,
        help_text="What must not suffer: one metric a line with the share by which it may change, "
        "such as <code>shop-revenue: -0.05</code> for one that may not fall by more than 5 %.",
    )
    sku = forms.CharField(
        required=False, label="Product", help_text="SKU. Empty: outcomes count for every product."
    )
    group_share = forms.FloatField(
        initial=1, min_value=0, max_value=1, help_text="Of the group's customers."
    )

    class Meta:
        model = Experiment
        fields = (
            "name", "is_aa", "minimum_detectable_effect", "planned_sample_size", "stopping_rule",
            "counts_from", "alpha", "power", "ends_at", "exclusion_group",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ensure_metrics()

    def clean_sku(self) -> int | None:
        """The product's key; None for every product."""
        sku = self.cleaned_data["sku"]
        found = Product.objects.filter(sku=sku).values_list("pk", flat=True).first()
        if sku and found is None:
            raise forms.ValidationError(f"There is no product {sku}.")
        return found

    def clean(self) -> dict[str, Any]:
        """Register it, so that each rule that it breaks is told beside its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.instance = self._register(dict(cleaned))
            except LaunchOptError as error:
                self._tell(error)
        return cleaned

    def _post_clean(self) -> None:
        """The service has checked and saved it."""

    def save(self, commit: bool = True) -> Experiment:
        """The experiment as registered."""
        self.save_m2m = lambda: None
        return self.instance

    def _register(self, terms: dict[str, Any]) -> Experiment:
        weights = terms.pop("variants")
        return register_experiment(
            weights=weights,
            control=next(iter(weights)),
            metric=terms.pop("metric").name,
            product_id=terms.pop("sku"),
            now=timezone.now(),
            **terms,
        )

    def _tell(self, error: LaunchOptError) -> None:
        faults = getattr(error, "errors", None) or []
        for fault in faults:
            name = {"weights": "variants", "control": "variants"}.get(
                field := fault.pointer.strip("/"), field
            )
            self.add_error(name if name in self.fields else None, fault.detail)
        if not faults:
            self.add_error(None, error.detail)

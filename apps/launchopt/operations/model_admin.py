"""The pages of model versions: how well each did, what it is for, and how one enters service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from launchopt.operations import backtests, selectors, services
from launchopt.operations.adminsite import (
    ReadOnlyAdmin,
    SuiteMedia,
    change_url,
    link_to,
    pretty_json,
    tell_errors,
)
from launchopt.operations.models import ModelVersion

PAGES = "admin/launchopt_operations"
CHANGE = "launchopt_operations.change_modelversion"


@dataclass(frozen=True)
class Step:
    """What a person may do with a version, and what is asked first."""

    name: str
    label: str
    warning: str
    take: Callable[[ModelVersion, Any], str]


def _activate(version: ModelVersion, by: Any) -> str:
    services.activate_model(version=version, now=timezone.now(), by=by)
    return f"{version} is in service."


def _roll_back(version: ModelVersion, by: Any) -> str:
    before = services.roll_back_model(name=version.name, now=timezone.now(), by=by)
    return f"{before} is in service again, and stays until a person activates another."


ACTIVATE = Step(
    "activate",
    "Activate",
    "The next predictions come from this version; the one in service is retired and can be "
    "activated again.",
    _activate,
)
ROLL_BACK = Step(
    "roll-back",
    "Go back to the version before",
    "The next predictions come from the version that was in service before this one, and it stays "
    "in service until a person activates another: training goes on, but its versions stay "
    "candidates.",
    _roll_back,
)
STEPS = {step.name: step for step in (ACTIVATE, ROLL_BACK)}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """What was learned, and how well it did on launches that it had not seen."""

    change_form_template = f"{PAGES}/model_change_form.html"
    list_display = ["name", "status", "precision", "against_best", "data_until", "created_at"]
    list_filter = ["name", "status"]
    fields = [
        "name", "status", "service", "data", "how_it_did", "model_card", "trained_by",
        "created_at", "activated_at",
    ]  # fmt: skip
    readonly_fields = fields
    Media = SuiteMedia

    def get_urls(self) -> list[URLPattern]:
        """The page that asks before a version enters service or leaves it."""
        view = self.admin_site.admin_view(self.step_view)
        name = "launchopt_operations_modelversion_step"
        return [path("<uuid:pk>/step/<slug:step>/", view, name=name), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the steps that are open to this person."""
        version = kwargs.get("obj")
        may = request.user.has_perm(CHANGE)
        context["steps"] = steps_of(version) if version and may else []
        return super().render_change_form(request, context, *args, **kwargs)

    def step_view(self, request: HttpRequest, pk: UUID, step: str) -> HttpResponse:
        """Ask, then act."""
        version, wanted = ModelVersion.objects.filter(pk=pk).first(), STEPS.get(step)
        if version is None or wanted is None:
            raise Http404
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        if request.method == "POST":
            tell_errors(request, lambda: wanted.take(version, request.user))
            return redirect(change_url(version))
        context = {
            **self.admin_site.each_context(request),
            "title": wanted.label,
            "step": wanted,
            "version": version,
            "promotion": version.metrics.get("promotion") if wanted is ACTIVATE else None,
        }
        return TemplateResponse(request, f"{PAGES}/model_step.html", context)

    @admin.display(description="average precision")
    def precision(self, version: ModelVersion) -> str:
        """On the last launches."""
        value = version.metrics.get("model", {}).get("map")
        return "–" if value is None else f"{value:.3f}"

    @admin.display(description="against the best plain way")
    def against_best(self, version: ModelVersion) -> str:
        """By which share its average precision is higher."""
        gap = (version.metrics.get("difference") or {}).get("map", {})
        return f"{gap['relative']:+.0%}".replace("-", "−") if "relative" in gap else "–"

    @admin.display(description="in service")
    def service(self, version: ModelVersion) -> str:
        """Whether it serves, and whether a person holds it there."""
        if version.status != ModelVersion.Status.ACTIVE:
            return "no"
        held = selectors.is_held(version)
        return "yes, held by a person who went back to it" if held else "yes"

    @admin.display(description="data")
    def data(self, version: ModelVersion) -> str:
        """The window that it learned from."""
        since = f"{version.data_since:%Y-%m-%d}" if version.data_since else "its beginning"
        until = f"{version.data_until:%Y-%m-%d %H:%M} UTC" if version.data_until else "unknown"
        return f"From {since} until {until}, exclusive."

    @admin.display(description="how well it did")
    def how_it_did(self, version: ModelVersion) -> str:
        """Its figures beside its baselines', and what was decided from them."""
        return render_to_string(f"{PAGES}/model_backtest.html", backtest_context(version))

    @admin.display(description="model card")
    def model_card(self, version: ModelVersion) -> str:
        """Data, features, use and limits."""
        context = {
            "card": version.card,
            "parameters": list(backtests.parameters_rows(version.card)),
            "json": pretty_json(version.card),
        }
        return render_to_string(f"{PAGES}/model_card.html", context)

    @admin.display(description="trained by")
    def trained_by(self, version: ModelVersion) -> str:
        """The run that made it."""
        return link_to(version.run)


def steps_of(version: ModelVersion) -> list[Step]:
    """What can be done with a version: one in service can give way, another can take over."""
    if version.status != ModelVersion.Status.ACTIVE:
        return [ACTIVATE]
    return [ROLL_BACK] if selectors.previous_model(version.name) else []


def backtest_context(version: ModelVersion) -> dict[str, Any]:
    """What the page of a backtest shows."""
    metrics = version.metrics
    promotion = metrics.get("promotion")
    context: dict[str, Any] = {
        "json": pretty_json(metrics),
        "promotion": promotion and promotion | {"verdict": _verdict(promotion)},
        "untested": metrics.get("untested") or ("" if metrics else "It has not been tested yet."),
        "trials": backtests.trials_table(metrics),
        "lists": backtests.lists_table(metrics),
        "lists_lead": backtests.lists_sentence(metrics),
    }
    if not backtests.was_tested(metrics):
        return context
    return context | {
        "lead": backtests.lead_sentence(metrics),
        "table": backtests.measures_table(metrics),
        "picture": backtests.precision_picture(metrics),
        "buyers": backtests.buyers_table(metrics),
        "spread": backtests.spread_sentence(metrics),
        "swing": backtests.SWING,
        "meanings": backtests.MEANINGS.items(),
    }


def _verdict(promotion: dict[str, Any]) -> str:
    return "It entered service." if promotion["promoted"] else "It stayed a candidate."

"""The groups that LaunchOpt ships, and what each may do."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission

APPS = ("operations", "catalog", "audiences", "experiments", "campaigns")

EDIT_CATALOG = [
    "catalog.add_product",
    "catalog.change_product",
    "catalog.add_category",
    "catalog.change_category",
]
EDIT_CUSTOMERS = [
    "audiences.add_customer",
    "audiences.change_customer",
    "audiences.identify_customer",
    "audiences.change_consent",
    "audiences.add_consent",
]
EDIT_LAUNCHES = [
    "campaigns.add_launch",
    "campaigns.change_launch",
    "campaigns.plan_launch",
    "campaigns.add_creative",
    "campaigns.change_creative",
    "campaigns.change_campaign",
    "campaigns.change_budgetcell",
    "experiments.change_proposal",
    "campaigns.add_excludedcustomer",
    "campaigns.delete_excludedcustomer",
    "campaigns.add_placement",
    "campaigns.change_placement",
    "audiences.add_audience",
    "audiences.change_audience",
    "audiences.change_listtheme",
    "audiences.change_reasonline",
]
RUN_LAUNCHES = ["campaigns.run_launch"]
ALERTS = [
    "campaigns.add_alertrule",
    "campaigns.change_alertrule",
    "campaigns.delete_alertrule",
    "operations.change_alert",
]

# "view" stands for viewing everything but personal data in the clear.
GROUPS: dict[str, list[str]] = {
    "integration": [
        *EDIT_CATALOG,
        *EDIT_CUSTOMERS,
        "audiences.add_event",
        "campaigns.decide",
        "campaigns.add_spendentry",
        "experiments.add_assignment",
        "view",
    ],
    "marketer": [
        *EDIT_CATALOG,
        *EDIT_LAUNCHES,
        *RUN_LAUNCHES,
        *ALERTS,
        "operations.add_run",
        "view",
    ],
    "approver": ["campaigns.approve_launch", "campaigns.change_creative", *RUN_LAUNCHES, "view"],
    "analyst": [
        "operations.add_run",
        "operations.change_modelversion",
        "experiments.add_experiment",
        "experiments.change_experiment",
        "experiments.add_metric",
        "experiments.change_metric",
        "experiments.add_assignment",
        "experiments.change_proposal",
        "view",
    ],
    "operator": [
        "operations.add_run",
        "operations.change_run",
        "operations.change_modelversion",
        *ALERTS,
        "operations.add_apikey",
        "operations.change_apikey",
        "operations.add_webhookendpoint",
        "operations.change_webhookendpoint",
        "operations.change_webhookdelivery",
        "view",
    ],
}


def ensure_groups(**_: Any) -> None:
    """Give each shipped group what it may do; what a person added stays."""
    everything = {
        f"{p.content_type.app_label.removeprefix('launchopt_')}.{p.codename}": p
        for p in Permission.objects.select_related("content_type").filter(
            content_type__app_label__in=[f"launchopt_{app}" for app in APPS]
        )
    }
    if not all(apps.is_installed(f"launchopt.{app}") for app in APPS):
        return
    views = [
        name
        for name in everything
        if name.partition(".")[2].startswith("view_") and name != "audiences.view_personal_data"
    ]
    for name, wanted in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        names = [n for n in wanted if n != "view"] + (views if "view" in wanted else [])
        group.permissions.add(*(everything[n] for n in names if n in everything))

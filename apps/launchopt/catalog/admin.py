"""Products as the marketer sees them, and what can be done with them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from launchopt import jobs
from launchopt.catalog import services
from launchopt.catalog.models import Category, Product
from launchopt.conf import launchopt_settings
from launchopt.operations import runs
from launchopt.operations.adminsite import SuiteMedia, link_to, progress_bar
from launchopt.operations.selectors import runs_of


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shelves of the shop."""

    search_fields = ["name"]


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the fields together must keep."""

    url = forms.URLField(label="URL", max_length=1000, required=False, assume_scheme="https")
    image_url = forms.URLField(
        label="Image URL", max_length=1000, required=False, assume_scheme="https"
    )

    def clean(self) -> dict[str, Any]:
        """The rules of every other way in, said beside the field."""
        data = super().clean() or {}
        limit = launchopt_settings().text_limit
        if len(data.get("title") or "") + len(data.get("description") or "") > limit:
            self.add_error(
                "description", f"Title and description hold at most {limit:,} characters."
            )
        launched, retired = data.get("launched_at"), data.get("retired_at")
        if launched and retired and retired <= launched:
            self.add_error("retired_at", "It must be on sale before it is retired.")
        return data


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Everything the shop sells. Saving a new product starts the prediction of who will want it."""

    list_display = ["sku", "title", "category", "brand", "price", "stock", "launched_at"]
    list_filter = ["is_placeholder", "language", "category"]
    list_select_related = ["category"]
    search_fields = ["sku", "title", "brand"]
    autocomplete_fields = ["category"]
    date_hierarchy = "launched_at"
    form = ProductForm
    actions = ["predict_interest"]
    readonly_fields = ["prediction", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["sku", "title", "description", "category", "brand", "language"]}),
        ("Offer", {"fields": [("price", "currency"), "stock", ("launched_at", "retired_at")]}),
        ("Pages", {"fields": ["url", "image_url"]}),
        ("Further facts", {"fields": ["attributes"]}),
        ("LaunchOpt", {"fields": ["prediction", "is_placeholder", "created_at", "updated_at"]}),
    ]
    Media = SuiteMedia

    @admin.display(description="interest")
    def prediction(self, product: Product) -> str:
        """How far the prediction of interest is."""
        run = runs_of(f"product:{product.sku}").first() if product.pk else None
        if run:
            return progress_bar(run, reload=True)
        return "No prediction has been asked for; it starts by itself when a product is new."

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        """A SKU is given once."""
        return [*self.readonly_fields, *(["sku"] if obj else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        """A product is retired, not deleted: its events stay."""
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Save through the service, so that what depends on the product follows."""
        services.keep_product(product=obj, changed=form.changed_data, now=timezone.now())

    @admin.action(description="Predict interest", permissions=["view"])
    def predict_interest(self, request: HttpRequest, rows: QuerySet[Product]) -> None:
        """Ask for a new prediction of who wants these products."""
        if not request.user.has_perm("launchopt_operations.add_run"):
            messages.error(request, "You may not start runs; ask an operator.")
            return
        now = timezone.now()
        for product in rows:
            run = runs.request_run(
                job=jobs.SCORE_INTEREST,
                arguments={"product_ids": [product.pk]},
                subject=f"product:{product.sku}",
                now=now,
                by=request.user,
            )
            messages.success(request, link_to(run))

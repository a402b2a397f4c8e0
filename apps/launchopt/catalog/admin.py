"""Products as the marketer sees them, and what can be done with them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from launchopt import jobs
from launchopt.catalog.models import Category, Product
from launchopt.operations import runs
from launchopt.operations.adminsite import SuiteMedia, link_to, progress_bar
from launchopt.operations.selectors import runs_of


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shelves of the shop."""

    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Everything the shop sells. Saving a new product starts the prediction of who will want it."""

    list_display = ["sku", "title", "category", "brand", "price", "stock", "launched_at"]
    list_filter = ["is_placeholder", "language", "category"]
    list_select_related = ["category"]
    search_fields = ["sku", "title", "brand"]
    autocomplete_fields = ["category"]
    date_hierarchy = "launched_at"
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

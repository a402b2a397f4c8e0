"""How a launch's money is laid out, and what channels report as spent."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from launchopt.campaigns.models.launches import Campaign, Launch


class BudgetPlan(models.Model):
    """How a launch's money is laid out. Its cells and what stays unspent sum to the total."""

    launch = models.OneToOneField(
        Launch, primary_key=True, on_delete=models.CASCADE, related_name="budget_plan"
    )
    total = models.DecimalField(max_digits=18, decimal_places=4)
    unspent = models.DecimalField(max_digits=18, decimal_places=4)
    expected_response = models.FloatField(help_text="Purchases expected from those contacted.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"budget of {self.launch_id}"


class BudgetCell(models.Model):
    """Money for one campaign in one hour."""

    budget_plan = models.ForeignKey(BudgetPlan, on_delete=models.CASCADE, related_name="cells")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="cells")
    starts_at = models.DateTimeField(help_text="First instant of the hour.")
    amount = models.DecimalField(max_digits=18, decimal_places=4, validators=[MinValueValidator(0)])
    contacts = models.PositiveIntegerField(help_text="Contacts that the money buys.")
    expected_response = models.FloatField(default=0)
    is_pinned = models.BooleanField(
        default=False, help_text="Set by a person; planning again keeps it."
    )

    class Meta:
        ordering = ["starts_at", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "starts_at"], name="launchopt_one_cell"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="launchopt_cell_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} at {self.starts_at:%Y-%m-%d %H}h"


class SpendEntry(models.Model):
    """Money that a channel reports as spent, where decisions do not tell it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="spend_entries")
    starts_at = models.DateTimeField(help_text="First instant of the hour it was spent in.")
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    source = models.CharField(max_length=60)
    counted_until = models.DateTimeField(
        null=True, help_text="The instant up to which the channel had counted."
    )
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "spend entries"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "starts_at", "source"], name="launchopt_one_spend_entry"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} at {self.starts_at:%Y-%m-%d %H}h"


class Lease(models.Model):
    """Money of a campaign that one process may decide with before it asks the campaign again."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, db_constraint=False, related_name="leases"
    )
    holder = models.CharField(max_length=80, help_text="The process.")
    amount = models.DecimalField(
        max_digits=18, decimal_places=4, help_text="What is left; the campaign has it reserved."
    )
    until = models.DateTimeField(help_text="What is left then goes back to the campaign.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "holder"], name="launchopt_one_lease"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="launchopt_lease_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} to {self.holder}"

"""When customers are best spoken to, and who is not spoken to yet: why, and until when."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from launchopt.audiences.models import Customer
from launchopt.campaigns.models.decisions import Reason
from launchopt.campaigns.models.launches import Campaign

HOUR_OF_DAY = [MaxValueValidator(23)]


class BestHours(models.Model):
    """The hours in which a customer is likeliest to be in the shop, on their own clock."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="best_hours"
    )
    weekday = models.PositiveSmallIntegerField(
        validators=HOUR_OF_DAY, help_text="Hour of the day, Monday to Friday."
    )
    weekend = models.PositiveSmallIntegerField(
        validators=HOUR_OF_DAY, help_text="Hour of the day, Saturday and Sunday."
    )
    hours_seen = models.PositiveIntegerField(
        help_text="Hours with the customer in the shop that it was learned from."
    )
    as_of = models.DateTimeField(help_text="Nothing from this instant on was known.")

    class Meta:
        verbose_name_plural = "best hours"

    def __str__(self) -> str:
        return f"{self.weekday:02d}:00, at weekends {self.weekend:02d}:00"


class HeldMessage(models.Model):
    """A customer whom a campaign does not write to yet. The latest reason, and when to look again.

    Who has been written to has no row; an old one says nothing any more.
    """

    BEST_HOUR, QUIET_HOURS = "best_hour", "quiet_hours"
    WHY = [
        *Reason.choices,
        (BEST_HOUR, _("waits for the customer's best hour")),
        (QUIET_HOURS, _("night where the customer lives")),
    ]

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="held")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_index=False, related_name="held_messages"
    )
    reason = models.CharField(max_length=20, choices=WHY)
    held_at = models.DateTimeField()
    until = models.DateTimeField(help_text="When it is looked at again.")

    class Meta:
        ordering = ["until"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "campaign"], name="launchopt_one_held_message"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, until {self.until:%Y-%m-%d %H:%M} UTC"

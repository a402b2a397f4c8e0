"""When something about launches is worth an alert: for all launches, or for one of them."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from launchopt.campaigns.models.launches import Launch


class AlertRule(models.Model):
    """A limit beyond which an alert opens. What nobody has set holds as it was shipped."""

    class Kind(models.TextChoices):
        OVERSPEND = "overspend", _("More was spent than planned")
        UNDERSPEND = "underspend", _("Less was spent than planned")
        CLICK_RATE_DROP = "click_rate_drop", _("Fewer contacts are clicked than expected")
        CONVERSION_DROP = "conversion_drop", _("Fewer clicks end in a purchase than expected")
        COMPLAINTS = "complaints", _("Too many complaints about e-mails")
        BOUNCES = "bounces", _("Too many e-mails come back")
        SITE_SILENCE = "site_silence", _("The shop's site tells of no events")
        SPEND_SILENCE = "spend_silence", _("A paid channel tells of no spend")

    kind = models.CharField(max_length=20, choices=Kind)
    launch = models.ForeignKey(
        Launch,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="alert_rules",
        help_text="Empty: for all launches that have no rule of their own.",
    )
    threshold = models.FloatField(validators=[MinValueValidator(0)])
    is_on = models.BooleanField(default=True, help_text="Off: nobody is told of it.")

    class Meta:
        ordering = ["kind", "launch"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "launch"], nulls_distinct=False, name="launchopt_one_alert_rule"
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=0), name="launchopt_threshold_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.launch or 'all launches'}"

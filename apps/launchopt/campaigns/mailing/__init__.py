"""E-mails to customers: how they look, how they are handed over, what a provider tells of them."""

from launchopt.campaigns.mailing.channel import Email, send_test
from launchopt.campaigns.mailing.reports import record_reports

__all__ = ["Email", "record_reports", "send_test"]

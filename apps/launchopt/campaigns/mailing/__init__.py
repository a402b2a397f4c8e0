"""Launches by e-mail, through Django's own mail backends: each message at most once."""

from launchopt.campaigns.mailing.choosing import is_mail_set_up
from launchopt.campaigns.mailing.reports import record_reports
from launchopt.campaigns.mailing.sending import find_unknown, send_due, send_test, settle

__all__ = ["find_unknown", "is_mail_set_up", "record_reports", "send_due", "send_test", "settle"]

"""The report of a launch: what was planned, what happened, and what it caused."""

from launchopt.campaigns.reporting.answer import launch_report
from launchopt.campaigns.reporting.figures import Counts
from launchopt.campaigns.reporting.page import report_page
from launchopt.campaigns.reporting.sections import Picture, Section, Table, add_section

__all__ = [
    "Counts",
    "Picture",
    "Section",
    "Table",
    "add_section",
    "launch_report",
    "report_page",
]

"""A file of rows: what it holds, how its columns become fields, and what is wrong with them."""

from launchopt.operations.importing.cleaning import clean_rows, split_rejected
from launchopt.operations.importing.fields import Field, Rule
from launchopt.operations.importing.files import Source, read_source
from launchopt.operations.importing.mapping import Mapping
from launchopt.operations.importing.report import Report

__all__ = [
    "Field",
    "Mapping",
    "Report",
    "Rule",
    "Source",
    "clean_rows",
    "read_source",
    "split_rejected",
]

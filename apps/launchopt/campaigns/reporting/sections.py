"""What a section of the report is made of, and the place where a host adds its own.

from launchopt.campaigns.reporting import Section, add_section

def weather(launch: Launch) -> Section | None:
    return Section(key="weather", title="The weather", lead="It rained.")

add_section(weather)  # in AppConfig.ready
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launchopt.campaigns.models import Launch
from launchopt.operations.charts import Svg


@dataclass(frozen=True)
class Table:
    """Rows of text beside a picture; the template escapes them. Folded where it is long."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture made by `charts`. Any other text in its place is shown as text."""

    svg: Svg | str
    caption: str = ""


@dataclass(frozen=True)
class Term:
    """What a word or a figure means."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Section:
    """A part of the report. ``notice`` is set apart, for what a reader must not miss."""

    key: str
    title: str
    lead: str = ""
    notice: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    terms: tuple[Term, ...] = ()
    empty: str = ""  # said in the place of pictures and tables where there is nothing to show


Provider = Callable[[Launch], Section | None]
_providers: list[Provider] = []


def add_section(provider: Provider) -> None:
    """Add a section at the end of every report; None leaves it out. Adding twice adds once."""
    if provider not in _providers:
        _providers.append(provider)


def remove_section(provider: Provider) -> None:
    """Take a provider out again."""
    if provider in _providers:
        _providers.remove(provider)


def added_sections(launch: Launch) -> list[Section]:
    """What hosts have to say about this launch."""
    found = (provider(launch) for provider in _providers)
    return [section for section in found if section is not None]

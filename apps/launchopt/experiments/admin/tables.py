"""Plain tables and figures for the pages of experiments."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def table(
    titles: Iterable[str], rows: Iterable[Iterable[str]], *, empty: str = "Nothing yet."
) -> str | SafeString:
    """A plain table; every cell is escaped."""
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", _cells(row)),) for row in rows)
    )
    if not body:
        return empty
    head = format_html_join("", '<th scope="col">{}</th>', _cells(titles))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def figure(value: float | None) -> str:
    """A number with four significant figures, or a dash.

    >>> figure(0.012345), figure(None)
    ('0.01235', '—')
    """
    return "—" if value is None else f"{value:.4g}"


def p_value(value: float | None) -> str:
    """A p-value; those that are next to nothing need no digits.

    >>> p_value(1e-20), p_value(0.25), p_value(None)
    ('below 0.001', '0.250', '—')
    """
    if value is None:
        return "—"
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def interval(limits: Iterable[float | None] | None) -> str:
    """Low to high, or a dash.

    >>> interval([0.01, 0.02]), interval(None)
    ('0.01 to 0.02', '—')
    """
    values = list(limits or [None])
    return "—" if None in values else " to ".join(figure(value) for value in values)


def per_cents(shares: Iterable[float | None] | None) -> str:
    """Relative changes with their sign, low to high; a dash where one is not known.

    >>> per_cents([-0.05]), per_cents([-0.01, 0.123]), per_cents(None)
    ('−5.0 %', '−1.0 % to +12.3 %', '—')
    """
    values = list(shares or [None])
    told = [f"{100 * value:+.1f} %" for value in values if value is not None]
    return " to ".join(told).replace("-", "−") if len(told) == len(values) else "—"


def _cells(words: Iterable[str]) -> list[tuple[str]]:
    return [(word,) for word in words]

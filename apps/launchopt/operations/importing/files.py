"""A CSV or Parquet file as rows of text, each with its line; what is no row is kept apart."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from launchopt.operations.errors import InvalidInput

LINE = "line number"  # a name that no import field has
LONGEST_FIELD = 1 << 30


@dataclass(frozen=True)
class Malformed:
    """A line that has more or fewer fields than the header."""

    line: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Source:
    """The rows of a file: every column a text, empty cells null, and the line of each row."""

    path: Path
    rows: pl.DataFrame
    malformed: list[Malformed] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [name for name in self.rows.columns if name != LINE]

    @property
    def count(self) -> int:
        """How many rows the file has, well formed or not."""
        return len(self.rows) + len(self.malformed)


def read_source(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> Source:
    """Read CSV, gzipped CSV or Parquet. Raises InvalidInput, in one line, for what is neither."""
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.")
    data = path.read_bytes()
    if not data:
        raise InvalidInput(f"{path} is empty: it has 0 bytes.")
    if data[:4] == b"PAR1":
        return Source(path, _parquet(path))
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(data, path=path)
    return _csv(_utf8(data, path=path, encoding=encoding), path=path, delimiter=delimiter)


def _unzipped(data: bytes, *, path: Path) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path} is no whole gzip file: {error}. Copy it again.") from error


def _parquet(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except Exception as error:  # polars raises many kinds, all of which mean a broken file
        raise InvalidInput(f"{path} cannot be read as Parquet: {_first_line(error)}") from error
    nested = [n for n, t in frame.schema.items() if t.is_nested()]
    if nested:
        raise InvalidInput(f"{path}: column {nested[0]!r} holds lists or records, not values.")
    return frame.select(_as_text(name, kind) for name, kind in frame.schema.items()).with_row_index(
        LINE, offset=1
    )


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        column = column.dt.to_string("iso:strict")
    elif kind.is_float():
        column = column.fill_nan(None)
    return column.cast(pl.String)


def _utf8(data: bytes, *, path: Path, encoding: str) -> bytes:
    """The file's bytes as UTF-8 without a byte order mark."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise InvalidInput(
            f"There is no encoding {encoding!r}; utf-8, cp1252 and latin-1 are common."
        ) from error
    if name == "utf-8" and data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InvalidInput(f"{path} is UTF-16; pass --encoding utf-16.")
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise InvalidInput(_wrong_encoding(data, path=path, name=name, error=error)) from error
    if name == "utf-8":
        return data.removeprefix(codecs.BOM_UTF8)
    return text.removeprefix("\ufeff").encode()


def _wrong_encoding(data: bytes, *, path: Path, name: str, error: UnicodeError) -> str:
    at = getattr(error, "start", 0)
    line = data.count(b"\n", 0, at) + 1
    return (
        f"{path} is not {name}: line {line} has the byte 0x{data[at]:02x}. "
        "Say which encoding it has, such as --encoding cp1252."
    )


def _csv(data: bytes, *, path: Path, delimiter: str) -> Source:
    header = _header(data, path=path, delimiter=delimiter)
    quick = _quick(data, width=len(header), delimiter=delimiter)
    if quick is not None:
        return Source(
            path,
            quick.rename(dict(zip(quick.columns, header, strict=True))).with_row_index(
                LINE, offset=2
            ),
        )
    return _careful(data, header=header, path=path, delimiter=delimiter)


def _header(data: bytes, *, path: Path, delimiter: str) -> list[str]:
    first = data[: data.find(b"\n") + 1 or None].decode()
    try:
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    except csv.Error as error:
        raise InvalidInput(f"{path}: the header is no CSV: {error}.") from error
    if not any(names):
        raise InvalidInput(f"{path}: the first line should name the columns, and is empty.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(f"{path}: two columns are named {twice!r}; rename one.")
    if len(names) == 1 and any(mark in first for mark in ";\t|"):
        raise InvalidInput(
            f"{path}: the only column is {names[0]!r}; pass --delimiter if fields are not "
            "separated by commas."
        )
    return names


def _quick(data: bytes, *, width: int, delimiter: str) -> pl.DataFrame | None:
    """The rows by Polars, if each stands on one line and has `width` fields; else None.

    Polars fills short rows with nothing. They show in the number of delimiters: a file without
    them has width - 1 for each row, and those inside of quoted fields.
    """
    try:
        frame = pl.read_csv(data, separator=delimiter, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if frame.width != width or lines != len(frame) + 1:
        return None
    mark = delimiter.encode()
    quoted = _inside(frame, delimiter) if b'"' in data else 0
    if data.count(mark) != (len(frame) + 1) * (width - 1) + quoted:
        return None
    return frame


def _inside(frame: pl.DataFrame, delimiter: str) -> int:
    counts = frame.select(pl.all().str.count_matches(delimiter, literal=True).sum())
    return sum(count or 0 for count in counts.row(0)) + sum(
        name.count(delimiter) for name in frame.columns
    )


def _careful(data: bytes, *, header: list[str], path: Path, delimiter: str) -> Source:
    """Row by row: fields may hold line breaks, and wrong lines are told from right ones."""
    rows: list[list[str]] = []
    lines: list[int] = []
    malformed: list[Malformed] = []
    for line, cells in _records(data, path=path, delimiter=delimiter):
        if len(cells) == len(header):
            rows.append(cells)
            lines.append(line)
        elif cells:
            reason = f"malformed: {len(cells)} fields where the header has {len(header)}"
            malformed.append(Malformed(line, tuple(cells), reason))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
    numbers = pl.Series(LINE, lines, dtype=pl.UInt32)
    return Source(path, frame.insert_column(0, numbers), malformed)


def _records(data: bytes, *, path: Path, delimiter: str) -> list[tuple[int, list[str]]]:
    longest = csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter, strict=True)
    found, line = [], 1
    try:
        for cells in reader:
            found.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"{path}: the row that begins on line {line} is no CSV: {error}. "
            "Is a quotation mark opened and never closed?"
        ) from error
    finally:
        csv.field_size_limit(longest)
    return found[1:]


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]

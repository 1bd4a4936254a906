"""Tables: typed columns, handed to pandas, polars, DuckDB and pyarrow by the Arrow PyCapsule interface."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _native

if TYPE_CHECKING:
    import pandas

Cell = str | int | float | bool | None
_READ: dict[str, Callable[[str], Cell]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: text == "true",
}
_SHOWN = 20
"""Rows that a notebook shows."""


@dataclass(frozen=True)
class Column:
    """What is known of a column."""

    name: str
    """Its name."""
    kind: str
    """`string`, `integer`, `number` or `boolean`."""
    unit: str | None
    """Unit of its numbers, where all rows have the same; else its meaning says it, or a column `unit`."""
    meaning: str
    """What it means."""


class Table:
    """A table. `pandas.DataFrame.from_arrow`, `polars.DataFrame`, `duckdb.sql` and `pyarrow.table` take it as it is."""

    def __init__(self, name: str, about: str, fields: list[tuple[str, str, str | None, str]], text: str) -> None:
        self.name = name
        """Its file in a run's folder, or what it is called where it is only answered."""
        self.about = about
        """What its rows are."""
        self._fields = fields
        self._text = text

    @property
    def columns(self) -> list[Column]:
        """Its columns, with types, units and meanings."""
        return [Column(*field) for field in self._fields]

    def to_csv(self) -> str:
        """The table as CSV: byte for byte the file that the command line writes."""
        return self._text

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return _native.table_stream(self._fields, self._text)

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a data frame of pandas."""
        import pandas

        try:
            import pyarrow
        except ImportError:
            return pandas.read_csv(io.StringIO(self._text))
        frame: pandas.DataFrame = pyarrow.table(self).to_pandas()
        return frame

    def __iter__(self) -> Iterator[dict[str, Cell]]:
        kinds = [_READ[field[1]] for field in self._fields]
        reader = csv.reader(io.StringIO(self._text))
        names = next(reader)
        for row in reader:
            yield {name: kind(cell) if cell else None for name, kind, cell in zip(names, kinds, row, strict=True)}

    def rows(self) -> list[dict[str, Cell]]:
        """Its rows as dictionaries; what is missing is None."""
        return list(self)

    def __getitem__(self, column: str) -> list[Cell]:
        """The cells of a column, in order."""
        if column not in (field[0] for field in self._fields):
            raise KeyError(f"{self.name} has no column {column}: it has {', '.join(f[0] for f in self._fields)}")
        return [row[column] for row in self]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.about}; {len(self)} rows of {', '.join(f[0] for f in self._fields)}>"

    def _repr_html_(self) -> str:
        return _html(self, self.about)


def show(value: Cell) -> str:
    """A cell as people read it."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "" if value is None else str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    return f"{value:.2e}"


def _html(table: Table, caption: str) -> str:
    numeric = {c.name for c in table.columns if c.kind in ("integer", "number")}
    units = {c.name: c.unit for c in table.columns}

    def head(name: str) -> str:
        unit = f" [{html.escape(units[name] or '')}]" if units[name] else ""
        side = "right" if name in numeric else "left"
        return f'<th style="text-align:{side}">{html.escape(name)}{unit}</th>'

    def cell(name: str, value: Cell) -> str:
        side = "right" if name in numeric else "left"
        return f'<td style="text-align:{side}">{html.escape(show(value))}</td>'

    rows = table.rows()
    body = "".join(f"<tr>{''.join(cell(n, v) for n, v in row.items())}</tr>" for row in rows[:_SHOWN])
    more = f"<p>{len(rows) - _SHOWN} more rows</p>" if len(rows) > _SHOWN else ""
    heads = "".join(head(field[0]) for field in table._fields)
    return f"<table><caption>{html.escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


class Draws:
    """A row a draw: its number, a column a cell `actor/metric@quarter`, and what it took for uncertain numbers.

    The draws are simulated while they are read, batch by batch, so that a million of them fit. Every reader gets the same draws:
    reading twice simulates twice.
    """

    def __init__(self, words: list[str], inputs: bool, rows: int) -> None:
        self._native = _native.Draws(words, inputs, rows)

    @property
    def columns(self) -> list[tuple[str, str, str | None]]:
        """Names, Arrow types and units of the columns."""
        return self._native.columns()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.stream()

    def batches(self) -> Iterator[Any]:
        """Record batches of pyarrow, one after the other while they are simulated."""
        import pyarrow

        reader = pyarrow.RecordBatchReader.from_stream(self)
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except Exception:
                self._native.raise_()
                raise
            yield batch

    def to_pandas(self) -> pandas.DataFrame:
        """All draws as a data frame of pandas."""
        import pyarrow

        names = [name for name, _, _ in self.columns]
        batches = list(self.batches())
        if not batches:
            import pandas

            return pandas.DataFrame({name: [] for name in names})
        frame: pandas.DataFrame = pyarrow.Table.from_batches(batches).to_pandas()
        return frame

    def __repr__(self) -> str:
        return f"<Draws: a column each for {len(self.columns) - 1} numbers, simulated while they are read>"

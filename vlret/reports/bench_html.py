"""HTML that several sections of a benchmark page use."""

from __future__ import annotations

from collections.abc import Sequence

from vlret.reports.write_page import text


def section(title: str, body: str) -> str:
    """A section around `body`, which is HTML."""
    return f"<section><h2>{text(title)}</h2>{body}</section>"


def table(columns: Sequence[str], rows: str, kind: str = "") -> str:
    """A table of `rows`, which are HTML; a table that is too wide scrolls, by keyboard too."""
    head = "".join(f"<th>{text(name)}</th>" for name in columns)
    inner = f"<table class='list {kind}'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<div class='scroll' tabindex='0'>{inner}</div>"


def cell(column: str, value: str, below: str = "") -> str:
    """A cell of HTML that knows its column: a narrow screen has no head row."""
    small = f"<small>{below}</small>" if below else ""
    return f"<td data-column='{text(column)}'>{value}{small}</td>" if value else "<td></td>"


def share_cell(column: str, value: float) -> str:
    """A cell with a share (0 to 1) in per cent and as a bar."""
    bar = f"<div class='track'><i style='width:{100 * value:.1f}%'></i></div>"
    return cell(column, f"{100 * value:.1f}{bar}")

"""Tables of what was measured."""

from __future__ import annotations

from .engine import Figure


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def decisions_table(figures: list[Figure]) -> str:
    own = {figure.rules: figure.cpu_us for figure in figures if figure.engine == "lapwing"}
    rows = [
        [
            figure.engine,
            f"{figure.rules:,}",
            number(figure.cpu_us),
            number(figure.p50_us),
            number(figure.p99_us),
            f"{figure.per_cpu_second:,.0f}" if figure.cpu_us else "-",
            number(figure.cpu_us / own[figure.rules]) if figure.rules in own else "-",
        ]
        for figure in figures
    ]
    head = ["engine", "rules", "CPU us each", "p50 us", "p99 us", "per CPU second", "CPU / lapwing's"]
    return table(head, rows)

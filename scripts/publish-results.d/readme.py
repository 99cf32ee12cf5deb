"""Copies the figures of results/comparison.md that a reader compares first to where a README has room for them."""

import pathlib
import sys

COLUMNS = ["strategy", "issued", "over-issued", "p50", "p99 issued", "durable p50", "answers"]
BEGIN, END = "<!-- from results/comparison.md -->\n", "<!-- end -->\n"


def cells(line):
    return [cell.strip() for cell in line.strip("|\n").split("|")]


def table(comparison):
    lines = [line for line in comparison.splitlines() if line.startswith("|")]
    head = cells(lines[0])
    rows = lines[2 : 2 + sum(line.startswith(("| ✅", "| ❌", "| ⚠")) for line in lines)]
    yield COLUMNS
    yield ["---"] + ["---:"] * (len(COLUMNS) - 1)
    for row in map(cells, rows):
        yield [row[head.index(column)] for column in COLUMNS]


def main(comparison, *pages):
    rows = "".join(f"| {' | '.join(row)} |\n" for row in table(comparison.read_text()))
    for page in pages:
        before, rest = page.read_text().split(BEGIN)
        _, after = rest.split(END)
        page.write_text(f"{before}{BEGIN}{rows}{END}{after}")


main(*map(pathlib.Path, sys.argv[1:]))

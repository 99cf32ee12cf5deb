"""Turns the figures that scripts/bench-peers has collected into results/peers.md and results/peers.json."""

import collections
import json
import pathlib
import statistics
import sys

RATIO, VALUE = "ratio", "value"

# name: description, unit, what is judged (the ratio to the peer, or the value itself), at least or at most, the bound
ROWS = {
    "incr": ("`INCR`, 50 connections, one in flight each", "/s", RATIO, "≥", 1.3),
    "incr-multiplexed": ("`INCR`, 50 in flight over one connection, against the same peer", "/s", RATIO, None, None),
    "incr-pipelined": ("`INCR`, 800 in flight", "/s", RATIO, "≥", 0.5),
    "insert": ("single-row `INSERT`, 10 connections", "/s", RATIO, "≥", 1.0),
    "produce": ("records, `acks=all`, idempotent, 106 bytes", "/s", RATIO, "≥", 1.0),
    "memory": ("memory a user", "bytes", VALUE, "≤", 1024),
    "start": ("10,000 users, process start to exit", "s", VALUE, "≤", 1),
    "million": ("1,000,000 users, process start to exit", "s", VALUE, "≤", 10),
    "million-memory": ("1,000,000 users, peak memory", "MiB", VALUE, "≤", 1024),
    "growth": ("processor time a user, 1,000,000 users against 10,000", "µs", RATIO, "≤", 1.2),
}

NOTES = """\
- A ratio is the median of the rounds' ratios: a round's two figures come from the same minute. Ranges are the least and the
  most of all rounds.
- This program's operations go through the ports, the load engine and the recorder of a run, and every one is timed and kept by
  itself. `pgbench` and `redis-benchmark` keep less; they are also given less to do.
- `redis-benchmark` is one thread by default, and so is Redis. Where both cores are busy with the two programs, the generator's
  own cost shows in the figure.
- 800 in flight: `-P 16` sends 16 commands in one write and waits for all of them. Here 800 requests are independent of each
  other, and each is answered by itself.
- Records: Kafka's tool waits only for its own buffer (32 MB), has no keys, and keeps to one partition for a batch. Here
  records have a key, which decides the partition, and at most so many are open at a time as the command says.
- `pgbench` sends `INSERT` with one parameter as a prepared statement, as this program does; both commit by themselves.
- Memory a user is the peak of the process less that of a run with 100 users. That of k6 is its own figure for a virtual user
  that runs JavaScript, which a user is not here.
- Growth: user and system time of the whole process, nothing subtracted. What starting and stopping costs weighs on the
  10,000 and hides in the 1,000,000.
"""


def numbers(path):
    figures = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in path.read_text().splitlines():
        name, side, value = line.split("\t")
        figures[name][side].append(float(value))
    return figures


def commands(path):
    lines = (line.split("\t") for line in path.read_text().splitlines())
    return {(name, side): command for name, side, command in lines}


def spread(values, command):
    if not values:
        return {"command": command} if command else None
    return {
        "command": command,
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": values,
    }


def judged(name, sides, said):
    what, unit, kind, bound, wanted = ROWS[name]
    peer, ours = sides["peer"], sides["ours"]
    ratio = statistics.median(b / a for a, b in zip(peer, ours)) if peer else None
    value = ratio if kind == RATIO else statistics.median(ours)
    met = None
    if bound:
        met = value >= wanted if bound == "≥" else value <= wanted
    return {
        "name": name,
        "what": what,
        "unit": unit,
        "peer": spread(peer, said.get((name, "peer"))),
        "ours": spread(ours, said.get((name, "ours"))),
        "ratio": ratio,
        "judged": kind,
        "wanted": f"{bound} {wanted}" if bound else None,
        "met": met,
    }


def figure(value, unit):
    digits = 0 if value >= 100 else 2
    return f"{value:,.{digits}f}{'' if unit == '/s' else ' '}{unit}"


def cell(side, unit):
    if side is None:
        return "–"
    if "median" not in side:
        return side["command"]
    least, most = figure(side["min"], ""), figure(side["max"], "")
    return f"{figure(side['median'], unit)} ({least.strip()}–{most.strip()})<br>`{side['command']}`"


def wanted(row):
    if row["wanted"] is None:
        return "–"
    unit = " ×" if row["judged"] == RATIO else f" {row['unit']}"
    return row["wanted"] + unit


def line(row):
    ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f} ×"
    met = {None: "–", True: "yes", False: "**no**"}[row["met"]]
    cells = [row["what"], cell(row["peer"], row["unit"]), cell(row["ours"], row["unit"]), ratio, wanted(row), met]
    return "| " + " | ".join(cells) + " |"


def main(work, results):
    said = commands(work / "commands")
    rows = [judged(name, sides, said) for name, sides in numbers(work / "figures").items()]
    rows.sort(key=lambda row: list(ROWS).index(row["name"]))
    report = json.loads((work / "report.json").read_text())
    machine, tool = report["environment"], report["tool"]
    versions = dict(entry.split("=", 1) for entry in (work / "environment").read_text().splitlines())
    rounds = max(len(row["ours"]["values"]) for row in rows)
    head = f"""\
# Beside other tools

Written by `scripts/bench-peers` on {versions.pop("date")}, revision {versions["revision"]}, {rounds} alternating rounds.
{machine["cores"]} cores of {machine["cpu"]}, {machine["memory_bytes"] / 2**30:.0f} GiB, {machine["os"]}; \
{tool["name"]} {tool["version"]}, {", ".join(f"{k} {v}" for k, v in versions.items() if k != "revision")}.

| what | peer | this program | ratio | wanted | met |
| --- | ---: | ---: | ---: | ---: | --- |
"""
    text = head + "\n".join(line(row) for row in rows) + "\n\n" + NOTES
    (results / "peers.md").write_text(text)
    whole = {"environment": machine, "tool": tool, "versions": versions, "rounds": rounds, "rows": rows}
    (results / "peers.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


main(*map(pathlib.Path, sys.argv[1:]))

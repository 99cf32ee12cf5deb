"""Turns the figures that scripts/cross-check has collected into results/http-peers.md; fails if the tools disagree."""

import collections
import json
import pathlib
import statistics
import sys

STRATEGIES = {
    "answer": "only answers, issues no coupons",
    "redis-set-incr": "`SADD`, then `INCR`; embedded Redis and SQLite",
    "redis-kafka": "`SADD`, `INCR`, a record for a consumer; embedded Redis and Kafka, SQLite",
}
TOOLS = {"oha": "oha", "wrk": "wrk", "k6": "k6", "ours": "coupon-bench"}
# The bounds of this program's requests per second over the tool's, with the strategy that only answers.
WANTED = {"oha": 1.0, "wrk": 0.6, "k6": 5.0}

NOTES = """\
- The server is `coupon-bench serve` on the same machine, so server and tool share its cores: a tool that costs less leaves more
  to the server, and that is part of what is compared.
- A ratio is the median of the rounds' ratios; requests per second are medians.
- This program sends a body that names its user, reads every answer by the rules of a target file, and keeps it, to reconcile it
  with the ledger by user. To `answer`, the others send such a body too, with the same user each time. To the other strategies
  they send none, and the server makes up a user for each: it has less to do for them.
- The ledger is read when nothing is under way any more. `told` is what the tool itself counted: answers with status 201.
"""


# Percentiles of the response times while the server is stopped, and the allowed difference from the calculated ones.
STALL = {"p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
STALL_WANTED = 0.05


def figures(path):
    rows = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in path.read_text().splitlines():
        strategy, tool, rate, told, issued = line.split("\t")
        rows[strategy][tool].append((float(rate), int(told), int(issued)))
    return rows


def rate(rounds):
    return statistics.median(rate for rate, _, _ in rounds)


def ratio(ours, peer):
    return statistics.median(a / b for (a, _, _), (b, _, _) in zip(ours, peer))


def counts(rounds, column):
    return ", ".join(f"{count:,}" for count in sorted({entry[column] for entry in rounds}))


def lines(strategy, tools):
    ours = tools["ours"]
    for tool, rounds in tools.items():
        wanted = WANTED.get(tool) if strategy == "answer" else None
        times = ratio(ours, rounds)
        cells = [
            f"`{strategy}`",
            TOOLS[tool],
            f"{rate(rounds):,.0f}/s",
            "–" if tool == "ours" else f"{times:.2f} ×",
            f"≥ {wanted} ×" if wanted else "–",
            ("yes" if times >= wanted else "**no**") if wanted else "–",
            counts(rounds, 1),
            counts(rounds, 2),
        ]
        yield "| " + " | ".join(cells) + " |"


def stalled(path, seconds):
    """Each tool's response times through a stall, and what arithmetic says of them.

    Requests are due at even distances. A request that is due while the server is stopped, for `stall` seconds of all, waits for the
    rest of them: the slowest `1 - p` of all requests have waited at least `stall - (1 - p) * seconds`.
    """
    for line in path.read_text().splitlines():
        tool, stall, *times = line.split()
        expected = [int(stall) / 1e9 - (1 - part) * seconds for part in STALL.values()]
        yield tool, [(float(time), wanted) for time, wanted in zip(times, expected)]


def stall_lines(path, seconds):
    for tool, times in stalled(path, seconds):
        worst = max(abs(time / wanted - 1) for time, wanted in times)
        cells = [TOOLS[tool]]
        cells += [f"{time * 1e3:,.0f} ms, {wanted * 1e3:,.0f} ms" for time, wanted in times]
        cells += [f"{worst:.1%}", "yes" if worst <= STALL_WANTED else "**no**"]
        yield "| " + " | ".join(cells) + " |"


def agree(tools):
    return len({issued for rounds in tools.values() for _, _, issued in rounds}) == 1


def main(work, out):
    rows = figures(work / "figures")
    report = json.loads((work / "report.json").read_text())
    machine, tool = report["environment"], report["tool"]
    said = dict(entry.split("=", 1) for entry in (work / "environment").read_text().splitlines())
    rounds = max(len(entries) for tools in rows.values() for entries in tools.values())
    disagreed = [strategy for strategy, tools in rows.items() if not agree(tools)]
    verdict = "All tools left the same number of coupons in the ledger, with every strategy."
    if disagreed:
        verdict = f"**The tools left different numbers of coupons in the ledger: {', '.join(disagreed)}.**"
    parts = [
        f"""\
# The same server under other load tools

Written by `scripts/cross-check` on {said["date"]}, revision {said["revision"]}: {rounds} rounds, {said["seconds"]} s a tool, \
{said["connections"]} connections, limit {said["limit"]}.
{machine["cores"]} cores of {machine["cpu"]}, {machine["memory_bytes"] / 2**30:.0f} GiB, {machine["os"]}; \
{tool["name"]} {tool["version"]}, oha {said["oha"]}, wrk {said["wrk"]}, k6 {said["k6"]}, load before {said["load before"]}.

{verdict}

| strategy | tool | requests | coupon-bench against it | wanted | met | told issued | in the ledger |
| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |""",
        *(line for strategy, tools in rows.items() for line in lines(strategy, tools)),
        "",
        *(f"- `{strategy}`: {STRATEGIES[strategy]}." for strategy in rows),
        NOTES
        + f"- wrk, which does least, made {ratio(rows['answer']['wrk'], rows['answer']['k6']):.1f} × k6's requests to `answer`: "
        "what a ratio to k6 can be on this machine.\n",
        f"""\
## Response times at a fixed rate

{int(said["stall rate"]):,} requests a second for {said["stall seconds"]} s, while the server was stopped (SIGSTOP) for one second. \
Response times run from the intended start of a request, so a request that was due in that second waited for the rest of it; \
oha does so with `--latency-correction`, as wrk2 does.

| tool | {" | ".join(f"{name}, by arithmetic" for name in STALL)} | furthest off | ≤ {STALL_WANTED:.0%} |
| --- | {"---: | " * (len(STALL) + 1)}--- |""",
        *stall_lines(work / "stalls", int(said["stall seconds"])),
        "",
    ]
    out.write_text("\n".join(parts))
    sys.exit(1 if disagreed else 0)


main(*map(pathlib.Path, sys.argv[1:]))

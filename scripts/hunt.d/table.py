"""Turns the rows of results/hunt.json, which measure.py has written, into results/hunt.md.

    table.py MACHINE.json RESULTS      MACHINE.json: a report of this program, which describes the machine
"""

import json
import pathlib
import sys

LANGUAGES = {"python": "Python", "node": "Node", "go": "Go", "spring": "Spring Boot"}
DATABASES = {"postgres": "PostgreSQL", "mariadb": "MariaDB", "redis": "Redis alone"}
GROUPS = ["broken", "correct", "uncontrollable"]

# What a hunt has to reach.
MOST_SECONDS, MOST_SCHEDULES, LEAST_A_SECOND = 60, 500, 20

BROKEN = """\
## Broken services

A witness has to be found within {seconds} s and {schedules} schedules, and every replay of it has to violate the promise.

| language | database | kind | finding | schedules to it | seconds to it | replays | met |
| --- | --- | --- | --- | ---: | ---: | ---: | --- |
"""

CORRECT = """\
## Correct services

Every hunt has to play all orders, without an alarm; schedules and seconds are medians of a hunt. A Python service has to reach
{speed} schedules a second.

| language | database | kind | exhausted | alarms | schedules | seconds | schedules/s | met |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |
"""

UNCONTROLLABLE = """\
## Services that defeat the method

A hunt must not say that such a service holds. It says that the order is not controllable, with the reason, and exits with 4; or it
finds a witness.

| language | database | kind | what the hunt says | exit | met |
| --- | --- | --- | --- | ---: | --- |
"""


def met(condition):
    return "yes" if condition else "**no**"


def place(row):
    return [LANGUAGES[row["language"]], DATABASES[row["database"]], f"`{row['kind']}`"]


def broken(row):
    witness, replay = row["witness"], row.get("replay")
    if not witness:
        return [f"none: {', '.join(row['extents'])}", "–", "–", "–", met(False)]
    quick = witness["seconds"] <= MOST_SECONDS and witness["schedules"] <= MOST_SCHEDULES
    finding = f"{', '.join(witness['findings'])}<br>`{witness['token']}`"
    again = f"{replay['violated']} of {replay['trials']}"
    figures = [str(witness["schedules"]), f"{witness['seconds']:.1f}", again]
    return [finding, *figures, met(quick and replay["violated"] == replay["trials"])]


def correct(row):
    speed = row["schedules_per_s"]
    fine = row["exhausted"] == row["hunts"] and row["alarms"] == 0
    quick = row["language"] != "python" or (speed or 0) >= LEAST_A_SECOND
    figures = [f"{row['schedules']:g}", f"{row['seconds']:.1f}", "–" if speed is None else f"{speed:.0f}"]
    exhausted = f"{row['exhausted']} of {row['hunts']}"
    if row["reasons"]:
        exhausted += f": {'; '.join(row['reasons'])}".replace("|", "\\|")
    return [exhausted, str(row["alarms"]), *figures, met(fine and quick)]


def uncontrollable(row):
    said = [extent.replace("_", " ") for extent in row["extents"]] + row["reasons"]
    honest = "not_controllable" in row["extents"] and row["reasons"] and row["exit_codes"] == [4]
    fine = honest or row["witness"]
    return ["<br>".join(said).replace("|", "\\|"), ", ".join(map(str, row["exit_codes"])), met(fine)]


def section(rows, group, head, cells):
    text = head.format(seconds=MOST_SECONDS, schedules=MOST_SCHEDULES, speed=LEAST_A_SECOND)
    width = head.strip().splitlines()[-1].count("|") - 1
    for row in (row for row in rows if row["group"] == group):
        blank = [""] * (width - 5)
        line = place(row) + ([row["error"], *blank, met(False)] if "error" in row else cells(row))
        text += f"| {' | '.join(line)} |\n"
    return text


def order(row):
    names = list(LANGUAGES), list(DATABASES)
    return GROUPS.index(row["group"]), names[0].index(row["language"]), names[1].index(row["database"])


def main(machine, results):
    report = json.loads(pathlib.Path(machine).read_text())
    results = pathlib.Path(results)
    rows = sorted(json.loads((results / "hunt.json").read_text())["rows"], key=order)
    environment, tool = report["environment"], report["tool"]
    revisions = ", ".join(sorted({f"{row['revision']} ({row['date']})" for row in rows}))
    text = f"""\
# Hunts

Written by `scripts/hunt`; revisions: {revisions}. {environment["cores"]} cores of {environment["cpu"]}, \
{environment["memory_bytes"] / 2**30:.0f} GiB, {environment["os"]}; {tool["name"]} {tool["version"]}. The services are those of
`tests/foreign/hunt`; a gate stood in front of the database and of Redis. Each hunt started its service anew; seconds are without
that start.

"""
    for group, head, cells in [("broken", BROKEN, broken), ("correct", CORRECT, correct), ("uncontrollable", UNCONTROLLABLE, uncontrollable)]:
        text += section(rows, group, head, cells) + "\n"
    (results / "hunt.md").write_text(text.rstrip() + "\n")


main(*sys.argv[1:])

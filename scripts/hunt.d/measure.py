"""Hunts the services of tests/foreign/hunt for scripts/hunt, and writes a row for each of them into a JSON file.

    measure.py PROGRAM FOLDER RESULTS.json LANGUAGES DATABASES KINDS HUNTS TRIALS

Lists are words with spaces between them. The addresses of the services are in COUPON_BENCH_TEST_POSTGRES, _MYSQL and _REDIS.
"""

import datetime
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/foreign/hunt"))
import targets  # noqa: E402

ADDRESS = {"postgres": "COUPON_BENCH_TEST_POSTGRES", "mariadb": "COUPON_BENCH_TEST_MYSQL", "redis": "COUPON_BENCH_TEST_REDIS"}
FLAG = {"postgres": "--postgres", "mariadb": "--mysql"}

# The longest time of one hunt or of all replays of a witness, in seconds.
LONGEST = 900


class Service:
    """One kind in one language on one database."""

    def __init__(self, program, folder, language, database, kind):
        self.program, self.language, self.database, self.kind = program, language, database, kind
        self.target, self.document = folder / f"{language}-{database}-{kind}.toml", folder / "hunt.json"

    def environment(self):
        """The service is told the real addresses; the hunt replaces those behind a gate. JPA needs a database in any case."""
        database = "postgres" if self.database == "redis" and self.language == "spring" else self.database
        more = {"REDIS_URL": os.environ[ADDRESS["redis"]], "TABLE_PREFIX": f"hunt_{self.language}", "KIND": self.kind}
        if database != "redis":
            more["DATABASE_URL"] = os.environ[ADDRESS[database]]
        return {**{name: value for name, value in os.environ.items() if name != "DATABASE_URL"}, **more}

    def hunt(self, *flags):
        """One hunt, or one replay: its document, or an error."""
        environment = self.environment()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        os.environ.update({name: environment[name] for name in ("DATABASE_URL", "REDIS_URL") if name in environment})
        self.target.write_text(targets.target(self.kind, port, environment["TABLE_PREFIX"]))
        self.document.unlink(missing_ok=True)
        gates = [FLAG[self.database], os.environ[ADDRESS[self.database]]] if self.database in FLAG else []
        # A service in Java starts slowly on a busy machine.
        gates += ["--redis", environment["REDIS_URL"], "--start-timeout", "180s"]
        service = [str(REPOSITORY / "scripts/hunt-services"), "run", self.language]
        command = [self.program, "hunt", str(self.target), *gates, *flags, "--json", str(self.document), "--", *service]
        try:
            ran = subprocess.run(command, env={**environment, "PORT": str(port)}, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return {"error": f"did not end within {LONGEST} s"}
        if not self.document.exists():
            said = [line for line in ran.stderr.splitlines() if line.strip()]
            return {"error": next((line for line in said if line.startswith("error")), said[-1] if said else "no document")}
        return json.loads(self.document.read_text())

    def measure(self, hunts, trials):
        group = next(name for name, kinds in targets.GROUPS.items() if self.kind in kinds)
        row = {"language": self.language, "database": self.database, "kind": self.kind, "group": group}
        number = hunts if group == "correct" else 1
        documents = [self.hunt() for _ in range(number)]
        errors = [document["error"] for document in documents if "error" in document]
        if errors:
            return {**row, "hunts": number, "error": errors[0]}
        row |= summary(documents)
        if row["witness"]:
            row["replay"] = self.replay(row["witness"]["token"], trials)
        return row

    def replay(self, token, trials):
        document = self.hunt("--replay", token, "--trials", str(trials))
        if "error" in document:
            return {"trials": trials, "violated": 0, "error": document["error"]}
        return {"trials": document["trials"], "violated": document["alike"] if document["verdict"] == "violated" else 0}


def summary(documents):
    """What the hunts of a service have in common."""
    cases = [document["cases"] for document in documents]
    speeds = [document["schedules_per_s"] for document in documents if document["schedules_per_s"] is not None]
    every = [case for document in cases for case in document]
    return {
        "hunts": len(documents),
        "alarms": sum(any(case["witness"] for case in document) for document in cases),
        "exhausted": sum(all(case["extent"] == "exhausted" for case in document) for document in cases),
        "exit_codes": sorted({document["exit_code"] for document in documents}),
        "extents": sorted({case["extent"] for case in every}),
        "reasons": sorted({case["reason"] for case in every if case["reason"]}),
        "notes": sorted({note for document in documents for note in document["notes"]}),
        "schedules": statistics.median(sum(case["schedules"] for case in document) for document in cases),
        "seconds": statistics.median(document["took_ns"] for document in documents) / 1e9,
        "schedules_per_s": statistics.median(speeds) if speeds else None,
        "witness": first_witness(every),
    }


def first_witness(cases):
    found = [case["witness"] for case in cases if case["witness"]]
    if not found:
        return None
    witness = min(found, key=lambda one: one["after_ns"])
    return {
        "token": witness["token"],
        "schedules": witness["schedules"],
        "seconds": witness["after_ns"] / 1e9,
        "findings": [f"{finding['kind']} {finding['count']}" for finding in witness["findings"]],
        "advice": witness["advice"],
    }


def databases_of(kind, databases):
    own = ["redis"] if kind in targets.IN_REDIS else ["postgres", "mariadb"]
    return [database for database in databases if database in own]


def keep(results, row):
    """Writes the row at once, so that an interrupted run leaves what it has measured."""
    rows = json.loads(results.read_text())["rows"] if results.exists() else []
    key = ("language", "database", "kind")
    rows = [other for other in rows if any(other[name] != row[name] for name in key)]
    results.write_text(json.dumps({"rows": rows + [row]}, indent=2, ensure_ascii=False) + "\n")


def main(program, folder, results, languages, databases, kinds, hunts, trials):
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    for language in languages.split():
        for kind in kinds.split():
            for database in databases_of(kind, databases.split()):
                row = Service(program, pathlib.Path(folder), language, database, kind).measure(int(hunts), int(trials))
                row |= {"date": f"{datetime.date.today()}", "revision": revision}
                keep(pathlib.Path(results), row)
                said = row.get("error") or f"{', '.join(row['extents'])}, {row['seconds']:.1f} s"
                print(f"{language:8} {database:9} {kind:24} {said}", flush=True)


main(*sys.argv[1:])

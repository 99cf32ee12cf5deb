"""Prints the target file of a kind of service, for `coupon-bench run --target` and `coupon-bench hunt`.

    targets.py KIND PORT [PREFIX]      DATABASE_URL and REDIS_URL are the real addresses, from which the ledger is read
    targets.py --list broken           the kinds of a group: broken, correct, uncontrollable
"""

import os
import sys

GROUPS = {
    "broken": ["count-insert", "read-write-back", "lock-commit-after", "redis-lock-commit-after", "scard-sadd", "incr-rollback"],
    "correct": ["conditional-update", "for-update", "incr-compensate", "lua", "silent-lock"],
    "uncontrollable": ["pool-of-one", "fan-out"],
}

# Kinds whose ledger is a set in Redis.
IN_REDIS = ["scard-sadd", "lua"]

# Kinds whose code decides about a second claim of a user; the others do not look at the user.
ONE_PER_USER = ["scard-sadd", "incr-rollback", "conditional-update", "for-update", "incr-compensate", "lua"]

# Kinds whose state is in their two tables alone, so that SQL resets them.
SQL_ALONE = ["read-write-back", "conditional-update", "for-update"]

BEGINNING = """title = "{kind}"
promise = "exact"
one_per_user = {one_per_user}

[http]
base_url = "http://127.0.0.1:{port}"

[[setup]]
{setup}

[claim]
url = "/{kind}/coupons"
json = {{ userId = "{{{{user}}}}" }}

[[outcome]]
is = "issued"
status = 201

[[outcome]]
is = "duplicate"
status = 409

[[outcome]]
is = "sold_out"
status = 410

[[outcome]]
is = "failed"
status = 500

[ledger]
{ledger}

[drain]
synchronous = true
"""


def setup(kind, table):
    if kind not in SQL_ALONE:
        return f'url = "/{kind}/reset"\njson = {{ limit = "{{{{limit}}}}" }}'
    reset = f"DELETE FROM {table}_coupon; UPDATE {table}_event SET issued = 0, limit_n = {{{{limit}}}}"
    return f'sql = "{reset}"\ndb = "{os.environ["DATABASE_URL"]}"'


def ledger(kind, table):
    if kind in IN_REDIS:
        return f'redis = {{ url = "{os.environ["REDIS_URL"]}", key = "{table}:users" }}'
    return f'sql = "SELECT user_id FROM {table}_coupon ORDER BY id"\ndb = "{os.environ["DATABASE_URL"]}"'


def target(kind, port, prefix="coupon_hunt"):
    table = f"{prefix}_{kind.replace('-', '_')}"
    one = "true" if kind in ONE_PER_USER else "false"
    return BEGINNING.format(kind=kind, port=port, one_per_user=one, setup=setup(kind, table), ledger=ledger(kind, table))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--list"]:
        print("\n".join(GROUPS[arguments[1]]))
    elif 2 <= len(arguments) <= 3:
        print(target(*arguments), end="")
    else:
        sys.exit(__doc__)

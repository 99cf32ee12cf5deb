"""The handlers of service.py: one function for each kind, which answers with an HTTP status.

Each is written as such handlers are found in services. `event` holds the names of the kind's tables and keys, the limit, the database,
Redis, and a lock of the process.
"""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

ISSUED, DUPLICATE, SOLD_OUT = 201, 409, 410

# Deletes a lock only if it is still ours.
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

# Decides and writes in one step.
CLAIM = """
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'duplicate' end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'sold out' end
redis.call('SADD', KEYS[1], ARGV[1])
return 'issued'
"""

THREADS = ThreadPoolExecutor(16)


# ---- broken -----------------------------------------------------------------------------------------------------------------------


def count_insert(event, user):
    # Counts, then inserts: two requests that count before either inserts both get a coupon.
    with event.db.transaction() as sql:
        sql.execute(f"SELECT count(*) FROM {event.coupon}")
        if sql.fetchone()[0] >= event.limit:
            return SOLD_OUT
        sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


def read_write_back(event, user):
    # Reads the counter, and writes the value that was read plus one: one of two concurrent increments is lost.
    with event.db.transaction() as sql:
        sql.execute(f"SELECT issued, limit_n FROM {event.event} WHERE id = 1")
        issued, limit = sql.fetchone()
        if issued >= limit:
            return SOLD_OUT
        sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
        sql.execute(f"UPDATE {event.event} SET issued = %s WHERE id = 1", (issued + 1,))
    return ISSUED


def lock_commit_after(event, user):
    # The lock is inside the transaction, so it is released before COMMIT: the next request counts without the first one's row.
    with event.db.transaction() as sql:
        with event.lock:
            sql.execute(f"SELECT count(*) FROM {event.coupon}")
            if sql.fetchone()[0] >= event.limit:
                return SOLD_OUT
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


def redis_lock_commit_after(event, user):
    # The same with a lock in Redis.
    token = uuid.uuid4().hex
    with event.db.transaction() as sql:
        while not event.redis.set(event.key("lock"), token, nx=True, px=10_000):
            time.sleep(0.01)
        try:
            sql.execute(f"SELECT count(*) FROM {event.coupon}")
            if sql.fetchone()[0] >= event.limit:
                return SOLD_OUT
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
        finally:
            event.redis.eval(RELEASE, 1, event.key("lock"), token)
    return ISSUED


def scard_sadd(event, user):
    # Asks for the size of the set, then adds: the two commands are not one step.
    if event.redis.scard(event.key("users")) >= event.limit:
        return SOLD_OUT
    if event.redis.sadd(event.key("users"), user) == 0:
        return DUPLICATE
    return ISSUED


def incr_rollback(event, user):
    # Counts in Redis before the INSERT that can fail: after a duplicate the counter is one too high, and one coupon is never issued.
    # It shows when at least two coupons are left, the same user asks twice at once, and other users ask afterwards.
    with event.db.transaction() as sql:
        sql.execute(f"SELECT 1 FROM {event.coupon} WHERE user_id = %s", (user,))
        if sql.fetchone():
            return DUPLICATE
    if event.redis.incr(event.key("issued")) > event.limit:
        return SOLD_OUT
    try:
        with event.db.transaction() as sql:
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    except event.db.Duplicate:
        return DUPLICATE
    return ISSUED


# ---- correct ----------------------------------------------------------------------------------------------------------------------


def conditional_update(event, user):
    # One UPDATE decides and counts; the unique key decides about duplicates, and the rollback takes the count back.
    try:
        with event.db.transaction() as sql:
            sql.execute(f"UPDATE {event.event} SET issued = issued + 1 WHERE id = 1 AND issued < limit_n")
            if sql.rowcount == 0:
                return SOLD_OUT
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    except event.db.Duplicate:
        return DUPLICATE
    return ISSUED


def for_update(event, user):
    # The row of the event is locked until COMMIT, so requests follow one another.
    with event.db.transaction() as sql:
        sql.execute(f"SELECT limit_n FROM {event.event} WHERE id = 1 FOR UPDATE")
        (limit,) = sql.fetchone()
        sql.execute(f"SELECT 1 FROM {event.coupon} WHERE user_id = %s", (user,))
        if sql.fetchone():
            return DUPLICATE
        sql.execute(f"SELECT count(*) FROM {event.coupon}")
        if sql.fetchone()[0] >= limit:
            return SOLD_OUT
        sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


def incr_compensate(event, user):
    # Counts in Redis first, and takes the count back whenever no coupon comes of it.
    # A user who asks between a duplicate's INCR and its DECR may be refused while a coupon is left; that takes three requests at once.
    if event.redis.incr(event.key("issued")) > event.limit:
        event.redis.decr(event.key("issued"))
        return SOLD_OUT
    try:
        with event.db.transaction() as sql:
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    except event.db.Duplicate:
        event.redis.decr(event.key("issued"))
        return DUPLICATE
    return ISSUED


def lua(event, user):
    # One script decides and writes; Redis runs it as one step.
    said = event.claim(keys=[event.key("users")], args=[user, event.limit])
    return {b"issued": ISSUED, b"duplicate": DUPLICATE, b"sold out": SOLD_OUT}[said]


def silent_lock(event, user):
    # A lock around the whole transaction, COMMIT included. A waiting request sends nothing.
    with event.lock:
        with event.db.transaction() as sql:
            sql.execute(f"SELECT count(*) FROM {event.coupon}")
            if sql.fetchone()[0] >= event.limit:
                return SOLD_OUT
            sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


# ---- not controllable -------------------------------------------------------------------------------------------------------------


def pool_of_one(event, user):
    # Counts, then inserts, and all requests share one connection: whose a statement is, the connection does not tell.
    with event.db.only_connection() as sql:
        sql.execute(f"SELECT count(*) FROM {event.coupon}")
        (issued,) = sql.fetchone()
    if issued >= event.limit:
        return SOLD_OUT
    with event.db.only_connection() as sql:
        sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


def fan_out(event, user):
    # Two statements of one request run at the same time, on two connections.
    count = THREADS.submit(ask, event, f"SELECT count(*) FROM {event.coupon}")
    limit = THREADS.submit(ask, event, f"SELECT limit_n FROM {event.event} WHERE id = 1")
    if count.result() >= limit.result():
        return SOLD_OUT
    with event.db.transaction() as sql:
        sql.execute(f"INSERT INTO {event.coupon} (user_id) VALUES (%s)", (user,))
    return ISSUED


def ask(event, query):
    with event.db.transaction() as sql:
        sql.execute(query)
        return sql.fetchone()[0]


# Whether the table of coupons has a unique key on the user; None: the kind has no tables.
KINDS = {
    "count-insert": (count_insert, False),
    "read-write-back": (read_write_back, False),
    "lock-commit-after": (lock_commit_after, False),
    "redis-lock-commit-after": (redis_lock_commit_after, False),
    "scard-sadd": (scard_sadd, None),
    "incr-rollback": (incr_rollback, True),
    "conditional-update": (conditional_update, True),
    "for-update": (for_update, False),
    "incr-compensate": (incr_compensate, True),
    "lua": (lua, None),
    "silent-lock": (silent_lock, False),
    "pool-of-one": (pool_of_one, False),
    "fan-out": (fan_out, False),
}

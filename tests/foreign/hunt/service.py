"""Coupon services in Python, for `coupon-bench hunt`: one path for each kind of kinds.py.

    PORT=8080 DATABASE_URL=postgres://… REDIS_URL=redis://… TABLE_PREFIX=shop python3 service.py

DATABASE_URL is postgres:// or mysql://; without it only the kinds that use Redis alone are served. Creates the tables
<prefix>_<kind>_event and <prefix>_<kind>_coupon that do not exist, prints its port, and serves until it is stopped:

    GET  /health                                204
    POST /<kind>/reset     {"limit": 3}         204
    POST /<kind>/coupons   {"userId": 17}       201 issued, 409 duplicate, 410 sold out, 500 with the error
"""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

import database
import kinds


class Event:
    """What a kind works on."""

    def __init__(self, kind, prefix, db, store):
        self.name = f"{prefix}_{kind.replace('-', '_')}"
        self.handler, self.unique = kinds.KINDS[kind]
        self.event, self.coupon = f"{self.name}_event", f"{self.name}_coupon"
        self.db, self.redis = db, store
        self.lock = threading.Lock()
        self.limit = 0
        self.claim = store.register_script(kinds.CLAIM)
        if self.unique is not None:
            self.create_tables()

    def key(self, part):
        return f"{self.name}:{part}"

    def create_tables(self):
        unique = "UNIQUE" if self.unique else ""
        with self.db.transaction() as sql:
            sql.execute(f"CREATE TABLE IF NOT EXISTS {self.event} (id int PRIMARY KEY, issued int NOT NULL, limit_n int NOT NULL)")
            sql.execute(f"CREATE TABLE IF NOT EXISTS {self.coupon} (id {self.db.serial}, user_id bigint NOT NULL {unique})")
        self.reset(0)

    def reset(self, limit):
        self.redis.delete(self.key("users"), self.key("issued"), self.key("lock"))
        if self.unique is not None:
            with self.db.transaction() as sql:
                sql.execute(f"DELETE FROM {self.coupon}")
                sql.execute(f"DELETE FROM {self.event}")
                sql.execute(f"INSERT INTO {self.event} VALUES (1, 0, %s)", (limit,))
        self.limit = limit


def open_events():
    prefix = os.environ.get("TABLE_PREFIX", "coupon_hunt")
    url = os.environ.get("DATABASE_URL")
    db = database.connect(url) if url else None
    # A thread waits for a free connection; the usual pool raises an error beyond its size.
    address = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    store = redis.Redis(connection_pool=redis.BlockingConnectionPool.from_url(address, max_connections=16))
    served = [kind for kind, (_, unique) in kinds.KINDS.items() if db or unique is None]
    return {kind: Event(kind, prefix, db, store) for kind in served}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Sends headers and body in one packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(204 if self.path == "/health" else 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind, _, what = self.path.strip("/").partition("/")
        event = self.server.events.get(kind)
        try:
            if event and what == "coupons":
                return self.answer(event.handler(event, int(body["userId"])))
            if event and what == "reset":
                event.reset(int(body["limit"]))
                return self.answer(204)
            return self.answer(404)
        except Exception as error:  # The user is told, and the service goes on.
            return self.answer(500, repr(error))

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    events = open_events()
    # A hunt begins when the service accepts connections.
    server = Server(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
    server.events = events
    print(server.server_address[1], flush=True)
    server.serve_forever()

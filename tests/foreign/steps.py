"""Coupons behind a log-in, behind a form, in two steps, in a queue, and in a database, for the recipes of docs/targets.md.

Nothing but the standard library. `python3 steps.py DATABASE` prints the port that it listens on, and serves until it is stopped.

    /jwt      POST /events {"limit": 100} -> {"id": 1};  POST /login {"name": ..., "password": ...} -> {"token": ..., "user": {"id": ...}}
              POST /events/1/claims with Authorization: Bearer TOKEN;  GET /events/1/coupons
    /session  POST /reset;  GET /login and GET /coupon are forms with a hidden _csrf;  POST /login, POST /coupon take it back;  GET /coupons
    /reserve  POST /reset;  POST /reservations {"userId": 17} -> {"id": "r-..."};  POST /reservations/ID/payment;  GET /coupons
    /queue    POST /reset;  POST /claims {"userId": 17} -> 202 {"ticket": ...};  GET /tickets/TICKET -> 202, then 200;  GET /coupons
    /sql      POST /coupons {"userId": 17}: the stock is a row of the database, which is reset by nothing but SQL
"""

import base64
import json
import queue
import secrets
import sqlite3
import sys
import threading
import time
import urllib.parse
import uuid
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()


class Stock:
    """The coupons of one event, one for each user."""

    def __init__(self, limit):
        self.limit = limit
        self.users = []

    def claim(self, user):
        with LOCK:
            if user in self.users:
                return 409
            if len(self.users) >= self.limit:
                return 410
            self.users.append(user)
            return 201


class Jwt:
    """Users log in, and an event is made for every run."""

    def __init__(self):
        self.events = {}

    def post(self, path, ask):
        if path == ["events"]:
            number = len(self.events) + 1
            limit = ask.json()["limit"]
            if not isinstance(limit, int):
                return 400, {"error": "limit is no number"}
            self.events[number] = Stock(limit)
            return 201, {"id": number}
        if path == ["login"]:
            name = ask.json()["name"]
            if ask.json()["password"] != "pass-" + name:
                return 401, {"error": "wrong password of " + name}
            user = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
            token = base64.urlsafe_b64encode(json.dumps({"sub": user}).encode()).decode()
            return 200, {"token": "e30." + token, "user": {"id": user}}
        if len(path) == 3 and path[2] == "claims":
            bearer = ask.headers.get("Authorization", "")
            if not bearer.startswith("Bearer e30."):
                return 401, {}
            claims = json.loads(base64.urlsafe_b64decode(bearer.split(".")[1]))
            return self.events[int(path[1])].claim(claims["sub"]), {}
        return 404, {}

    def get(self, path, ask):
        return 200, {"users": list(self.events[int(path[1])].users)}


class Session:
    """Forms with a hidden token, and a session in a cookie. Only the session identifies the user."""

    def __init__(self):
        self.stock = Stock(0)
        self.sessions = {}

    def form(self, ask, name):
        session = self.sessions.get(ask.cookie("SESSION"))
        new = None
        if session is None:
            new = "s-" + secrets.token_hex(16)
            session = self.sessions[new] = {"user": None}
        session["csrf"] = secrets.token_urlsafe(16)
        ask.set_cookie("SESSION", new)
        page = '<form><input name="%s"><input type="hidden" name="_csrf" value="%s"></form>'
        return 200, page % (name, session["csrf"])

    def post(self, path, ask):
        if path == ["reset"]:
            self.stock, self.sessions = Stock(ask.json()["limit"]), {}
            return 204, None
        session = self.sessions.get(ask.cookie("SESSION"))
        if session is None or ask.form().get("_csrf") != session.pop("csrf", None):
            return 403, "no such token"
        if path == ["login"]:
            # A new session after the log-in, as web frameworks create against session fixation.
            renewed = "s-" + secrets.token_hex(16)
            self.sessions[renewed] = {"user": ask.form()["username"]}
            ask.set_cookie("SESSION", renewed)
            ask.location = "/coupon"
            return 302, ""
        return self.stock.claim(session["user"]), ""

    def get(self, path, ask):
        if path == ["coupons"]:
            return 200, {"users": list(self.stock.users)}
        return self.form(ask, path[0])


class Reserve:
    """A coupon is reserved first, and belongs to the user after the payment."""

    def __init__(self):
        self.stock = Stock(0)
        self.paid = []

    def post(self, path, ask):
        if path == ["reset"]:
            self.stock, self.paid = Stock(ask.json()["limit"]), []
            return 204, None
        if path == ["reservations"]:
            user = ask.json()["userId"]
            status = self.stock.claim(user)
            return status, {"id": "r-%d" % user} if status == 201 else {}
        user = int(path[1].removeprefix("r-"))
        with LOCK:
            if user not in self.stock.users or user in self.paid:
                return 404, {}
            self.paid.append(user)
        return 200, {"status": "paid"}

    def get(self, path, ask):
        return 200, {"users": list(self.paid)}


class Queue:
    """Every user gets a ticket, and one worker decides the tickets one by one."""

    def __init__(self):
        self.stock = Stock(0)
        self.tickets = {}
        self.work = queue.Queue()
        threading.Thread(target=self.decide, daemon=True).start()

    def decide(self):
        while True:
            ticket, user = self.work.get()
            time.sleep(0.002)
            self.tickets[ticket] = self.stock.claim(user)

    def post(self, path, ask):
        if path == ["reset"]:
            self.stock, self.tickets = Stock(ask.json()["limit"]), {}
            return 204, None
        ticket = secrets.token_hex(8)
        self.tickets[ticket] = None
        self.work.put((ticket, ask.json()["userId"]))
        return 202, {"ticket": ticket}

    def get(self, path, ask):
        if path == ["coupons"]:
            return 200, {"users": list(self.stock.users)}
        status = self.tickets[path[1]]
        if status is None or path[0] == "never":
            return 202, {"state": "PENDING"}
        return 200, {"state": "WON" if status == 201 else "LOST"}


class Sql:
    """The stock is in a database, and only SQL can reset it."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, remaining INTEGER)")
        self.database.execute("CREATE TABLE IF NOT EXISTS coupon (event_id INTEGER, user_id INTEGER)")

    def post(self, path, ask):
        user = ask.json()["userId"]
        with LOCK:
            taken = self.database.execute(
                "UPDATE event SET remaining = remaining - 1 WHERE id = ? AND remaining > 0", (int(path[1]),)
            )
            if taken.rowcount == 0:
                return 410, {}
            self.database.execute("INSERT INTO coupon VALUES (?, ?)", (int(path[1]), user))
        return 201, {}

    def get(self, path, ask):
        return 404, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Sends headers and body in one packet.
    wbufsize = -1
    disable_nagle_algorithm = True
    location = None

    def do_GET(self):
        self.handle_with("get")

    def do_POST(self):
        self.handle_with("post")

    def handle_with(self, method):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.cookies, self.location = [], None
        kind, *path = self.path.strip("/").split("/")
        status, body = getattr(KINDS[kind], method)(path, self)
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        self.send_response(status)
        for cookie in self.cookies:
            self.send_header("Set-Cookie", cookie)
        if self.location is not None:
            self.send_header("Location", self.location)
        if status != 204:
            self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def json(self):
        return json.loads(self.body)

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode()))

    def cookie(self, name):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return cookie.value if cookie else None

    def set_cookie(self, name, value):
        if value is not None:
            self.cookies.append("%s=%s; Path=/; HttpOnly" % (name, value))

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    KINDS = {"jwt": Jwt(), "session": Session(), "reserve": Reserve(), "queue": Queue(), "sql": Sql(sys.argv[1])}
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()

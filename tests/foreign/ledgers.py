"""A correct coupon service that serves its ledger in many forms: in pages, compressed, with codes, and as a stock in Redis.

Nothing but the standard library. Prints the port that it listens on, and serves until it is stopped. KIND is any word, and has an event
of its own:

    POST /KIND/reset    {"limit": 100}
    POST /KIND/coupons  {"userId": 17} -> 201 {"code": "C-1"}, 409 (asked before) or 410 (sold out)
    GET  /KIND/coupons  all of them: {"items": [{"userId": 17, "code": "C-1"}, ...]}; with ?encoding=gzip or deflate, compressed
    GET  /KIND/pages    ?page=0 -> {"content": [...], "number": 0, "first": true, "last": false, "totalElements": 100}
    GET  /KIND/bare     ?page=1 -> {"items": [...]}, which says nothing of other pages; pages begin with 1
    GET  /KIND/slices   ?offset=0 -> {"items": [...], "total": 100}
    GET  /KIND/cursors  ?after= -> {"items": [...], "next": "30"}, up to null
    GET  /KIND/links    ?page=1 -> [...] with a Link header
    GET  /KIND/stuck    the first page, whatever is asked for
    GET  /KIND/stock    {"left": 30}

With KIND "twice", every tenth code is given to two users. With KIND "redis", the stock is the key that REDIS_KEY names; every claim
counts it down, those that are refused as well.
"""

import gzip
import json
import os
import socket
import threading
import urllib.parse
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIZE = 7


class Redis:
    """One connection, one command at a time."""

    def __init__(self):
        url = urllib.parse.urlparse(os.environ["REDIS_URL"])
        self.socket = socket.create_connection((url.hostname, url.port or 6379))
        self.answers = self.socket.makefile("rb")

    def ask(self, *words):
        words = [word.encode() for word in words]
        command = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.socket.sendall(b"*%d\r\n%s" % (len(words), command))
        return self.answers.readline().strip()


class Event:
    def __init__(self, kind):
        self.kind = kind
        self.lock = threading.Lock()
        self.limit = 0
        self.coupons = []
        self.redis = Redis() if kind == "redis" else None

    def reset(self, limit):
        self.limit = limit
        self.coupons = []

    def claim(self, user):
        with self.lock:
            if self.redis:
                left = int(self.redis.ask("DECR", os.environ["REDIS_KEY"])[1:])
                return (201, {}) if left >= 0 else (410, None)
            if any(coupon["userId"] == user for coupon in self.coupons):
                return 409, None
            if len(self.coupons) >= self.limit:
                return 410, None
            number = len(self.coupons) + 1
            if self.kind == "twice" and number % 10 == 0:
                number -= 1
            coupon = {"userId": user, "code": f"C-{number}"}
            self.coupons.append(coupon)
            return 201, {"code": coupon["code"]}

    def page(self, begin):
        return self.coupons[begin : begin + SIZE]


EVENTS = {}
LOCK = threading.Lock()


def event_of(kind):
    with LOCK:
        if kind not in EVENTS:
            EVENTS[kind] = Event(kind)
        return EVENTS[kind]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, kind, what = self.path.split("/")
        event = event_of(kind)
        if what == "reset":
            event.reset(int(body["limit"]))
            return self.answer(204)
        return self.answer(*event.claim(int(body["userId"])))

    def do_GET(self):
        path, _, query = self.path.partition("?")
        query = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        _, kind, what = path.split("/")
        event = event_of(kind)
        total = len(event.coupons)
        page = int(query.get("page", 0))
        begin = int(query.get("offset", 0))
        if what == "coupons":
            return self.answer(200, {"items": event.coupons}, encoding=query.get("encoding"))
        if what == "pages":
            last = (page + 1) * SIZE >= total
            around = {"number": page, "first": page == 0, "last": last, "totalElements": total}
            return self.answer(200, {"content": event.page(page * SIZE), **around})
        if what == "bare":
            return self.answer(200, {"items": event.page((page - 1) * SIZE)})
        if what == "slices":
            return self.answer(200, {"items": event.page(begin), "total": total})
        if what == "cursors":
            begin = int(query.get("after") or 0)
            following = str(begin + SIZE) if begin + SIZE < total else None
            return self.answer(200, {"items": event.page(begin), "next": following})
        if what == "links":
            page = page or 1
            more = page * SIZE < total
            link = f'</{kind}/links?page={page + 1}>; rel="next"' if more else f'</{kind}/links?page=1>; rel="first"'
            return self.answer(200, event.page((page - 1) * SIZE), link=link)
        if what == "stuck":
            return self.answer(200, {"items": event.page(0)})
        if what == "stock":
            return self.answer(200, {"left": event.limit - total})
        return self.answer(404)

    def answer(self, status, body=None, encoding=None, link=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if encoding:
            text = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(text)
            self.send_header("Content-Encoding", encoding)
        if link:
            self.send_header("Link", link)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()

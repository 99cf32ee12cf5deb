"""A coupon service in Python with three handlers: the first counts and inserts in two steps, the second does both under one lock, and the third
answers yes and leaves the insert to a queue, which loses every 50th coupon.

Uses the standard library alone. Prints its port and serves until it is stopped:

    GET  /health
    POST /<kind>/reset     {"limit": 100}
    POST /<kind>/coupons   {"userId": 17}  ->  201, 409 (duplicate) or 410 (sold out); 202 from the third handler
    GET  /<kind>/coupons   {"users": [17, ...], "issued": 1, "pending": 0}
"""

import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Event:
    """The parts that all handlers share."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset(0)

    def reset(self, limit):
        self.limit = limit
        self.users = []

    def pending(self):
        return 0


class Naive(Event):
    """Counts, then inserts: a request between the two steps counts the same rows."""

    def claim(self, user):
        issued = len(self.users)
        # Long enough for the race to happen on a busy machine too.
        time.sleep(0.005)
        if issued >= self.limit:
            return 410
        self.users.append(user)
        return 201


class Correct(Event):
    """Both under one lock."""

    def claim(self, user):
        with self.lock:
            if user in self.users:
                return 409
            if len(self.users) >= self.limit:
                return 410
            self.users.append(user)
            return 201


class Lossy(Event):
    """Decides first and inserts later; loses every 50th coupon."""

    def __init__(self):
        self.work = queue.Queue()
        super().__init__()
        threading.Thread(target=self.consume, daemon=True).start()

    def reset(self, limit):
        super().reset(limit)
        self.promised = set()

    def claim(self, user):
        with self.lock:
            if user in self.promised:
                return 409
            if len(self.promised) >= self.limit:
                return 410
            self.promised.add(user)
            self.work.put((len(self.promised), user))
            return 202

    def consume(self):
        while True:
            number, user = self.work.get()
            time.sleep(0.002)
            if number % 50 != 0:
                self.users.append(user)
            self.work.task_done()

    def pending(self):
        return self.work.unfinished_tasks


EVENTS = {"naive": Naive(), "correct": Correct(), "lossy": Lossy()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Sends headers and body in one packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/health":
            return self.answer(204)
        event, what = self.find()
        if what != "coupons":
            return self.answer(404)
        users = list(event.users)
        return self.answer(200, {"users": users, "issued": len(users), "pending": event.pending()})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        event, what = self.find()
        if what == "reset":
            event.reset(int(body["limit"]))
            return self.answer(204)
        if what == "coupons":
            return self.answer(event.claim(int(body["userId"])))
        return self.answer(404)

    def find(self):
        kind, _, what = self.path.strip("/").partition("/")
        return EVENTS.get(kind, EVENTS["correct"]), what

    def answer(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
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

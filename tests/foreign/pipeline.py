"""Asynchronous services: the handler decides and answers 202, and a worker inserts the coupon later. The services differ in the worker.

    late        begins late, and takes the last message out of the queue before it has inserted its coupon
    slow        begins so late that a short wait gives up
    restarted   dies with a message in its hand, and is started again, which delivers that message again
    lost        forgets one message
    duplicate   inserts the coupon of one message twice

and two that are not reset: `stock` has no coupon left although its ledger is empty, `once` refuses its second reset. The requests
are those of service.py; "pending" counts the messages in the queue alone.
"""

import queue
import threading
import time

import service


class Pipeline(service.Event):
    """Decides under a lock; a worker inserts."""

    # Seconds before the first coupon of an event is inserted.
    delay = 0.0

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
            if number == 1:
                time.sleep(self.delay)
            self.insert(number, user)

    def insert(self, number, user):
        self.users.append(user)

    def pending(self):
        return self.work.qsize()


class Late(Pipeline):
    delay = 0.1

    def insert(self, number, user):
        if number == self.limit:
            time.sleep(0.1)
        super().insert(number, user)


class Slow(Pipeline):
    delay = 3.0


class Restarted(Pipeline):
    """A worker takes a message out of the queue before it inserts. The message returns to the queue if the worker dies."""

    def reset(self, limit):
        super().reset(limit)
        self.died = False

    def consume(self):
        while True:
            number, user = self.work.get()
            if number == self.limit // 2 and not self.died:
                self.died = True
                threading.Timer(0.15, self.start_again, [(number, user)]).start()
                return
            self.insert(number, user)

    def start_again(self, message):
        self.work.put(message)
        self.consume()


class Lost(Pipeline):
    def insert(self, number, user):
        if number != 7:
            super().insert(number, user)


class Duplicate(Pipeline):
    def insert(self, number, user):
        super().insert(number, user)
        if number == 7:
            super().insert(number, user)


class Stock(service.Correct):
    def claim(self, user):
        return 410


class Once(service.Correct):
    resets = -1

    def reset(self, limit):
        self.resets += 1
        if self.resets > 1:
            raise RuntimeError("there is one reset a day")
        super().reset(limit)


service.EVENTS.update(
    late=Late(),
    slow=Slow(),
    restarted=Restarted(),
    lost=Lost(),
    duplicate=Duplicate(),
    stock=Stock(),
    once=Once(),
)


class Handler(service.Handler):
    def do_POST(self):
        try:
            super().do_POST()
        except RuntimeError as error:
            self.answer(500, {"error": str(error)})


if __name__ == "__main__":
    server = service.Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()

"""The database of service.py: PostgreSQL with psycopg and its pool, or MariaDB and MySQL with PyMySQL and a pool of this file's own.

`connect(url)` chooses one by the scheme of the URL. Both write parameters as %s.
"""

import queue
import threading
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg
import psycopg_pool
import pymysql

# Connections of the pool. All of them are opened at the start.
POOL_SIZE = 8


class Database:
    """What the handlers use. A subclass has a pool, and opens connections."""

    def __init__(self):
        self.alone = threading.Lock()
        self.shared = self.open(autocommit=True)

    @contextmanager
    def transaction(self):
        """A cursor in a transaction, which is committed when the block ends, and rolled back when it raises."""
        with self.pool.connection() as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def only_connection(self):
        """A cursor on the one connection that all threads share; every statement commits itself."""
        with self.alone, self.shared.cursor() as cursor:
            yield cursor


class Postgres(Database):
    Duplicate = psycopg.errors.UniqueViolation
    serial = "bigserial PRIMARY KEY"

    def __init__(self, url):
        self.url = url
        self.pool = psycopg_pool.ConnectionPool(url, min_size=POOL_SIZE, open=True)
        self.pool.wait()
        super().__init__()

    def open(self, autocommit):
        return psycopg.connect(self.url, autocommit=autocommit)


class Mysql(Database):
    Duplicate = pymysql.err.IntegrityError
    serial = "bigint AUTO_INCREMENT PRIMARY KEY"

    def __init__(self, url):
        self.url = urlsplit(url)
        self.pool = MysqlPool([self.open(autocommit=False) for _ in range(POOL_SIZE)])
        super().__init__()

    def open(self, autocommit):
        url = self.url
        return pymysql.connect(
            host=url.hostname,
            port=url.port or 3306,
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            database=url.path.strip("/"),
            autocommit=autocommit,
        )


class MysqlPool:
    """Lends each connection to one thread at a time, in turn."""

    def __init__(self, connections):
        self.idle = queue.SimpleQueue()
        for connection in connections:
            self.idle.put(connection)

    @contextmanager
    def connection(self):
        connection = self.idle.get(timeout=30)
        try:
            connection.ping(reconnect=True)
            yield connection
            connection.commit()
        except BaseException:
            if connection.open:
                connection.rollback()
            raise
        finally:
            self.idle.put(connection)


def connect(url):
    return Mysql(url) if url.startswith(("mysql:", "mariadb:")) else Postgres(url)

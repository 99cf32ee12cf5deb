// Coupon services in Node, for `coupon-bench hunt`: one path for each kind of kinds.mjs. The environment, the paths and the answers are
// those of service.py:
//
//     PORT=8080 DATABASE_URL=postgres://… REDIS_URL=redis://… TABLE_PREFIX=shop NODE_PATH=…/node_modules node service.mjs

import http from 'node:http';
import { createRequire } from 'node:module';
import { connect } from './database.mjs';
import { CLAIM, KINDS } from './kinds.mjs';

const Redis = createRequire(import.meta.url)('ioredis');

// One holder at a time, the others in the order in which they came.
class Lock {
  last = Promise.resolve();

  hold(work) {
    const answer = this.last.then(work);
    this.last = answer.catch(() => {});
    return answer;
  }
}

// What a kind works on.
class Event {
  lock = new Lock();
  limit = 0;

  constructor(kind, prefix, db, redis) {
    this.name = `${prefix}_${kind.replaceAll('-', '_')}`;
    this.event = `${this.name}_event`;
    this.coupon = `${this.name}_coupon`;
    [this.handler, this.unique] = KINDS[kind];
    Object.assign(this, { db, redis });
  }

  key(part) {
    return `${this.name}:${part}`;
  }

  async createTables() {
    if (this.unique === null) return;
    const unique = this.unique ? 'UNIQUE' : '';
    await this.db.query(`CREATE TABLE IF NOT EXISTS ${this.event} (id int PRIMARY KEY, issued int NOT NULL, limit_n int NOT NULL)`);
    await this.db.query(`CREATE TABLE IF NOT EXISTS ${this.coupon} (id ${this.db.serial}, user_id bigint NOT NULL ${unique})`);
    await this.reset(0);
  }

  async reset(limit) {
    await this.redis.del(this.key('users'), this.key('issued'), this.key('lock'));
    if (this.unique !== null) {
      await this.db.transaction(async (sql) => {
        await sql(`DELETE FROM ${this.coupon}`);
        await sql(`DELETE FROM ${this.event}`);
        await sql(`INSERT INTO ${this.event} VALUES (1, 0, ?)`, [limit]);
      });
    }
    this.limit = limit;
  }
}

async function openEvents() {
  const { DATABASE_URL, REDIS_URL = 'redis://127.0.0.1:6379', TABLE_PREFIX = 'coupon_hunt' } = process.env;
  const db = DATABASE_URL ? await connect(DATABASE_URL) : null;
  const redis = new Redis(REDIS_URL);
  redis.defineCommand('claim', { numberOfKeys: 1, lua: CLAIM });
  const served = Object.keys(KINDS).filter((kind) => db || KINDS[kind][1] === null);
  const events = new Map(served.map((kind) => [kind, new Event(kind, TABLE_PREFIX, db, redis)]));
  for (const event of events.values()) await event.createTables();
  return events;
}

async function answer(events, request) {
  if (request.method === 'GET') return request.url === '/health' ? 204 : 404;
  let text = '';
  for await (const part of request) text += part;
  const body = JSON.parse(text);
  const [kind, what] = request.url.slice(1).split('/');
  const event = events.get(kind);
  if (event && what === 'coupons') return event.handler(event, Number(body.userId));
  if (!event || what !== 'reset') return 404;
  await event.reset(Number(body.limit));
  return 204;
}

const events = await openEvents();
const server = http.createServer((request, response) => {
  answer(events, request).then(
    (status) => response.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 }).end(),
    (error) => response.writeHead(500).end(String(error)),
  );
});
// Longer than a client leaves a connection idle.
server.keepAliveTimeout = 75_000;
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', 1024, () => console.log(server.address().port));

// The handlers of service.mjs: one function for each kind, which answers with an HTTP status.
//
// Each is written as such handlers are found in services. `event` holds the names of the kind's tables and keys, the limit, the
// database, Redis, and a lock of the process.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const [ISSUED, DUPLICATE, SOLD_OUT] = [201, 409, 410];

// Deletes a lock only if it is still ours.
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

// Decides and writes in one step.
export const CLAIM = `
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'duplicate' end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'sold out' end
redis.call('SADD', KEYS[1], ARGV[1])
return 'issued'
`;

// ---- broken ----------------------------------------------------------------------------------------------------------------------

async function countInsert(event, user) {
  // Counts, then inserts: two requests that count before either inserts both get a coupon. Each statement takes a connection of its own.
  const { rows } = await event.db.query(`SELECT count(*) AS issued FROM ${event.coupon}`);
  if (Number(rows[0].issued) >= event.limit) return SOLD_OUT;
  await event.db.query(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
  return ISSUED;
}

function readWriteBack(event, user) {
  // Reads the counter, and writes the value that was read plus one: one of two concurrent increments is lost.
  return event.db.transaction(async (sql) => {
    const { rows: [{ issued, limit_n: limit }] } = await sql(`SELECT issued, limit_n FROM ${event.event} WHERE id = 1`);
    if (issued >= limit) return SOLD_OUT;
    await sql(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
    await sql(`UPDATE ${event.event} SET issued = ? WHERE id = 1`, [issued + 1]);
    return ISSUED;
  });
}

async function countAndInsert(event, sql, user) {
  const { rows } = await sql(`SELECT count(*) AS issued FROM ${event.coupon}`);
  if (Number(rows[0].issued) >= event.limit) return SOLD_OUT;
  await sql(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
  return ISSUED;
}

function lockCommitAfter(event, user) {
  // The lock is inside the transaction, so it is released before COMMIT: the next request counts without the first one's row.
  return event.db.transaction((sql) => event.lock.hold(() => countAndInsert(event, sql, user)));
}

function redisLockCommitAfter(event, user) {
  // The same with a lock in Redis.
  return event.db.transaction(async (sql) => {
    const token = randomUUID();
    while (!(await event.redis.set(event.key('lock'), token, 'PX', 10_000, 'NX'))) await sleep(10);
    try {
      return await countAndInsert(event, sql, user);
    } finally {
      await event.redis.eval(RELEASE, 1, event.key('lock'), token);
    }
  });
}

async function scardSadd(event, user) {
  // Asks for the size of the set, then adds: the two commands are not one step.
  if ((await event.redis.scard(event.key('users'))) >= event.limit) return SOLD_OUT;
  const added = await event.redis.sadd(event.key('users'), user);
  return added ? ISSUED : DUPLICATE;
}

async function incrRollback(event, user) {
  // Counts in Redis before the INSERT that can fail: after a duplicate the counter is one too high, and one coupon is never issued.
  // It shows when at least two coupons are left, the same user asks twice at once, and other users ask afterwards.
  const { rows } = await event.db.query(`SELECT 1 FROM ${event.coupon} WHERE user_id = ?`, [user]);
  if (rows.length > 0) return DUPLICATE;
  if ((await event.redis.incr(event.key('issued'))) > event.limit) return SOLD_OUT;
  try {
    await event.db.transaction((sql) => sql(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]));
  } catch (error) {
    if (event.db.isDuplicate(error)) return DUPLICATE;
    throw error;
  }
  return ISSUED;
}

// ---- correct ---------------------------------------------------------------------------------------------------------------------

async function conditionalUpdate(event, user) {
  // One UPDATE decides and counts; the unique key decides about duplicates, and the rollback takes the count back.
  try {
    return await event.db.transaction(async (sql) => {
      const { changed } = await sql(`UPDATE ${event.event} SET issued = issued + 1 WHERE id = 1 AND issued < limit_n`);
      if (changed === 0) return SOLD_OUT;
      await sql(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
      return ISSUED;
    });
  } catch (error) {
    if (event.db.isDuplicate(error)) return DUPLICATE;
    throw error;
  }
}

function forUpdate(event, user) {
  // The row of the event is locked until COMMIT, so requests follow one another.
  return event.db.transaction(async (sql) => {
    const { rows: [{ limit_n: limit }] } = await sql(`SELECT limit_n FROM ${event.event} WHERE id = 1 FOR UPDATE`);
    const { rows: known } = await sql(`SELECT 1 FROM ${event.coupon} WHERE user_id = ?`, [user]);
    if (known.length > 0) return DUPLICATE;
    const { rows } = await sql(`SELECT count(*) AS issued FROM ${event.coupon}`);
    if (Number(rows[0].issued) >= limit) return SOLD_OUT;
    await sql(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
    return ISSUED;
  });
}

async function incrCompensate(event, user) {
  // Counts in Redis first, and takes the count back whenever no coupon comes of it.
  // A user who asks between a duplicate's INCR and its DECR may be refused while a coupon is left; that takes three requests at once.
  if ((await event.redis.incr(event.key('issued'))) > event.limit) {
    await event.redis.decr(event.key('issued'));
    return SOLD_OUT;
  }
  try {
    await event.db.query(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
  } catch (error) {
    if (!event.db.isDuplicate(error)) throw error;
    await event.redis.decr(event.key('issued'));
    return DUPLICATE;
  }
  return ISSUED;
}

async function lua(event, user) {
  // One script decides and writes; Redis runs it as one step.
  const said = await event.redis.claim(event.key('users'), user, event.limit);
  return { issued: ISSUED, duplicate: DUPLICATE, 'sold out': SOLD_OUT }[said];
}

function silentLock(event, user) {
  // A lock around the whole transaction, COMMIT included. A waiting request sends nothing.
  return event.lock.hold(() => event.db.transaction((sql) => countAndInsert(event, sql, user)));
}

// ---- not controllable ------------------------------------------------------------------------------------------------------------

function poolOfOne(event, user) {
  // Counts, then inserts, and all requests share one connection: whose a statement is, the connection does not tell.
  return countAndInsert(event, (text, values) => event.db.queryShared(text, values), user);
}

async function fanOut(event, user) {
  // Two statements of one request run at the same time, on two connections.
  const [count, limit] = await Promise.all([
    event.db.query(`SELECT count(*) AS issued FROM ${event.coupon}`),
    event.db.query(`SELECT limit_n FROM ${event.event} WHERE id = 1`),
  ]);
  if (Number(count.rows[0].issued) >= limit.rows[0].limit_n) return SOLD_OUT;
  await event.db.query(`INSERT INTO ${event.coupon} (user_id) VALUES (?)`, [user]);
  return ISSUED;
}

// Whether the table of coupons has a unique key on the user; null: the kind has no tables.
export const KINDS = {
  'count-insert': [countInsert, false],
  'read-write-back': [readWriteBack, false],
  'lock-commit-after': [lockCommitAfter, false],
  'redis-lock-commit-after': [redisLockCommitAfter, false],
  'scard-sadd': [scardSadd, null],
  'incr-rollback': [incrRollback, true],
  'conditional-update': [conditionalUpdate, true],
  'for-update': [forUpdate, false],
  'incr-compensate': [incrCompensate, true],
  'lua': [lua, null],
  'silent-lock': [silentLock, false],
  'pool-of-one': [poolOfOne, false],
  'fan-out': [fanOut, false],
};

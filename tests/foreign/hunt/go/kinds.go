package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	issued    = 201
	duplicate = 409
	soldOut   = 410
)

// Deletes a lock only if it is still ours.
var release = redis.NewScript(
	`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)

// Decides and writes in one step.
var claim = redis.NewScript(`
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'duplicate' end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'sold out' end
redis.call('SADD', KEYS[1], ARGV[1])
return 'issued'`)

// Kind is a handler, which answers with an HTTP status, and its tables.
type Kind struct {
	claim func(ctx context.Context, event *Event, user int64) (int, error)
	// Whether the kind has tables, and whether the table of coupons has a unique key on the user.
	tables, unique bool
}

var kinds = map[string]Kind{
	"count-insert":            {countInsert, true, false},
	"read-write-back":         {readWriteBack, true, false},
	"lock-commit-after":       {lockCommitAfter, true, false},
	"redis-lock-commit-after": {redisLockCommitAfter, true, false},
	"scard-sadd":              {scardSadd, false, false},
	"incr-rollback":           {incrRollback, true, true},
	"conditional-update":      {conditionalUpdate, true, true},
	"for-update":              {forUpdate, true, false},
	"incr-compensate":         {incrCompensate, true, true},
	"lua":                     {lua, false, false},
	"silent-lock":             {silentLock, true, false},
	"pool-of-one":             {poolOfOne, true, false},
	"fan-out":                 {fanOut, true, false},
}

// Counts, then inserts.
func countAndInsert(ctx context.Context, event *Event, sql Statements, user int64) (int, error) {
	var count int
	if err := sql.Row(ctx, "SELECT count(*) FROM "+event.coupon, nil, &count); err != nil {
		return 0, err
	}
	if count >= event.limit {
		return soldOut, nil
	}
	return insert(ctx, event, sql, user)
}

func insert(ctx context.Context, event *Event, sql Statements, user int64) (int, error) {
	_, err := sql.Exec(ctx, "INSERT INTO "+event.coupon+" (user_id) VALUES (?)", user)
	return issued, err
}

// ---- broken ------------------------------------------------------------------------------------------------------------------------

// Two requests that count before either inserts both get a coupon. Each statement takes a connection of its own.
func countInsert(ctx context.Context, event *Event, user int64) (int, error) {
	return countAndInsert(ctx, event, event.db.Pool(), user)
}

// Reads the counter, and writes the value that was read plus one: one of two concurrent increments is lost.
func readWriteBack(ctx context.Context, event *Event, user int64) (int, error) {
	return event.db.Transaction(ctx, func(sql Statements) (int, error) {
		var count, limit int
		if err := sql.Row(ctx, "SELECT issued, limit_n FROM "+event.event+" WHERE id = 1", nil, &count, &limit); err != nil {
			return 0, err
		}
		if count >= limit {
			return soldOut, nil
		}
		if _, err := insert(ctx, event, sql, user); err != nil {
			return 0, err
		}
		_, err := sql.Exec(ctx, "UPDATE "+event.event+" SET issued = ? WHERE id = 1", count+1)
		return issued, err
	})
}

// The lock is inside the transaction, so it is released before COMMIT: the next request counts without the first one's row.
func lockCommitAfter(ctx context.Context, event *Event, user int64) (int, error) {
	return event.db.Transaction(ctx, func(sql Statements) (int, error) {
		event.lock.Lock()
		defer event.lock.Unlock()
		return countAndInsert(ctx, event, sql, user)
	})
}

// The same with a lock in Redis.
func redisLockCommitAfter(ctx context.Context, event *Event, user int64) (int, error) {
	return event.db.Transaction(ctx, func(sql Statements) (int, error) {
		key, token := event.key("lock"), rand.Text()
		for {
			ours, err := event.redis.SetNX(ctx, key, token, 10*time.Second).Result()
			if err != nil {
				return 0, err
			}
			if ours {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		defer release.Run(ctx, event.redis, []string{key}, token)
		return countAndInsert(ctx, event, sql, user)
	})
}

// Asks for the size of the set, then adds: the two commands are not one step.
func scardSadd(ctx context.Context, event *Event, user int64) (int, error) {
	count, err := event.redis.SCard(ctx, event.key("users")).Result()
	if err != nil {
		return 0, err
	}
	if int(count) >= event.limit {
		return soldOut, nil
	}
	added, err := event.redis.SAdd(ctx, event.key("users"), user).Result()
	if added == 0 {
		return duplicate, err
	}
	return issued, err
}

// Counts in Redis before the INSERT that can fail: after a duplicate the counter is one too high, and one coupon is never issued.
// It shows when at least two coupons are left, the same user asks twice at once, and other users ask afterwards.
func incrRollback(ctx context.Context, event *Event, user int64) (int, error) {
	var one int
	err := event.db.Pool().Row(ctx, "SELECT 1 FROM "+event.coupon+" WHERE user_id = ?", []any{user}, &one)
	if err == nil {
		return duplicate, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	count, err := event.redis.Incr(ctx, event.key("issued")).Result()
	if err != nil {
		return 0, err
	}
	if int(count) > event.limit {
		return soldOut, nil
	}
	status, err := event.db.Transaction(ctx, func(sql Statements) (int, error) { return insert(ctx, event, sql, user) })
	if Duplicate(err) {
		return duplicate, nil
	}
	return status, err
}

// ---- correct -----------------------------------------------------------------------------------------------------------------------

// One UPDATE decides and counts; the unique key decides about duplicates, and the rollback takes the count back.
func conditionalUpdate(ctx context.Context, event *Event, user int64) (int, error) {
	status, err := event.db.Transaction(ctx, func(sql Statements) (int, error) {
		changed, err := sql.Exec(ctx, "UPDATE "+event.event+" SET issued = issued + 1 WHERE id = 1 AND issued < limit_n")
		if err != nil || changed == 0 {
			return soldOut, err
		}
		return insert(ctx, event, sql, user)
	})
	if Duplicate(err) {
		return duplicate, nil
	}
	return status, err
}

// The row of the event is locked until COMMIT, so requests follow one another.
func forUpdate(ctx context.Context, event *Event, user int64) (int, error) {
	return event.db.Transaction(ctx, func(sql Statements) (int, error) {
		var limit, known, count int
		if err := sql.Row(ctx, "SELECT limit_n FROM "+event.event+" WHERE id = 1 FOR UPDATE", nil, &limit); err != nil {
			return 0, err
		}
		if err := sql.Row(ctx, "SELECT count(*) FROM "+event.coupon+" WHERE user_id = ?", []any{user}, &known); err != nil {
			return 0, err
		}
		if known > 0 {
			return duplicate, nil
		}
		if err := sql.Row(ctx, "SELECT count(*) FROM "+event.coupon, nil, &count); err != nil {
			return 0, err
		}
		if count >= limit {
			return soldOut, nil
		}
		return insert(ctx, event, sql, user)
	})
}

// Counts in Redis first, and takes the count back whenever no coupon comes of it.
// A user who asks between a duplicate's INCR and its DECR may be refused while a coupon is left; that takes three requests at once.
func incrCompensate(ctx context.Context, event *Event, user int64) (int, error) {
	count, err := event.redis.Incr(ctx, event.key("issued")).Result()
	if err != nil {
		return 0, err
	}
	if int(count) > event.limit {
		return soldOut, event.redis.Decr(ctx, event.key("issued")).Err()
	}
	status, err := insert(ctx, event, event.db.Pool(), user)
	if Duplicate(err) {
		return duplicate, event.redis.Decr(ctx, event.key("issued")).Err()
	}
	return status, err
}

// One script decides and writes; Redis runs it as one step.
func lua(ctx context.Context, event *Event, user int64) (int, error) {
	said, err := claim.Run(ctx, event.redis, []string{event.key("users")}, user, event.limit).Text()
	return map[string]int{"issued": issued, "duplicate": duplicate, "sold out": soldOut}[said], err
}

// A lock around the whole transaction, COMMIT included. A waiting request sends nothing.
func silentLock(ctx context.Context, event *Event, user int64) (int, error) {
	event.lock.Lock()
	defer event.lock.Unlock()
	return event.db.Transaction(ctx, func(sql Statements) (int, error) { return countAndInsert(ctx, event, sql, user) })
}

// ---- not controllable --------------------------------------------------------------------------------------------------------------

// All requests share one connection: whose a statement is, the connection does not tell.
func poolOfOne(ctx context.Context, event *Event, user int64) (int, error) {
	return countAndInsert(ctx, event, event.db.Shared(), user)
}

// Two statements of one request run at the same time, on two connections.
func fanOut(ctx context.Context, event *Event, user int64) (int, error) {
	var count, limit int
	counted := make(chan error)
	go func() { counted <- event.db.Pool().Row(ctx, "SELECT count(*) FROM "+event.coupon, nil, &count) }()
	err := event.db.Pool().Row(ctx, "SELECT limit_n FROM "+event.event+" WHERE id = 1", nil, &limit)
	if err := errors.Join(err, <-counted); err != nil {
		return 0, err
	}
	if count >= limit {
		return soldOut, nil
	}
	return insert(ctx, event, event.db.Pool(), user)
}

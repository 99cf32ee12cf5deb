// Coupon services in Go, for `coupon-bench hunt`: one path for each kind of kinds.go. The environment, the paths and the answers are
// those of service.py in the folder above:
//
//	PORT=8080 DATABASE_URL=postgres://… REDIS_URL=redis://… TABLE_PREFIX=shop ./service
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Event is what a kind works on.
type Event struct {
	kind                Kind
	name, event, coupon string
	db                  *Database
	redis               *redis.Client
	lock                sync.Mutex
	limit               int
}

func (e *Event) key(part string) string { return e.name + ":" + part }

func (e *Event) createTables(ctx context.Context) error {
	if !e.kind.tables {
		return nil
	}
	unique := ""
	if e.kind.unique {
		unique = "UNIQUE"
	}
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS " + e.event + " (id int PRIMARY KEY, issued int NOT NULL, limit_n int NOT NULL)",
		"CREATE TABLE IF NOT EXISTS " + e.coupon + " (id " + e.db.serial + ", user_id bigint NOT NULL " + unique + ")",
	} {
		if _, err := e.db.Pool().Exec(ctx, statement); err != nil {
			return err
		}
	}
	return e.reset(ctx, 0)
}

func (e *Event) reset(ctx context.Context, limit int) error {
	e.limit = limit
	if err := e.redis.Del(ctx, e.key("users"), e.key("issued"), e.key("lock")).Err(); err != nil || !e.kind.tables {
		return err
	}
	_, err := e.db.Transaction(ctx, func(sql Statements) (int, error) {
		for _, statement := range []string{"DELETE FROM " + e.coupon, "DELETE FROM " + e.event} {
			if _, err := sql.Exec(ctx, statement); err != nil {
				return 0, err
			}
		}
		_, err := sql.Exec(ctx, "INSERT INTO "+e.event+" VALUES (1, 0, ?)", limit)
		return 0, err
	})
	return err
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func openEvents(ctx context.Context) (map[string]*Event, error) {
	options, err := redis.ParseURL(setting("REDIS_URL", "redis://127.0.0.1:6379"))
	if err != nil {
		return nil, err
	}
	client, db := redis.NewClient(options), (*Database)(nil)
	if address := os.Getenv("DATABASE_URL"); address != "" {
		if db, err = connect(address); err != nil {
			return nil, err
		}
	}
	events := map[string]*Event{}
	for name, kind := range kinds {
		if kind.tables && db == nil {
			continue
		}
		table := setting("TABLE_PREFIX", "coupon_hunt") + "_" + strings.ReplaceAll(name, "-", "_")
		event := &Event{kind: kind, name: table, event: table + "_event", coupon: table + "_coupon", db: db, redis: client}
		if err := event.createTables(ctx); err != nil {
			return nil, err
		}
		events[name] = event
	}
	return events, nil
}

func (e *Event) serve(response http.ResponseWriter, request *http.Request) {
	var body struct {
		UserID int64 `json:"userId"`
		Limit  int   `json:"limit"`
	}
	status, err := http.StatusNoContent, json.NewDecoder(request.Body).Decode(&body)
	switch {
	case err != nil:
	case strings.HasSuffix(request.URL.Path, "/reset"):
		err = e.reset(request.Context(), body.Limit)
	default:
		status, err = e.kind.claim(request.Context(), e, body.UserID)
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	response.WriteHeader(status)
}

func main() {
	events, err := openEvents(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /health", func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(204) })
	for kind, event := range events {
		http.HandleFunc("POST /"+kind+"/reset", event.serve)
		http.HandleFunc("POST /"+kind+"/coupons", event.serve)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+setting("PORT", "0"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// Connections of the pool.
const poolSize = 8

// Database is PostgreSQL with pgx, or MariaDB and MySQL with go-sql-driver. Statements hold `?` for their parameters.
type Database struct {
	pool     *sql.DB
	shared   *sql.DB
	postgres bool
	serial   string
}

// A pool or a transaction.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Statements run on one executor.
type Statements struct {
	db *Database
	on executor
}

func connect(address string) (*Database, error) {
	driver, source, db := "pgx", address, &Database{postgres: true, serial: "bigserial PRIMARY KEY"}
	if !strings.HasPrefix(address, "postgres") {
		parsed, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		config := mysql.NewConfig()
		config.Net, config.Addr, config.DBName = "tcp", parsed.Host, strings.Trim(parsed.Path, "/")
		config.User = parsed.User.Username()
		config.Passwd, _ = parsed.User.Password()
		driver, source = "mysql", config.FormatDSN()
		db = &Database{serial: "bigint AUTO_INCREMENT PRIMARY KEY"}
	}
	var err error
	if db.pool, err = sql.Open(driver, source); err != nil {
		return nil, err
	}
	db.pool.SetMaxOpenConns(poolSize)
	db.pool.SetMaxIdleConns(poolSize)
	if db.shared, err = sql.Open(driver, source); err != nil {
		return nil, err
	}
	db.shared.SetMaxOpenConns(1)
	return db, db.openConnections()
}

// Opens all connections of the pool, which otherwise opens them when they are needed.
func (db *Database) openConnections() error {
	for range poolSize {
		connection, err := db.pool.Conn(context.Background())
		if err != nil {
			return err
		}
		defer connection.Close()
	}
	return db.shared.Ping()
}

// Pool runs each statement on a free connection; it commits itself.
func (db *Database) Pool() Statements { return Statements{db, db.pool} }

// Shared runs each statement on the one connection that all requests share.
func (db *Database) Shared() Statements { return Statements{db, db.shared} }

// Transaction commits what `work` did, and rolls it back when `work` returns an error.
func (db *Database) Transaction(ctx context.Context, work func(Statements) (int, error)) (int, error) {
	tx, err := db.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	status, err := work(Statements{db, tx})
	if err != nil {
		return 0, err
	}
	return status, tx.Commit()
}

// Duplicate tells whether a unique key refused a row.
func Duplicate(err error) bool {
	var postgres *pgconn.PgError
	var maria *mysql.MySQLError
	return errors.As(err, &postgres) && postgres.Code == "23505" || errors.As(err, &maria) && maria.Number == 1062
}

// Exec answers with the number of rows that were changed.
func (s Statements) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.on.ExecContext(ctx, s.db.numbered(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Row reads one row.
func (s Statements) Row(ctx context.Context, query string, args []any, into ...any) error {
	return s.on.QueryRowContext(ctx, s.db.numbered(query), args...).Scan(into...)
}

// Writes `?` as $1, $2 and so on for PostgreSQL.
func (db *Database) numbered(query string) string {
	if !db.postgres {
		return query
	}
	parts := strings.Split(query, "?")
	text := parts[0]
	for index, part := range parts[1:] {
		text += "$" + strconv.Itoa(index+1) + part
	}
	return text
}

//! SQL texts as clients send them, with their meaning.

use super::*;
use crate::gate::footprint::{ADVISORY_LOCK, Objects};
use GateKind::{Mysql, Postgres};

fn of(kind: GateKind, text: &str) -> Meaning {
    classify(kind, [text].into_iter())
}

fn names(objects: &Objects) -> String {
    match objects {
        Objects::All => "all".to_owned(),
        Objects::Some(names) => names.iter().cloned().collect::<Vec<_>>().join(" "),
    }
}

/// Checks the tables that are read and written by each text.
fn check(kind: GateKind, cases: &[(&str, &str, &str)]) {
    for (text, reads, writes) in cases {
        let (role, footprint) = of(kind, text);
        let found = (names(&footprint.reads), names(&footprint.writes));
        assert_eq!(found, ((*reads).to_owned(), (*writes).to_owned()), "{text}");
        assert_eq!(role, Role::Data, "{text}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn tables_of_postgresql_are_found() {
    check(
        Postgres,
        &[
            ("SELECT count(*) FROM coupon", "coupon", ""),
            (
                "select count(*) from \"public\".\"Coupon\" where id=$1",
                "coupon",
                "",
            ),
            // JPA with Hibernate
            (
                "select c1_0.id,c1_0.event_id,c1_0.user_id from coupon c1_0 where c1_0.event_id=$1",
                "coupon",
                "",
            ),
            (
                "select e1_0.id,e1_0.issued from event e1_0 where e1_0.id=$1 for no key update",
                "event",
                "event",
            ),
            (
                "select e1_0.id from event e1_0 where e1_0.id=$1 for no key update of e1_0",
                "event",
                "event",
            ),
            (
                "insert into coupon (event_id,user_id) values ($1,$2)",
                "coupon",
                "coupon",
            ),
            (
                "update event set issued=$1,version=$2 where id=$3 and version=$4",
                "event",
                "event",
            ),
            // Django
            (
                r#"SELECT COUNT(*) AS "__count" FROM "shop_coupon" WHERE "shop_coupon"."event_id" = 1"#,
                "shop_coupon",
                "",
            ),
            (
                r#"SELECT "e"."id" FROM "e" WHERE "e"."id" = 1 LIMIT 21 FOR UPDATE"#,
                "e",
                "e",
            ),
            (
                r#"SELECT 1 AS "a" FROM "coupon" WHERE "coupon"."user_id" = 'u1' LIMIT 1"#,
                "coupon",
                "",
            ),
            (
                r#"INSERT INTO "coupon" ("user_id") VALUES (1) RETURNING "coupon"."id""#,
                "coupon",
                "coupon",
            ),
            (
                r#"UPDATE "event" SET "issued" = ("event"."issued" + 1) WHERE "event"."id" = 1"#,
                "event",
                "event",
            ),
            // SQLAlchemy
            (
                "SELECT count(*) AS count_1 FROM (SELECT coupon.id AS coupon_id FROM coupon \
                 WHERE coupon.event_id = $1::INTEGER) AS anon_1",
                "coupon",
                "",
            ),
            (
                "INSERT INTO coupon (user_id) VALUES ($1::VARCHAR) RETURNING coupon.id",
                "coupon",
                "coupon",
            ),
            // Prisma
            (
                r#"SELECT COUNT(*) FROM (SELECT "public"."Coupon"."id" FROM "public"."Coupon" WHERE "public"."Coupon"."eventId" = $1 OFFSET $2) AS "sub""#,
                "coupon",
                "",
            ),
            (
                r#"INSERT INTO "public"."Coupon" ("userId") VALUES ($1) RETURNING "public"."Coupon"."id""#,
                "coupon",
                "coupon",
            ),
            // Sequelize, TypeORM
            (
                r#"SELECT count(*) AS "count" FROM "coupons" AS "Coupon" WHERE "Coupon"."event" = 1;"#,
                "coupons",
                "",
            ),
            (
                r#"SELECT COUNT(DISTINCT("Coupon"."id")) AS "cnt" FROM "coupon" "Coupon" WHERE (("Coupon"."event" = $1))"#,
                "coupon",
                "",
            ),
            // ActiveRecord
            (
                r#"SELECT COUNT(*) FROM "coupons" /*application:shop*/"#,
                "coupons",
                "",
            ),
            (
                r#"SELECT "events".* FROM "events" WHERE "events"."id" = $1 LIMIT $2 FOR UPDATE"#,
                "events",
                "events",
            ),
            // pgx, sqlx
            (
                "INSERT INTO coupon (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING",
                "coupon",
                "coupon",
            ),
            (
                "UPDATE event SET issued = issued + 1 WHERE id = $1 AND issued < limit_count RETURNING issued",
                "event",
                "event",
            ),
            (
                "INSERT INTO coupon (user_id) SELECT $1 WHERE (SELECT count(*) FROM coupon) < 100",
                "coupon",
                "coupon",
            ),
            (
                "INSERT INTO coupon (user_id) SELECT $1 FROM event WHERE issued < 100",
                "coupon event",
                "coupon",
            ),
            ("DELETE FROM coupon WHERE id = 1", "coupon", "coupon"),
            (
                "DELETE FROM coupon c USING event e WHERE e.id = c.event",
                "coupon event",
                "coupon",
            ),
            ("UPDATE a SET x = b.y FROM b WHERE a.id = b.id", "a b", "a"),
            ("TRUNCATE TABLE coupon", "coupon", "coupon"),
            (
                "TRUNCATE coupon, event RESTART IDENTITY",
                "coupon event",
                "coupon event",
            ),
            (
                "SELECT * FROM coupon WHERE user_id IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
                "coupon",
                "coupon",
            ),
            (
                "SELECT * FROM event WHERE id = 1 FOR KEY SHARE",
                "event",
                "event",
            ),
            (
                "SELECT * FROM event WHERE id = 1 FOR SHARE NOWAIT",
                "event",
                "event",
            ),
            (
                "SELECT a.x FROM a JOIN b ON a.id = b.id LEFT JOIN c USING (id)",
                "a b c",
                "",
            ),
            (
                "SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id IN (SELECT id FROM c))",
                "a b c",
                "",
            ),
            ("SELECT x FROM a UNION ALL (SELECT y FROM b)", "a b", ""),
            ("SELECT nextval('s'), now(), coalesce(x, 0) FROM a", "a", ""),
            (
                "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = b.x \
                 WHEN NOT MATCHED THEN INSERT (id) VALUES (b.id)",
                "a b",
                "a",
            ),
            ("BEGIN; SELECT 1 FROM a", "a", ""),
            ("(SELECT 1 FROM a)", "a", ""),
            ("SELECT * FROM pg_orders", "pg_orders", ""),
        ],
    );
}

#[test]
fn tables_of_mysql_are_found() {
    check(
        Mysql,
        &[
            (
                "SELECT COUNT(*) FROM `shop`.`coupon` WHERE `user_id` = ?",
                "coupon",
                "",
            ),
            (
                "select e1_0.id from event e1_0 where e1_0.id=? for update",
                "event",
                "event",
            ),
            (
                "select * from event where id=? lock in share mode",
                "event",
                "event",
            ),
            (
                "select * from event where id=1 for update skip locked",
                "event",
                "event",
            ),
            (
                "INSERT IGNORE INTO coupon (user_id) VALUES (?)",
                "coupon",
                "coupon",
            ),
            (
                "INSERT INTO coupon (user_id) VALUES (1) ON DUPLICATE KEY UPDATE user_id = VALUES(user_id)",
                "coupon",
                "coupon",
            ),
            (
                "REPLACE INTO coupon (user_id) VALUES ('it\\'s')",
                "coupon",
                "coupon",
            ),
            ("INSERT INTO coupon SET user_id = 1", "coupon", "coupon"),
            (
                "UPDATE event SET issued = issued + 1 WHERE id = 1 AND issued < 100",
                "event",
                "event",
            ),
            // InnoDB locks what a change reads.
            (
                "INSERT INTO coupon (x) SELECT x FROM event",
                "coupon event",
                "coupon event",
            ),
            ("UPDATE a JOIN b ON a.id = b.id SET a.x = 1", "a b", "a b"),
            ("DELETE a FROM a JOIN b ON a.id = b.id", "a b", "a b"),
            (
                "DELETE FROM coupon WHERE id = 1 LIMIT 1",
                "coupon",
                "coupon",
            ),
            ("SELECT * FROM pg_type", "pg_type", ""),
        ],
    );
}

#[test]
fn a_common_table_expression_is_no_table() {
    check(
        Postgres,
        &[
            (
                "WITH n AS (SELECT count(*) AS c FROM coupon) SELECT c FROM n",
                "coupon",
                "",
            ),
            (
                "WITH n AS (INSERT INTO coupon (x) VALUES (1) RETURNING id) SELECT id FROM n",
                "coupon",
                "coupon",
            ),
            (
                "WITH n AS (UPDATE event SET issued = issued + 1 RETURNING id) \
                 INSERT INTO coupon (event) SELECT id FROM n",
                "coupon event",
                "coupon event",
            ),
            // Here the inner name is the table.
            (
                "WITH coupon AS (SELECT * FROM coupon) SELECT * FROM coupon",
                "coupon",
                "",
            ),
            (
                "WITH RECURSIVE t AS (SELECT id FROM a UNION SELECT a.id FROM a JOIN t ON true) SELECT * FROM t",
                "a",
                "",
            ),
            ("WITH a AS (SELECT 1) SELECT * FROM public.a", "a", ""),
        ],
    );
}

#[test]
fn an_advisory_lock_is_an_object_of_its_own() {
    let lock = ADVISORY_LOCK;
    check(
        Postgres,
        &[
            ("SELECT pg_advisory_xact_lock(1)", lock, lock),
            ("SELECT pg_try_advisory_lock($1, $2)", lock, lock),
            ("SELECT pg_catalog.pg_advisory_unlock(1)", lock, ""),
            // asyncpg gives back a connection.
            (
                "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;",
                lock,
                "",
            ),
        ],
    );
    check(
        Mysql,
        &[
            ("SELECT GET_LOCK('coupon', 1)", lock, lock),
            ("SELECT RELEASE_LOCK('coupon')", lock, ""),
            (
                "SELECT GET_LOCK(name, 1) FROM event",
                "advisory lock event",
                "advisory lock event",
            ),
        ],
    );
}

#[test]
fn what_is_not_understood_touches_everything() {
    for (kind, text) in [
        (Postgres, "SELECT issue_coupon(1)"),
        (Postgres, "SELECT shop.count(1)"),
        (Postgres, "SELECT * FROM stats()"),
        (Postgres, "SELECT x FROM a WHERE f(x) = 1"),
        (Postgres, "SELECT * INTO b FROM a"),
        (Postgres, "INSERT INTO a TABLE b"),
        (Postgres, "TABLE a"),
        (Postgres, "TRUNCATE a CASCADE"),
        (Postgres, "CALL issue(1)"),
        (Postgres, "DO $$ BEGIN DELETE FROM a; END $$"),
        (Postgres, "LOCK TABLE a IN EXCLUSIVE MODE"),
        (Postgres, "COPY a FROM STDIN"),
        (Postgres, "CREATE TABLE a (x int)"),
        (Postgres, "PREPARE q AS SELECT 1"),
        (Postgres, "EXECUTE q"),
        (Postgres, "EXPLAIN ANALYZE DELETE FROM a"),
        (Postgres, "DECLARE c CURSOR FOR SELECT * FROM a"),
        (Postgres, "NOTIFY c"),
        (Postgres, "ROLLBACK TO SAVEPOINT s"),
        (Postgres, "ROLLBACK TO s"),
        (Postgres, "COMMIT PREPARED 'x'"),
        (Postgres, "SET CONSTRAINTS ALL IMMEDIATE"),
        (Postgres, "UPDATE pg_catalog.pg_class SET x = 1"),
        (Postgres, "SELEC 1"),
        (Postgres, "SELECT 'open"),
        (Postgres, "SELECT * FROM"),
        (Mysql, "SELECT SLEEP(1)"),
        (Mysql, "LOCK TABLES a WRITE"),
        (Mysql, "UNLOCK TABLES"),
        (Mysql, "XA START 'x'"),
        (Mysql, "TRUNCATE TABLE a"),
        (Mysql, "SELECT 1 /*! FROM a */"),
        (Mysql, "BEGIN NOT ATOMIC INSERT INTO a VALUES (1); END"),
        (
            Mysql,
            "SET STATEMENT max_statement_time=1 FOR SELECT * FROM a",
        ),
        (Mysql, "SET @n = (SELECT count(*) FROM a)"),
        (Mysql, "SET @n = issue(1)"),
        (Mysql, "SET GLOBAL max_connections = 1"),
        (Mysql, "SET @@GLOBAL.max_connections = 1"),
        (Mysql, "SELECT * FROM a INTO OUTFILE 'x'"),
        (Mysql, "LOAD DATA INFILE 'x' INTO TABLE a"),
    ] {
        assert_eq!(of(kind, text).1, Footprint::everything(), "{text}");
    }
}

#[test]
fn housekeeping_touches_nothing() {
    for (kind, text) in [
        (Postgres, ""),
        (Postgres, ";"),
        (Postgres, "-- ping"),
        (Postgres, "SELECT 1"),
        (Postgres, "SELECT version()"),
        (Postgres, "select pg_catalog.version()"),
        (Postgres, "SELECT current_schema()"),
        (Postgres, "SELECT nextval('coupon_seq')"),
        (Postgres, "BEGIN"),
        (
            Postgres,
            "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ WRITE",
        ),
        (
            Postgres,
            "START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY",
        ),
        (Postgres, "SET extra_float_digits = 3"),
        (Postgres, "SET application_name = 'PostgreSQL JDBC Driver'"),
        (
            Postgres,
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        ),
        (Postgres, "SET TIME ZONE 'UTC'"),
        (Postgres, "SHOW TRANSACTION ISOLATION LEVEL"),
        (Postgres, "SAVEPOINT s1"),
        (Postgres, "RELEASE SAVEPOINT s1"),
        (Postgres, "DISCARD ALL"),
        (Postgres, "CLOSE ALL"),
        (Postgres, "DEALLOCATE ALL"),
        (Postgres, "LISTEN coupon"),
        (Postgres, "UNLISTEN *"),
        (
            Postgres,
            "SELECT t.oid, t.typname FROM pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace",
        ),
        (
            Postgres,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = $1",
        ),
        (Mysql, "SELECT @@session.transaction_isolation"),
        (Mysql, "SELECT @@version_comment LIMIT 1"),
        (Mysql, "SELECT VERSION(), DATABASE()"),
        (Mysql, "SELECT LAST_INSERT_ID()"),
        (Mysql, "select next value for coupon_seq"),
        (Mysql, "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"),
        (Mysql, "SET autocommit=0"),
        (Mysql, "SET AUTOCOMMIT = OFF"),
        (Mysql, "SET character_set_results = NULL"),
        (
            Mysql,
            "SET sql_mode=CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
        ),
        (
            Mysql,
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ),
        (Mysql, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
        (Mysql, "SET session sql_mode = DEFAULT"),
        (Mysql, "SET session transaction read write"),
        (Mysql, "START TRANSACTION"),
        (Mysql, "START TRANSACTION READ ONLY"),
        (Mysql, "SHOW VARIABLES LIKE 'x'"),
        (Mysql, "SHOW WARNINGS"),
        (Mysql, "USE shop"),
        (Mysql, "KILL QUERY 5"),
    ] {
        assert_eq!(of(kind, text), NOTHING, "{text}");
    }
}

#[test]
fn the_end_of_a_transaction_is_known() {
    for (kind, text, role) in [
        (Postgres, "COMMIT", Role::Commit),
        (Postgres, "commit;", Role::Commit),
        (Postgres, "END TRANSACTION", Role::Commit),
        (Postgres, "COMMIT AND CHAIN", Role::Commit),
        (Postgres, "PREPARE TRANSACTION 'x'", Role::Commit),
        (Postgres, "ROLLBACK", Role::Rollback),
        (Postgres, "ABORT", Role::Rollback),
        (Mysql, "COMMIT WORK", Role::Commit),
        (Mysql, "SET autocommit=1", Role::Commit),
        (Mysql, "SET AUTOCOMMIT = ON", Role::Commit),
        (Mysql, "SET @@session.autocommit = 1", Role::Commit),
        (Mysql, "SET SESSION autocommit = ?", Role::Commit),
        (Mysql, "SET autocommit=1, sql_mode='x'", Role::Commit),
        (Mysql, "SET sql_mode='x', autocommit=1", Role::Commit),
        (Mysql, "ROLLBACK", Role::Rollback),
    ] {
        assert_eq!(of(kind, text), (role, Footprint::none()), "{text}");
    }
    let (role, footprint) = of(Mysql, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
    assert_eq!((role, footprint.reads), (Role::Data, Objects::All));
}

#[test]
fn statements_together_have_the_union() {
    let texts = [
        "BEGIN",
        "INSERT INTO a VALUES (1)",
        "SELECT 1 FROM b",
        "COMMIT",
    ];
    let (role, footprint) = classify(Postgres, texts.into_iter());
    let found = (role, names(&footprint.reads), names(&footprint.writes));
    assert_eq!(found, (Role::Commit, "a b".to_owned(), "a".to_owned()));
    assert_eq!(of(Postgres, &texts.join("; ")), (role, footprint));
    let (role, footprint) = of(Postgres, "ROLLBACK; SELECT 1 FROM b");
    assert_eq!(
        (role, names(&footprint.reads)),
        (Role::Rollback, "b".to_owned())
    );
}

#[test]
fn a_long_or_deep_text_is_answered() {
    let long_list = format!("SELECT x FROM a WHERE id IN ({}0)", "1, ".repeat(5_000));
    assert_eq!(names(&of(Postgres, &long_list).1.reads), "a");
    let deep = format!("SELECT x FROM a WHERE x = {}1", "1 + ".repeat(1_900));
    assert_eq!(names(&of(Postgres, &deep).1.reads), "a");
    for text in [
        format!("SELECT x FROM a WHERE x = {}1", "1 + ".repeat(500_000)),
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}1", "NOT ".repeat(1_900)),
        format!("SELECT {}1", "- ".repeat(1_900)),
        "SELECT ".repeat(1_000),
        "(".repeat(100_000),
    ] {
        assert_eq!(of(Postgres, &text), EVERYTHING, "{} bytes", text.len());
        let _ = of(Mysql, &text);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = (of(Postgres, &text), of(Mysql, &text));
    }

    #[test]
    fn no_mixture_of_words_panics(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "SELECT", "FROM", "a", "b", "(", ")", ",", "*", "WHERE", "=", "'x'", "$1", "?", "WITH", "AS", "INSERT", "INTO",
            "VALUES", "UPDATE", "SET", "FOR", "SHARE", "LOCK", "IN", "MODE", ";", "BEGIN", "COMMIT", "autocommit", "1", "@x",
            "NO", "KEY", "JOIN", "ON", "DELETE", "\"q\"", "`m`", "--", "/*", "*/", "'", "::", "TABLE", "RETURNING", "$$",
        ]), 0..25)) {
        let text = words.join(" ");
        let _ = (of(Postgres, &text), of(Mysql, &text));
    }
}

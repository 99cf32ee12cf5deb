# shellcheck shell=bash disable=SC2034,SC2154
# PostgreSQL with its own defaults but for the number of connections: fsync and
# synchronous_commit stay on, so that measured commits are durable.

svc_default_port=15432
svc_users=postgres
# A fast shutdown; SIGTERM would wait for the clients to leave.
svc_signal=INT
svc_test_variable=COUPON_BENCH_TEST_POSTGRES
svc_variable=COUPON_BENCH_DB

svc_needs() {
    if ! { has_program initdb && has_program postgres && has_program psql; }; then
        echo postgresql
    fi
}

svc_version() {
    postgres --version | awk '{ print $3 }'
}

svc_prepare() {
    cd "$folder" || return
    [ ! -d data ] || return 0
    echo coupon >password && chmod 0644 password || return 1
    # Renamed when complete, so that an incomplete folder is never used.
    rm -rf data.new
    as_user "$user" "$(command -v initdb)" --pgdata=data.new --username=coupon \
        --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --locale=C &&
        mv data.new data
}

svc_command() {
    # No Unix socket: the URL has none, and its path could get too long.
    server=("$(command -v postgres)" -D "$folder/data"
        -c listen_addresses=127.0.0.1 -c port="$port"
        -c unix_socket_directories= -c max_connections=300)
}

postgres_client() {
    PGPASSWORD=coupon PGCONNECT_TIMEOUT=2 \
        psql --no-psqlrc --quiet --tuples-only --no-align \
        --host=127.0.0.1 --port="$port" --username=coupon "$@"
}

svc_answers() {
    postgres_client --dbname=template1 --command='SELECT 1' >/dev/null 2>&1
}

svc_finish() {
    local known
    known=$(postgres_client --dbname=template1 \
        --command="SELECT 1 FROM pg_database WHERE datname = 'coupon'") || return 1
    [ -n "$known" ] || postgres_client --dbname=template1 --command='CREATE DATABASE coupon'
}

svc_address() {
    echo "postgres://coupon:coupon@127.0.0.1:$port/coupon"
}

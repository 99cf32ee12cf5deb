# shellcheck shell=bash disable=SC2034,SC2154
# MariaDB with its own defaults but for the number of connections; the machine's
# option files are not read.

svc_default_port=13306
svc_users=mysql
svc_signal=TERM
svc_test_variable=COUPON_BENCH_TEST_MYSQL
svc_variable=COUPON_BENCH_DB

svc_needs() {
    if ! { has_program mariadbd && has_program mariadb-install-db && has_program mariadb; }; then
        echo mariadb-server
    fi
}

svc_version() {
    mariadbd --no-defaults --version | sed 's/.* Ver \([0-9.]*\).*/\1/'
}

# The statements run at each start, before the server accepts connections.
# localhost is named besides % because a connection over 127.0.0.1 counts as
# that, and a more exact host wins. PROCESS is for hunt, which asks who waits for a lock.
mariadb_statements() {
    cat <<'EOF'
CREATE DATABASE IF NOT EXISTS coupon CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'coupon'@'localhost' IDENTIFIED BY 'coupon';
CREATE USER IF NOT EXISTS 'coupon'@'%' IDENTIFIED BY 'coupon';
GRANT ALL PRIVILEGES ON coupon.* TO 'coupon'@'localhost';
GRANT ALL PRIVILEGES ON coupon.* TO 'coupon'@'%';
GRANT PROCESS ON *.* TO 'coupon'@'localhost';
GRANT PROCESS ON *.* TO 'coupon'@'%';
EOF
}

svc_prepare() {
    cd "$folder" || return
    mariadb_statements >init.sql && chmod 0644 init.sql || return 1
    # The folder of temporary files: the server's user may have no access to the caller's TMPDIR.
    as_user "$user" mkdir -p tmp || return 1
    [ ! -d data ] || return 0
    # Renamed when complete, so that an incomplete folder is never used.
    rm -rf data.new
    as_user "$user" mariadb-install-db --no-defaults --datadir="$folder/data.new" \
        --tmpdir="$folder/tmp" --skip-test-db &&
        mv data.new data
}

svc_command() {
    # A relative socket is inside the data folder; a full path could get too long.
    server=(mariadbd --no-defaults --datadir="$folder/data" --tmpdir="$folder/tmp"
        --bind-address=127.0.0.1 --port="$port" --socket=mariadb.sock
        --pid-file=mariadb.pid --init-file="$folder/init.sql" --max-connections=500)
}

svc_answers() {
    MYSQL_PWD=coupon mariadb --no-defaults --connect-timeout=2 --protocol=TCP \
        --host=127.0.0.1 --port="$port" --user=coupon \
        --execute='SELECT 1' coupon >/dev/null 2>&1
}

svc_finish() {
    :
}

svc_address() {
    echo "mysql://coupon:coupon@127.0.0.1:$port/coupon"
}

# shellcheck shell=bash disable=SC2034,SC2154
# Redis without snapshots: a fork during a measurement disturbs it, and the data is not needed later.

svc_default_port=16379
svc_users=root
svc_signal=TERM
svc_test_variable=COUPON_BENCH_TEST_REDIS
svc_variable=COUPON_BENCH_REDIS

svc_needs() {
    has_program redis-server || echo redis-server
    has_program redis-cli || echo redis-tools
}

svc_version() {
    redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/'
}

svc_prepare() {
    :
}

svc_command() {
    server=(redis-server --bind 127.0.0.1 --port "$port" --dir "$folder" --save '' --appendonly no --daemonize no)
}

svc_answers() {
    [ "$(redis-cli -h 127.0.0.1 -p "$port" ping 2>/dev/null)" = PONG ]
}

svc_finish() {
    :
}

svc_address() {
    echo "redis://127.0.0.1:$port"
}

# shellcheck shell=bash disable=SC2034,SC2154
# RabbitMQ with its management plugin, for the one live test of it. It takes longer to start than all others together, so it runs
# only where it is named: scripts/services start rabbitmq.
#
# The port is that of the management API. AMQP, Erlang's port mapper and its distribution have the three ports behind it, the node
# a name of its own: a RabbitMQ that the machine itself runs is not touched.

svc_optional=yes
svc_default_port=15680
svc_users=rabbitmq
svc_signal=TERM
svc_test_variable=COUPON_BENCH_TEST_RABBITMQ

rabbitmq_bin=/usr/lib/rabbitmq/bin

svc_needs() {
    has_program "$rabbitmq_bin/rabbitmq-server" || echo rabbitmq-server
}

svc_version() {
    dpkg-query --show --showformat='${Version}' rabbitmq-server | sed 's/-.*//'
}

# Written at each start, since the ports may have changed.
svc_prepare() {
    local next
    for next in 1 2 3; do
        if port_is_open "$((port + next))"; then
            echo "something else listens on port $((port + next)); choose others by COUPON_BENCH_RABBITMQ_PORT" >&2
            return 1
        fi
    done
    cat >"$folder/rabbitmq.conf" <<CONF || return 1
listeners.tcp.1 = 127.0.0.1:$((port + 1))
management.tcp.ip = 127.0.0.1
management.tcp.port = $port
# The default is 5 s; a test should not wait for that.
collect_statistics_interval = 1000
CONF
    echo '[rabbitmq_management].' >"$folder/enabled_plugins" &&
        chown -R "$user:" "$folder" 2>/dev/null || ! is_root
}

svc_command() {
    server=(env
        RABBITMQ_NODENAME=coupon_bench@localhost
        RABBITMQ_CONF_ENV_FILE=/dev/null
        RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf"
        RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins"
        RABBITMQ_MNESIA_BASE="$folder/data"
        RABBITMQ_LOG_BASE="$folder/log"
        RABBITMQ_DIST_PORT="$((port + 3))"
        ERL_EPMD_ADDRESS=127.0.0.1
        ERL_EPMD_PORT="$((port + 2))"
        bash "$services_d/rabbitmq/run" "$rabbitmq_bin/rabbitmq-server")
}

# The same request as a drain's; an empty list of queues.
svc_answers() {
    local answer
    answer=$(
        exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
        printf 'GET /api/queues HTTP/1.0\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n' >&3
        timeout 2 head -n 1 <&3
    ) || return 1
    case $answer in
        *' 200 '*) return 0 ;;
        *) return 1 ;;
    esac
}

svc_finish() {
    :
}

svc_address() {
    echo "http://guest:guest@127.0.0.1:$port"
}

# shellcheck shell=bash disable=SC2034,SC2154
# Apache Kafka, one node that is broker and controller (KRaft). Debian has no
# package of it, so its jars come from Maven's repository; kafka/pom.xml names
# the version.

svc_default_port=19092
svc_users=root
svc_signal=TERM
svc_test_variable=COUPON_BENCH_TEST_KAFKA
svc_variable=COUPON_BENCH_KAFKA

kafka_pom=$services_d/kafka/pom.xml
kafka_libs=$state_root/cache/kafka-libs

svc_needs() {
    kafka_java >/dev/null || echo openjdk-17-jre-headless
    kafka_libs_present || has_program mvn || echo maven
}

svc_version() {
    sed -n 's/.*<kafka.version>\(.*\)<.*/\1/p' "$kafka_pom"
}

# Prints the first Java that is new enough for a broker.
kafka_java() {
    local java
    for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" java /usr/lib/jvm/*/bin/java; do
        if [ -n "$java" ] && has_program "$java" && [ "$(java_major "$java")" -ge 17 ]; then
            echo "$java"
            return
        fi
    done
    return 1
}

java_major() {
    local major
    major=$("$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    echo "${major:-0}"
}

# The pom is copied in last: it says that the jars are complete, and of which
# version they are.
kafka_libs_present() {
    cmp -s "$kafka_pom" "$kafka_libs/pom.xml"
}

fetch_kafka_libs() {
    if kafka_libs_present; then
        return
    fi
    rm -rf "$kafka_libs"
    mkdir -p "$kafka_libs"
    mvn --quiet --batch-mode -Dstyle.color=never --file "$kafka_pom" \
        org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$kafka_libs" &&
        cp "$kafka_pom" "$kafka_libs/pom.xml"
}

# `kafka_run CLASS [ARG...]`, in place of this (sub)shell.
kafka_run() {
    exec "$(kafka_java)" -Xmx256m -cp "$kafka_libs/*" \
        -Dlog4j2.configurationFile="$services_d/kafka/log4j2.properties" "$@"
}

# Written at each start, since the ports may have changed.
write_kafka_properties() {
    local controller_port=${COUPON_BENCH_KAFKA_CONTROLLER_PORT:-$((port + 1))}
    check_port COUPON_BENCH_KAFKA_CONTROLLER_PORT "$controller_port"
    if port_is_open "$controller_port"; then
        die "kafka: something else listens on port $controller_port;" \
            "choose another by COUPON_BENCH_KAFKA_CONTROLLER_PORT"
    fi
    cat >"$folder/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller_port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$folder/data
auto.create.topics.enable=false
# There is only one node to copy anything to.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A group of one consumer need not wait for others to join.
group.initial.rebalance.delay.ms=0
EOF
}

svc_prepare() {
    fetch_kafka_libs && write_kafka_properties || return 1
    [ ! -f "$folder/data/meta.properties" ] || return 0
    # Any cluster id will do, as there is one cluster only.
    kafka_run kafka.tools.StorageTool format --standalone \
        -t 4L6g3nShT-eMCtK--X86sw -c "$folder/server.properties"
}

svc_command() {
    server=("$(kafka_java)" -Xmx512m -cp "$kafka_libs/*"
        -Dlog4j2.configurationFile="$services_d/kafka/log4j2.properties"
        kafka.Kafka "$folder/server.properties")
}

# An open port does not mean much yet, and a Java client takes seconds to start:
# so a Metadata request (key 3, version 1, for no topics) by hand. The answer has
# its length, the request's number and the number of brokers that take requests.
svc_answers() {
    local answer
    answer=$(
        exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
        printf '\0\0\0\016\0\003\0\001\0\0\0\001\377\377\0\0\0\0' >&3
        timeout 2 head -c 12 <&3 | od -An -v -tu1 | tr -s ' \n' ' '
    ) || return 1
    case $answer in
        *' 0 0 0 1 0 0 0 1 ') return 0 ;;
        *) return 1 ;;
    esac
}

svc_finish() {
    :
}

svc_address() {
    echo "127.0.0.1:$port"
}

svc_tool() {
    local tool=$1 class
    shift
    case $tool in
        topics) class=org.apache.kafka.tools.TopicCommand ;;
        configs) class=kafka.admin.ConfigCommand ;;
        console-consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
        console-producer) class=org.apache.kafka.tools.ConsoleProducer ;;
        consumer-groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
        get-offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
        *) die "no Kafka tool '$tool'" ;;
    esac
    if [ "$(service_source)" = docker ]; then
        compose exec -T kafka "/opt/kafka/bin/kafka-$tool.sh" \
            --bootstrap-server "127.0.0.1:$port" "$@"
    else
        kafka_libs_present || die "Kafka's jars are not here yet: scripts/services start kafka"
        kafka_run "$class" --bootstrap-server "127.0.0.1:$port" "$@"
    fi
}

# shellcheck shell=bash disable=SC2154
# The same services from docker-compose.yml, where a program is missing but a
# Docker engine runs.

compose() {
    docker compose --file "$repository/docker-compose.yml" "$@" 9>&-
}

# The client alone is not enough: it needs an engine, and its compose plugin.
docker_works() {
    has_program docker &&
        timeout 10 docker info >/dev/null 2>&1 &&
        docker compose version >/dev/null 2>&1
}

docker_runs() {
    [ -n "$(compose ps --status running --quiet "$1" 2>/dev/null)" ]
}

docker_start() {
    # The file reads the ports from the same variables.
    export "$(port_variable)=$port"
    compose up --detach --wait --quiet-pull "$1" >>"$state/log" 2>&1
}

docker_stop() {
    if [ "$2" = yes ]; then
        compose stop "$1" >/dev/null 2>&1
    else
        compose rm --stop --force --volumes "$1" >/dev/null 2>&1
    fi
}

docker_log() {
    compose logs --no-color --tail 20 "$1"
}

docker_version() {
    compose ps --all --format '{{.Image}}' "$1" 2>/dev/null | sed 's/.*://' | grep . || echo -
}

# shellcheck shell=bash
# What the other parts share: paths, messages, the state folder.

services_d=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repository=$(cd "$services_d/../.." && pwd)
state_root=${COUPON_BENCH_SERVICES_DIR:-$repository/.services}

die() {
    printf 'services: %s\n' "$*" >&2
    exit 1
}

say() {
    printf 'services: %s\n' "$*"
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

has_program() {
    command -v "$1" >/dev/null 2>&1
}

# Servers live outside an ordinary user's PATH on Debian, PostgreSQL's in a
# folder per version (the newest one counts).
extend_path() {
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:$newest
}
extend_path

# Others' readability does not matter, but a server that runs as its own user
# has to be able to pass through on the way to its data.
make_state_folder() {
    mkdir -p "$1"
    chmod go+x "$1"
}

# Two starts at once would both see a stopped service. Held until this process
# ends; servers are started with the descriptor closed.
lock_state() {
    make_state_folder "$state_root"
    exec 9>"$state_root/lock"
    if has_program flock; then
        flock 9
    fi
}

port_is_open() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# shellcheck shell=bash
# Starting and ending a server process, known by a pid file.

# Number of seconds a server has to answer, and then to end.
start_limit=60
stop_limit=30

# `pid_stamp PID` prints when the process started (in clock ticks since the
# boot), which tells it from a later process with the same number. Fails when
# there is no such process, or only a zombie (usual in containers whose first
# process is not an init).
pid_stamp() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name, in parentheses, may hold blanks: count from behind it.
    read -r -a fields <<<"${stat##*) }"
    [ "${fields[0]}" != Z ] || return 1
    echo "${fields[19]}"
}

# `pid_of FILE` prints the pid in it, if that process is still the one we started.
pid_of() {
    local pid stamp
    read -r pid stamp 2>/dev/null <"$1" || return 1
    [ "$(pid_stamp "$pid")" = "$stamp" ] || return 1
    echo "$pid"
}

# `as_user USER COMMAND...` runs the command, as the user if we are root.
as_user() {
    (become "$@")
}

# The same, but replaces this (sub)shell with the command. setpriv and not runuser or su: those stay in front of
# the command as a parent, and the pid would be theirs.
become() {
    local user=$1
    shift
    if is_root && [ "$user" != root ]; then
        exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
            env HOME="$PWD" "$@"
    fi
    exec "$@"
}

# `first_user NAME...` prints the first user that exists, for a server that root starts.
first_user() {
    local user
    for user in "$@" nobody; do
        if id "$user" >/dev/null 2>&1; then
            echo "$user"
            return
        fi
    done
}

# `launch USER FOLDER LOG PIDFILE COMMAND...` starts it in the background.
launch() {
    local user=$1 folder=$2 log=$3 pid_file=$4
    shift 4
    (
        exec </dev/null >>"$log" 2>&1 9>&-
        cd "$folder" || exit 1
        # A connection is a descriptor, and a load test opens many.
        ulimit -S -n 65536 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
        # A session of its own: an interrupt from the terminal is not for it.
        become "$user" setsid "$@"
    ) &
    echo "$! $(pid_stamp "$!")" >"$pid_file"
}

# `wait_until_ready PIDFILE CHECK` waits until the check succeeds, but gives up
# when the process has ended or the time is over.
wait_until_ready() {
    local deadline=$((SECONDS + start_limit))
    while pid_of "$1" >/dev/null; do
        if "$2"; then
            return 0
        fi
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
    return 1
}

# `end_process PIDFILE SIGNAL` ends it, by force if it takes too long.
end_process() {
    local pid deadline=$((SECONDS + stop_limit))
    if pid=$(pid_of "$1"); then
        kill -s "$2" "$pid"
        while pid_of "$1" >/dev/null; do
            if [ "$SECONDS" -ge "$deadline" ]; then
                kill -s KILL "$pid" 2>/dev/null || true
                deadline=$((SECONDS + stop_limit))
            fi
            sleep 0.1
        done
    fi
    rm -f "$1"
}

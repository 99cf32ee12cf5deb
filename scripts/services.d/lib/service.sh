# shellcheck shell=bash disable=SC2154
# Functions for one service. A file services.d/NAME.sh defines
#
#   svc_default_port   its port, unless COUPON_BENCH_NAME_PORT says otherwise
#   svc_users          the user of the server if root starts it: the first that exists
#   svc_signal         the signal that ends it in good order
#   svc_needs          prints the system packages of the programs that are missing
#   svc_version        prints the version that is installed
#   svc_prepare        makes the data folder, if there is none ($folder, $user)
#   svc_command        sets `server`, the array that runs it in the foreground
#   svc_answers        succeeds once a client gets an answer at $port
#   svc_finish         what is left to do once it answers
#   svc_address        prints its address, as the program takes it
#   svc_test_variable  where the tests look for the address
#   svc_variable       where the program looks for it; the databases share one
#   svc_optional       (optional) yes: it is started only where it is named
#   svc_tool           (optional) runs `scripts/services NAME-TOOL`
#
# and is loaded in a subshell, so that these names can be the same for all.
# svc_prepare and svc_finish are called in front of ||, where bash does not leave
# at the first failure: their steps have to be joined by &&, or end in || return.

# `load_service NAME` sets, besides the above: name, user, state (its folder for
# pid, log and so on) and port.
load_service() {
    name=$1
    # shellcheck source=/dev/null
    . "$services_d/$name.sh"
    state=$state_root/$name
    user=$(id -un)
    if is_root; then
        # shellcheck disable=SC2086 # several names
        user=$(first_user ${svc_users-root})
    fi
    port=$(service_port "$(port_variable)" "$svc_default_port")
}

port_variable() {
    echo "COUPON_BENCH_$(echo "$name" | tr '[:lower:]' '[:upper:]')_PORT"
}

# The port asked for, or the one it runs on, or the default.
service_port() {
    local wanted=${!1-}
    if [ -z "$wanted" ]; then
        wanted=$(cat "$state/port" 2>/dev/null) || wanted=$2
    fi
    check_port "$1" "$wanted"
    echo "$wanted"
}

check_port() {
    case $2 in
        *[!0-9]* | '') die "$1 is not a port: '$2'" ;;
    esac
}

service_source() {
    cat "$state/how" 2>/dev/null
}

service_runs() {
    case $(service_source) in
        docker) docker_runs "$name" ;;
        system) pid_of "$state/pid" >/dev/null ;;
        *) return 1 ;;
    esac
}

# `plan_sources NAME...` decides where each service that does not run yet comes
# from, and installs what has to be installed, all at once.
plan_sources() {
    local service needs packages=()
    docker_services=' '
    for service in "$@"; do
        needs=$(load_service "$service" && missing_for_service)
        if [ "$needs" = docker ] || { [ -n "$needs" ] && docker_works; }; then
            docker_services+="$service "
        elif [ -n "$needs" ]; then
            # shellcheck disable=SC2206 # several words
            packages+=($needs)
        fi
    done
    [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

# What the start needs: nothing, packages, or the container of the last start,
# which has the kept data.
missing_for_service() {
    if service_runs; then
        return
    elif [ "$(service_source)" = docker ]; then
        echo docker
    else
        svc_needs
    fi
}

# Finds the folder for data and sets `folder`. It belongs to the server's user
# alone. Usually it is inside the state folder; when that user cannot get there
# (a checkout under root's home), it is a temporary one, noted in the state.
choose_folder() {
    local base
    if folder=$(cat "$state/folder" 2>/dev/null) && [ -d "$folder" ]; then
        return
    fi
    if can_enter "$state"; then
        folder=$state/files
        mkdir -p "$folder"
    else
        for base in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
            can_enter "$base" && break
        done
        folder=$(mktemp -d "$base/coupon-bench-$name.XXXXXX")
    fi
    echo "$folder" >"$state/folder"
    chmod 0700 "$folder"
    if is_root; then
        chown "$user:" "$folder"
    fi
}

can_enter() {
    (cd / && become "$user" test -x "$1")
}

# The path was read from a file: remove nothing that this script did not make.
remove_folder() {
    local folder
    folder=$(cat "$state/folder" 2>/dev/null) || return 0
    case $folder in
        "$state/files" | */coupon-bench-"$name".??????) rm -rf "$folder" ;;
        *) die "not a folder of this script: $folder" ;;
    esac
    rm -f "$state/folder"
}

start_service() {
    local began=$SECONDS
    load_service "$1"
    if service_runs; then
        start_again
        return
    fi
    make_state_folder "$state"
    echo "$port" >"$state/port"
    if [[ $docker_services = *" $name "* ]]; then
        echo docker >"$state/how"
        docker_start "$name" || give_up
    else
        echo system >"$state/how"
        start_on_system
    fi
    start_row started "$((SECONDS - began)) s"
}

start_on_system() {
    local server
    # Otherwise another server's answer could be taken for this one's.
    if port_is_open "$port"; then
        rm -f "$state/port" "$state/how"
        die "$name: something else listens on port $port; choose another by $(port_variable)"
    fi
    choose_folder
    : >"$state/log"
    (svc_prepare) >>"$state/log" 2>&1 || give_up
    svc_command
    launch "$user" "$folder" "$state/log" "$state/pid" "${server[@]}"
    wait_until_ready "$state/pid" svc_answers || give_up
    (svc_finish) >>"$state/log" 2>&1 || give_up
}

start_again() {
    local recorded
    recorded=$(cat "$state/port")
    [ "$recorded" = "$port" ] ||
        die "$name: runs on port $recorded, not $port; stop it first"
    start_row 'runs already' ''
}

start_row() {
    printf '%-9s %-13s %-16s %-7s %s\n' "$name" "$1" "127.0.0.1:$port" "$(service_source)" "$2" |
        sed 's/ *$//'
}

give_up() {
    if [ "$(service_source)" = docker ]; then
        docker_log "$name" >"$state/log" 2>&1 || true
    else
        end_process "$state/pid" KILL
    fi
    {
        printf '%s: did not start; the end of its log (%s):\n' "$name" "$state/log"
        tail -n 20 "$state/log" | sed 's/^/    /'
    } >&2
    exit 1
}

stop_service() {
    local was=stopped
    load_service "$1"
    if service_runs; then
        was=running
    fi
    case $(service_source) in
        docker) docker_stop "$name" "$keep_data" ;;
        system) end_process "$state/pid" "$svc_signal" ;;
    esac
    forget_service
    if [ "$was" = running ]; then
        printf '%-9s stopped\n' "$name"
    else
        printf '%-9s did not run\n' "$name"
    fi
}

forget_service() {
    if [ "$keep_data" = yes ]; then
        rm -f "$state/port" "$state/pid"
        # A kept container is still the place of the data.
        [ "$(service_source)" = docker ] || rm -f "$state/how"
    else
        remove_folder
        rm -rf "$state"
    fi
}

status_row() {
    printf '%-9s %-9s %-9s %-16s %s\n' "$@"
}

status_service() {
    local state_word=stopped version how=-
    load_service "$1"
    version=$(installed_version)
    if service_runs; then
        how=$(service_source)
        # Docker's own health check has seen to that already.
        if [ "$how" = docker ] || svc_answers; then
            state_word=running
        else
            state_word='no answer'
        fi
    fi
    status_row "$name" "$state_word" "$version" "127.0.0.1:$port" "$how"
    [ "$state_word" = running ]
}

installed_version() {
    if [ "$(service_source)" = docker ]; then
        docker_version "$name"
    elif [ -n "$(svc_needs)" ]; then
        echo -
    else
        svc_version
    fi
}

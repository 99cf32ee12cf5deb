#!/bin/sh
# apt-install.sh PACKAGE... installs Debian packages, as root, without the
# machine's own services being started or enabled: only the programs are wanted.
# A file of its own so that sudo is asked once, for just this.
set -eu

policy=/usr/sbin/policy-rc.d
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive

# Debian asks this program before a package starts its service; 101 is "don't".
# What the machine has there is put back in the end; a copy that is there
# already is its own one, from a run that was killed.
forbid_starts() {
    if [ -e "$policy" ] && [ ! -e "$policy.coupon-bench" ]; then
        cp -p "$policy" "$policy.coupon-bench"
    fi
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
}

clean_up() {
    rm -f "$policy" "$log"
    if [ -e "$policy.coupon-bench" ]; then
        mv "$policy.coupon-bench" "$policy"
    fi
}

init_scripts() {
    ls /etc/init.d
}

# systemd's list of what is enabled: services, sockets, aliases.
unit_links() {
    find /etc/systemd/system -type l 2>/dev/null || true
}

in_one_line() {
    tr '\n' ' '
}

# The policy keeps services from starting now; this keeps them from starting at
# the next boot: those that came with the packages and what these depend on.
# Arguments: the init scripts and the links there were before.
disable_new_services() {
    for script in $(init_scripts); do
        case " $1" in
            *" $script "*) ;;
            *) update-rc.d "$script" disable >>"$log" 2>&1 || true ;;
        esac
    done
    for link in $(unit_links); do
        case " $2" in
            *" $link "*) ;;
            *) rm -f "$link" ;;
        esac
    done
}

lists_present() {
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1
}

install() {
    apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1
}

install_or_update() {
    if lists_present && install "$@"; then
        return 0
    fi
    # No lists yet, or stale ones that name files no longer there.
    apt-get update >>"$log" 2>&1 && install "$@"
}

main() {
    scripts_before=$(init_scripts | in_one_line)
    links_before=$(unit_links | in_one_line)
    forbid_starts
    if ! install_or_update "$@"; then
        tail -n 20 "$log" >&2
        exit 1
    fi
    disable_new_services "$scripts_before" "$links_before"
}

main "$@"

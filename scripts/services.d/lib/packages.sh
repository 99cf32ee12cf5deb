# shellcheck shell=bash disable=SC2154
# Getting programs that are missing from the system's packages.

# `install_packages PACKAGE...` says what it installs and does it, or says what
# there is to install and fails.
install_packages() {
    local script=$services_d/lib/apt-install.sh
    if ! has_program apt-get; then
        die "missing; please install (Debian's names): $*"
    elif is_root; then
        say "installing $*"
        sh "$script" "$@" >&2
    elif has_program sudo && sudo -n true 2>/dev/null; then
        say "installing $* (sudo)"
        sudo -n sh "$script" "$@" >&2
    else
        die "missing; please run as root: apt-get install --no-install-recommends $*"
    fi || die "could not install $*"
    # A new PostgreSQL is in a folder of its own.
    extend_path
}

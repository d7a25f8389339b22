#!/bin/sh
# install_packages.sh GROUP...: installs what is missing of the groups in packages.txt, and nothing
# else. Through sudo where not root. Servers among the packages are not started: while apt runs, a
# policy (policy-rc.d) forbids it, and is taken away again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
policy=/usr/sbin/policy-rc.d

say() { echo "install_packages: $*" >&2; }

list_group() {
    awk -v group="$1" '$1 == group { print $2 }' "$here/packages.txt"
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for group in "$@"; do
    packages=$(list_group "$group")
    [ -n "$packages" ] || { say "no group '$group' in packages.txt"; exit 2; }
    for package in $packages; do
        is_installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        say "these packages are missing, and there is neither root nor sudo:$missing"
        exit 1
    }
    exec sudo "$0" "$@"
fi

export DEBIAN_FRONTEND=noninteractive

install_missing() {
    # shellcheck disable=SC2086  # the list is words on purpose
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >&2
}

every_package_is_known() {
    for package in $missing; do
        apt-cache show --no-all-versions "$package" >/dev/null 2>&1 || return 1
    done
}

# A policy that is already there (containers have one) says itself what may start.
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

say "installing:$missing"
if ! every_package_is_known; then
    apt-get update -q >&2
    install_missing
elif ! install_missing; then
    say "trying again with fresh package lists"
    apt-get update -q >&2
    install_missing
fi

#!/bin/bash
# debian_packages.sh [FOLDER]: the Debian packages in FOLDER (by default freshly made by cpack from
# .build/release) on a Debian 12 that really boots systemd: installed, run, upgraded, removed, purged.
# Needs root, debootstrap and systemd-nspawn. Takes about three minutes; ends with 0 when all was well.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/support/bookworm.sh
. "$here/bookworm.sh"

packages=${1:-}
if [ -z "$packages" ]; then
    packages=$root/.build/release/packages
    rm -rf "$packages"
    (cd "$root/.build/release" && cpack -G DEB >/dev/null)
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/twinzone-packages.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
machine=$work/machine
bookworm_make "$machine"
mkdir "$machine/proof"
cp "$packages"/twinzone-*.deb "$here/debian_packages_inside.sh" "$machine/proof/"

# The same packages as the next revision, for the upgrade.
mkdir "$machine/proof/next"
for package in "$packages"/twinzone-*.deb; do
    name=$(basename "$package" | cut -d_ -f1)
    dpkg-deb -R "$package" "$work/$name"
    sed -i -E 's/^(Version: .*)-1$/\1-2/; s/(twinzone-common \(= [0-9.]+)-1\)/\1-2)/' \
        "$work/$name/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/$name" "$machine/proof/next/" >/dev/null
done

# What the packages depend on comes from the mirror now; the machine itself has no network.
bookworm_run "$machine" bash -c '
    set -e
    export DEBIAN_FRONTEND=noninteractive
    printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    apt-get update -q
    apt-get install -y -q --no-install-recommends systemd systemd-sysv dbus bind9-dnsutils nsd
    apt-get install -y -q --no-install-recommends --download-only /proof/twinzone-*.deb
    rm /usr/sbin/policy-rc.d
' >"$work/prepare.log" 2>&1 || { tail -n 30 "$work/prepare.log" >&2; exit 1; }

cat >"$machine/etc/systemd/system/proof.service" <<'END'
[Unit]
Description=The proof
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /proof/debian_packages_inside.sh
StandardOutput=file:/proof/log
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block --force poweroff
[Install]
WantedBy=default.target
END
bookworm_run "$machine" systemctl enable -q proof.service

# A host without systemd has no scope to put the machine into.
options=(--private-network --machine "twinzone-proof-$$")
[ -d /run/systemd/system ] || options+=(--register=no --keep-unit)
timeout 500 systemd-nspawn -q -D "$machine" "${options[@]}" -b </dev/null >"$work/boot.log" 2>&1 || true
cat "$machine/proof/log" 2>/dev/null || tail -n 30 "$work/boot.log"
[ -e "$machine/proof/passed" ]

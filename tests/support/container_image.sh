#!/bin/bash
# container_image.sh: builds the images of examples/container and runs them as they are meant to run:
# read-only root, no capabilities, no root, no network but loopback. Needs root, podman, and a Debian
# mirror; the base image is a Debian made by debootstrap (BASE=IMAGE takes another). Ends with 0 when the
# secondary in its container had the zone from the primary in its.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/support/bookworm.sh
. "$here/bookworm.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/twinzone-image.XXXXXX")
pod() { podman --root "$work/storage" --runroot "$work/run" --storage-driver overlay --cgroup-manager cgroupfs --events-backend none "$@"; }
clean_up() {
    pod rm -f -a -t 2 >/dev/null 2>&1 || true
    # What a build that was cut short left mounted.
    awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | sort -r |
        xargs -r umount -l
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

base=${BASE:-}
if [ -z "$base" ]; then
    base=localhost/bookworm
    bookworm_make "$work/base"
    tar -C "$work/base" -c . | pod import -q - "$base" >/dev/null
    rm -rf "$work/base"
fi
git -C "$root" archive --prefix=twinzone/ HEAD | tar -C "$work" -x
cache=${CCACHE_DIR-$HOME/.cache/ccache}
for role in primary secondary; do
    echo "-- building twinzone-$role"
    pod build -q --isolation chroot --network host --build-arg BASE="$base" --target "$role" \
        ${cache:+--volume "$cache:/ccache" --build-arg CCACHE_DIR=/ccache} \
        -f "$work/twinzone/examples/container/Containerfile" -t "twinzone-$role" "$work/twinzone" \
        >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; exit 1; }
done

# Both in one network that has nothing but loopback.
mkdir "$work/zones"
cat >"$work/zones/example.test.zone" <<'END'
$ORIGIN example.test.
@ 300 SOA ns1 host 1 3600 600 1209600 300
@ 300 NS ns1
ns1 300 A 192.0.2.1
END
for role in primary secondary; do
    sed -E -e "s#192\.0\.2\.[12](@[0-9]+)?#127.0.0.1@$([ $role = primary ] && echo 5301 || echo 5300)#" \
        -e 's#172\.31\.53\.0/24#127.0.0.0/8#' -e "s#@10353#@$([ $role = primary ] && echo 10353 || echo 10354)#" \
        "$root/examples/container/$role.yaml" >"$work/$role.yaml"
done
(umask 077 && head -c 32 /dev/urandom | base64 >"$work/k1.key")
chown 65532:65532 "$work/k1.key"
chmod 755 "$work"

start() {  # ROLE OPTION...
    local role=$1
    shift
    pod run -d --name "$role" --cgroups=disabled --read-only --cap-drop all \
        --security-opt no-new-privileges --tmpfs /run/twinzone:rw,mode=1777 --tmpfs /tmp \
        -v "$work/$role.yaml:/etc/twinzone/$role.yaml:ro" -v "$work/k1.key:/run/secrets/k1.key:ro" \
        -v "$work/zones:/zones:ro" -v "$role:/var/lib/twinzone:U" "$@" "twinzone-$role" >/dev/null
}
start primary --network none
start secondary --network container:primary
for _ in $(seq 100); do
    pod exec secondary twinzone-secondary status --check >/dev/null 2>&1 && good=1 && break
    sleep 0.3
done
pod logs primary secondary 2>&1 | tail -n 20
[ -n "${good:-}" ] || { echo "the secondary is not in step"; exit 1; }
pod exec secondary twinzone-secondary status
pod healthcheck run secondary
[ "$(pod exec secondary cat /proc/1/status | awk '/^Uid/ { print $2 } /^CapBnd/ { print $2 }' | paste -sd ' ')" = "65532 0000000000000000" ]
if pod exec secondary touch /usr/bin/x 2>/dev/null; then
    echo "its root can be written" && exit 1
fi
began=$SECONDS
pod stop -t 10 secondary primary >/dev/null
[ $((SECONDS - began)) -lt 8 ] || { echo "they did not end when asked to"; exit 1; }
pod images --format '{{.Repository}} {{.Size}}' | grep twinzone
echo "-- both containers were in step"

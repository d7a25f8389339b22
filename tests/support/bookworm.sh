# shellcheck shell=bash
# bookworm.sh, to be sourced: a minimal Debian 12 in a folder, and commands in it. Needs root and
# debootstrap. DEBIAN_MIRROR names another mirror; the plain system is kept in the user's cache.

bookworm_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
bookworm_cache=${XDG_CACHE_HOME:-$HOME/.cache}/twinzone/bookworm.tar.gz

# bookworm_make FOLDER: the plain system, as debootstrap's smallest variant leaves it.
bookworm_make() {
    [ "$(id -u)" -eq 0 ] || { echo "this needs root" >&2; return 1; }
    if [ ! -s "$bookworm_cache" ]; then
        echo "-- debootstrap from $bookworm_mirror"
        mkdir -p "$(dirname "$bookworm_cache")"
        local fresh
        fresh=$(mktemp -d)
        debootstrap --variant=minbase bookworm "$fresh" "$bookworm_mirror" >"$fresh.log" 2>&1 ||
            { tail -n 20 "$fresh.log" >&2; return 1; }
        tar -C "$fresh" -czf "$bookworm_cache.new" .
        mv "$bookworm_cache.new" "$bookworm_cache"
        rm -rf "$fresh" "$fresh.log"
    fi
    mkdir -p "$1"
    tar -C "$1" -xzf "$bookworm_cache"
    cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
}

# bookworm_run FOLDER COMMAND...: in it as root, with its own /proc and process numbers and the
# network of this machine. What it mounts and starts ends with it. BOOKWORM_BIND: one folder of this
# machine that is seen there under the same path.
bookworm_run() {
    local folder=$1
    shift
    # shellcheck disable=SC2016  # for the shell inside
    unshare --mount --pid --fork --kill-child -- bash -c '
        set -e
        folder=$1 bound=$2
        shift 2
        mount -t proc proc "$folder/proc"
        if [ -n "$bound" ]; then
            mkdir -p "$folder$bound"
            mount --bind "$bound" "$folder$bound"
        fi
        exec chroot "$folder" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    ' bookworm "$folder" "${BOOKWORM_BIND:-}" "$@"
}

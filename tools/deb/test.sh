#!/bin/sh
# Installs the package in a fresh Debian, uses it, upgrades, removes and purges it.
#
#   npm run deb:test      as root; the folder and the network namespace are made and removed here
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
deb=$(find "$repository/build/deb" -maxdepth 1 -name 'bouncer_*.deb')
root=$(mktemp -d /var/tmp/bouncer-deb-XXXXXX)
namespace=bouncer-deb-$$
daemon=

say() {
  echo "deb:test: $*" >&2
}

fail() {
  say "FAILED: $*"
  exit 1
}

clean_up() {
  [ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null || true
  ip netns del "$namespace" 2>/dev/null || true
  for folder in dev/pts dev proc; do umount "$root/$folder" 2>/dev/null || true; done
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# In the new system.
inside() {
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

# In the new system, and on a network of its own.
networked() {
  ip netns exec "$namespace" chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

install_quietly() {
  inside apt-get -qq -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root install "$@"
}

wait_for() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "waited in vain for: $*"
    sleep 0.1
  done
}

mode_of() {
  stat -c '%a %U' "$root/$1"
}

start_daemon() {
  # Becomes the daemon, so that the signal to stop is for it.
  (exec ip netns exec "$namespace" chroot "$root" bouncer run >"$root/root/log" 2>&1) &
  daemon=$!
  wait_for grep -q 'listening on' "$root/root/log"
}

stop_daemon() {
  kill -TERM "$daemon"
  wait "$daemon" || fail "the daemon ended with status $?"
  daemon=
}

knock() {
  networked opener home ssh --no-wait >/dev/null
}

is_let_in() {
  networked nft list table inet bouncer | grep -q '127\.0\.0\.1'
}

# The mirror that this machine takes its packages from.
# shellcheck disable=SC2016 # apt-get's own placeholder
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

say "making a Debian ($suite)"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >/dev/null
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
ip netns add "$namespace"
ip -n "$namespace" link set lo up

say 'installing'
cp "$deb" "$root/root/bouncer.deb"
install_quietly --no-install-recommends /root/bouncer.deb >/dev/null
[ "$(mode_of etc/bouncer)" = '700 root' ] || fail "/etc/bouncer is $(mode_of etc/bouncer)"
[ ! -e "$root/etc/bouncer/bouncer.toml" ] || fail 'it brought a config'
inside id -u _bouncer >/dev/null || fail 'there is no user _bouncer'
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/bouncer.service" ] || fail 'it is enabled already'
for page in man1/opener.1 man8/bouncer.8 man5/bouncer.toml.5; do
  [ -e "$root/usr/share/man/$page.gz" ] || fail "$page is missing"
done

say 'using it'
networked bouncer init --host 127.0.0.1 >/dev/null
grep -q '^user = "_bouncer"$' "$root/etc/bouncer/bouncer.toml" || fail 'the config does not name the user'
networked sh -c 'bouncer client add home --action ssh >/root/bundle 2>/dev/null'
networked sh -c 'grep -o "bouncer:.*" /root/bundle | opener import --name home -' >/dev/null
start_daemon
capture=$(sed -n 's/.*"capture_pid":\([0-9]*\).*/\1/p' "$root/root/log" | head -n 1)
[ "$(stat -c %u "/proc/$capture")" = "$(inside id -u _bouncer)" ] || fail 'the capture is of another user'
knock
wait_for is_let_in

say 'upgrading'
dpkg-deb --raw-extract "$deb" "$root/root/newer"
sed -i 's/^Version: .*/&+test/' "$root/root/newer/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$root/root/newer" "$root/root/newer.deb" >/dev/null
cp "$root/etc/bouncer/bouncer.toml" "$root/root/before.toml"
install_quietly /root/newer.deb >/dev/null
cmp "$root/root/before.toml" "$root/etc/bouncer/bouncer.toml" || fail 'the upgrade changed the config'
stop_daemon
start_daemon
is_let_in || fail 'the grant was lost'
stop_daemon
networked nft list table inet bouncer >/dev/null || fail 'the guard went with the daemon'

say 'removing'
networked env DEBIAN_FRONTEND=noninteractive apt-get -qq -y remove bouncer >/dev/null
[ ! -e "$root/usr/bin/bouncer" ] || fail 'it is still there'
! networked nft list table inet bouncer >/dev/null 2>&1 || fail 'nobody could open the guard any more'
[ -e "$root/etc/bouncer/bouncer.toml" ] || fail 'the config is gone'

say 'purging'
inside apt-get -qq -y purge bouncer >/dev/null
for path in etc/bouncer var/lib/bouncer usr/lib/bouncer; do
  [ ! -e "$root/$path" ] || fail "/$path is still there"
done

say 'all went well'

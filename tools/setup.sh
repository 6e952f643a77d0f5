#!/usr/bin/env bash
# Installs the Debian packages that a task needs and that are not there yet.
#   tools/setup.sh build|test|clients|bench|conformance|analyze|fuzz ...
# Does nothing, and asks no network, when all of them are installed.
set -euo pipefail

build=(g++ cmake ninja-build ccache lld make
  libfmt-dev liblzf-dev libmimalloc-dev libxxhash-dev libsimdjson-dev libre2-dev libssl-dev liblua5.1-0-dev lua-cjson-dev lua-bitop-dev)
test=("${build[@]}" libgtest-dev tcl procps dpkg-dev python3 python3-redis redis-server redis-tools valgrind)
clients=("${build[@]}" python3 python3-redis python3-celery python3-rq libhiredis-dev nodejs npm redis-server redis-tools
  nginx libnginx-mod-http-lua lua-nginx-redis)
bench=("${build[@]}" python3 redis-server redis-tools memcached valgrind)
conformance=("${build[@]}" tcl procps redis-server redis-tools dpkg-dev)
analyze=("${build[@]}" libgtest-dev clang-19 python3)
format=(clang-format)
fuzz=("${build[@]}" clang-19 libclang-rt-19-dev)

say() { printf 'setup: %s\n' "$*"; }

# A nodejs from elsewhere than Debian brings npm itself and conflicts with Debian's package of that name.
installed() { { [ "$1" = npm ] && command -v npm >/dev/null; } || [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

# Debian starts a service as soon as its package is configured. The redis-server package is wanted for its binary only,
# and its service would take the port that `make run` uses.
policy=/usr/sbin/policy-rc.d
keep_services_down() {
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
}

install() {
  if [ "$(id -u)" != 0 ]; then
    say "not root; please run: apt-get install --no-install-recommends $*"
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  say "installing $*"
  say "apt-get update ..."
  apt-get update -q >/dev/null
  keep_services_down
  apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/tmp/tusk-setup.log 2>&1 || {
    tail -n 30 /tmp/tusk-setup.log
    say "apt-get failed; the whole output is in /tmp/tusk-setup.log"
    exit 1
  }
  if command -v systemctl >/dev/null && [[ " $* " == *" redis-server "* ]]; then
    systemctl disable -q redis-server 2>/dev/null || true
  fi
}

[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
missing=()
for task in "$@"; do
  case "$task" in
    build | test | clients | bench | conformance | analyze | format | fuzz) declare -n wanted="$task" ;;
    *) say "unknown task '$task'"; exit 2 ;;
  esac
  for package in "${wanted[@]}"; do
    installed "$package" || [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
  done
  unset -n wanted
done
if [ ${#missing[@]} -eq 0 ]; then
  say "everything for '$*' is installed"
else
  install "${missing[@]}"
  say "done"
fi

#!/usr/bin/env bash
# Brings the Tcl test suite of Debian's redis source package (BSD licence) into DEST; nothing of it is committed or compiled.
# Usage: get_suite.sh DEST      Leaves the machine's apt configuration alone: the source list lives in a scratch directory.
set -euo pipefail
dest=${1:?usage: get_suite.sh DEST}
[ -e "$dest/tests/test_helper.tcl" ] && exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir -p "$scratch"/{parts,lists/partial,cache/archives/partial,download} "$dest"
found=0
for list in /etc/apt/sources.list.d/debian*.sources; do
  [ -e "$list" ] || continue
  sed 's/^Types:.*/Types: deb-src/' "$list" >"$scratch/parts/$(basename "$list")"
  found=1
done
if [ "$found" = 0 ] && [ -e /etc/apt/sources.list ]; then
  sed -n 's/^deb \(.*\)/deb-src \1/p' /etc/apt/sources.list >"$scratch/parts/main.list"
fi
cd "$scratch/download"
options=(-q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/parts" -o Dir::State::Lists="$scratch/lists"
  -o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update >/dev/null
apt-get "${options[@]}" source --download-only redis >/dev/null
tar -xf redis_*.orig.tar.* --strip-components=1 -C "$dest" --wildcards --no-wildcards-match-slash '*/tests' '*/runtest*' '*/COPYING'
[ -e "$dest/tests/test_helper.tcl" ]

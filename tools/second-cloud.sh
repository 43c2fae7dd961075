#!/bin/sh
# Lays out what `make build` made as the second cloud deploys it: .aws-sam/second-cloud, for this machine's processor.
# The artefact is for Lambda's (arm64). Its compiled packages, and nothing else, are replaced by their builds for here.
set -eu
built=.aws-sam/build
here=.aws-sam/second-cloud
native=build/second-cloud-native
first=$(find $built -mindepth 1 -maxdepth 1 -type d | sort | head -n 1)

rm -rf $here $native
cp -R $built $here
.venv-ministack/bin/python -m pip install -qq --disable-pip-version-check --no-compile --only-binary=:all: \
    --constraint constraints.txt --target $native --requirement functions/requirements.txt
for package in $(cd "$first" && find . -name "*.so" | cut -d / -f 2 | sort -u); do
    [ -d "$native/$package" ] || { echo "$package: not built for this machine" >&2; exit 1; }
    for function in $here/*/; do
        rm -rf "${function:?}/$package"
        cp -R "$native/$package" "$function"
    done
done

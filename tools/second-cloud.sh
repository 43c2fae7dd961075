#!/bin/sh
# Copies the artefact of `make build` to .aws-sam/second-cloud, from which the second cloud is deployed. The artefact is
# for Lambda's processor (arm64): its compiled packages, and nothing else, are replaced by builds for this machine.
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
    [ -d "$native/$package" ] || { echo "$package: there is no build for this machine" >&2; exit 1; }
    for function in $here/*/; do
        rm -rf "${function:?}/$package"
        cp -R "$native/$package" "$function"
    done
done

#!/bin/sh
# Builds the artefact for tests/test_artefact.py, and what the artefact needs to run: .venv-lambda with the packages of
# Lambda's own image, and .tools/native with the artefact's compiled modules for this machine's processor.
# Without the functions' Python it makes nothing, and the tests are skipped with that reason.
set -eu
bin=$(tools/python313.sh 2>/dev/null) || {
    echo "cannot run here: the built artefact (no Python 3.13 on the PATH or in pyenv)"
    exit 0
}
tools/build.sh
if [ "$(cat .venv-lambda/.made 2>/dev/null)" != "$(pwd -P)" ] || [ constraints-lambda.txt -nt .venv-lambda/.made ]; then
    PYTHON=$bin/python3.13 tools/venv.sh .venv-lambda constraints-lambda.txt awslambdaric boto3
fi
rm -rf .tools/native
mkdir -p .tools
.venv-lambda/bin/python -m pip install -qq --disable-pip-version-check --no-deps --only-binary :all: --no-compile \
    --constraint constraints.txt --target .tools/native css-inline markupsafe

#!/bin/sh
# Builds what is deployed for tests/test_artefact.py, and beside it what it runs on: .venv-lambda with what Lambda's own
# image brings, and in .tools/native the compiled modules of the artefact for this machine's processor.
# Without the functions' Python nothing is made, and the tests are skipped with that reason.
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

#!/bin/sh
# Prints the folder of Python 3.13, the functions' runtime, from PATH or pyenv; sam build needs it on PATH.
for python in python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3.13; do
    # run it: a shim of pyenv is on PATH even if no 3.13 is active
    "$python" -c 'import os, sys; print(os.path.dirname(sys.executable))' 2>/dev/null && exit
done
echo "make build needs Python 3.13, the functions' runtime: python3.13 is neither on PATH nor in pyenv (pyenv install 3.13)." >&2
exit 1

#!/bin/sh
# Sets up this clone: virtual environment from the lock file (hashes checked), our packages, the servers of the lab.
# Needs no root and leaves the system alone. Called by make; a second call with nothing to do is not made (stamp file).
set -eu

refuse() { echo "setup: $1" >&2; exit 64; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || refuse "no $python: install Python 3.11 or newer (Debian, Ubuntu: apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  refuse "$("$python" --version) found, 3.11 or newer needed (choose another with make PYTHON=python3.12)"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  refuse "this Python cannot make virtual environments: install python3-venv (Debian, Ubuntu: apt-get install python3-venv)"

echo "setup: virtual environment .venv, packages from requirements.lock (a minute or two the first time)" >&2
[ -x .venv/bin/python ] || "$python" -m venv .venv
PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT
.venv/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
.venv/bin/python -m lab.servers
: >.venv/ready

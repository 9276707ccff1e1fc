#!/usr/bin/env bash
# Installs mmcv with its operators into the environment of PY, which has torch: from a wheel that an earlier run kept, or compiled.
# Usage: PY=.venv-classic/bin/python install_mmcv.sh FOLDER_OF_WHEELS CONSTRAINTS
set -euo pipefail
PY=${PY:-python}
constraints=$2
mmcv=$(grep '^mmcv==' "$constraints")
# The operators fit the torch that they were compiled with and no other, which the name of a wheel does not say.
wheels=$1/torch-$("$PY" -c 'import torch; print(torch.__version__)')
pip() { "$PY" -m pip --disable-pip-version-check -q "$@"; }

if ! pip install --no-deps --no-index --find-links "$wheels" "$mmcv" 2>/dev/null; then
    echo "compiling $mmcv with its operators: 15 to 40 minutes on two cores; the wheel goes to $wheels"
    # Its setup.py imports pkg_resources, and names no build requirements: isolated, it would not find torch either.
    pip install setuptools==74.1.3 wheel==0.48.0 ninja==1.13.2 psutil==7.2.2
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    MMCV_WITH_OPS=1 pip wheel --no-build-isolation --no-deps --no-cache-dir --wheel-dir "$fresh" "$mmcv"
    mkdir -p "$wheels"
    mv "$fresh"/mmcv-*.whl "$wheels"
    pip install --no-deps --no-index --find-links "$wheels" "$mmcv"
    pip install -c "$constraints" --upgrade setuptools
fi

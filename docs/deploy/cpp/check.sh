#!/usr/bin/env bash
# Builds the program and compares its masks with those of the Python runtime.
#   bash docs/deploy/cpp/check.sh MODEL.xml PICTURE...        PYTHON=... BUILD=... to choose others
# Needs cmake, a C++17 compiler, libopencv-dev, nlohmann-json3-dev and, for PYTHON, openvino.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PYTHON=${PYTHON:-python3}
BUILD=${BUILD:-$(mktemp -d)}
[ $# -ge 2 ] || { sed -n '2,4s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
openvino=$("$PYTHON" -c 'import os, openvino; print(os.path.dirname(openvino.__file__))')
cmake -S "$here" -B "$BUILD" -DOpenVINO_DIR="$openvino/cmake" > "$BUILD.log" 2>&1 || { cat "$BUILD.log" >&2; exit 1; }
cmake --build "$BUILD" >> "$BUILD.log" 2>&1 || { cat "$BUILD.log" >&2; exit 1; }
model=$1; shift
for picture in "$@"; do
    LD_LIBRARY_PATH="$openvino/libs" "$BUILD/segment" "$model" "$picture" "$BUILD/mask.png"
    "$PYTHON" "$here/compare.py" "$model" "$picture" "$BUILD/mask.png"
done

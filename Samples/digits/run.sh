#!/usr/bin/env bash
# Looks at both digit models, measures them, and makes the student int8.
#
#   bash Samples/digits/run.sh [FOLDER]
#
# Uses $DECANT, or the release build. What it makes lands in FOLDER, or in a new temporary folder.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$(mktemp -d "${TMPDIR:-/tmp}/decant-digits.XXXXXX")}
decant=${DECANT:-$(swift build --package-path "$here/../.." -c release --show-bin-path)/decant}
mkdir -p "$out"

"$decant" inspect "$here/student.onnx"
"$decant" dump "$here/student.onnx"
"$decant" eval "$here/teacher.onnx" --data "$here/heldout.npz" --labels label
"$decant" eval "$here/student.onnx" --data "$here/heldout.npz" --labels label

"$decant" quantize "$here/student.onnx" -o "$out/student.int8.onnx" --scheme int8 --data "$here/train.npz"
"$decant" eval "$out/student.int8.onnx" --data "$here/heldout.npz" --labels label
"$decant" compare "$here/student.onnx" "$out/student.int8.onnx" --data "$here/heldout.npz"

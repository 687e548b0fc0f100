#!/usr/bin/env bash
# From a trained ONNX classifier to a verified int8 bundle, with a table of what each step cost and gained.
#
#   bash Samples/quickstart.sh [FOLDER]
#
# Installs the libraries that are missing, builds Decant in release and takes Samples/digits/teacher.onnx through it.
# What it makes lands in FOLDER, or in a new temporary folder. Stops at the first command that fails.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-$(mktemp -d "${TMPDIR:-/tmp}/decant-quickstart.XXXXXX")}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root"

# shellcheck source=Samples/prerequisites.sh
. Samples/prerequisites.sh
install_prerequisites

echo "building decant (the first time takes some minutes)" >&2
swift build -c release --product decant >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log" >&2; exit 70; }
decant_binary=$(swift build -c release --show-bin-path)/decant

digits=Samples/digits
train=$digits/train.npz
heldout=$digits/heldout.npz
teacher=$digits/teacher.onnx

# Runs one command; says which one failed.
decant() {
  echo "\$ decant $*" >&2
  local code=0
  "$decant_binary" "$@" || code=$?
  [ "$code" = 0 ] || { echo "quickstart: stopped, exit code $code from: decant $*" >&2; exit "$code"; }
}

# field FILE PATH: one value of a JSON file, such as outputs.0.top1.
field() {
  local value
  value=$(awk -f Samples/json.awk "$1" | awk -F '\t' -v path="$2" '$1 == path { print $2; exit }')
  [ -n "$value" ] || { echo "quickstart: stopped, no '$2' in $1" >&2; exit 70; }
  echo "$value"
}

size() { wc -c <"$1" | tr -d ' '; }

table=$out/table.tsv
printf 'step\tfile\tbytes\tnodes\taccuracy\ttop-1 agreement\tmedian ms\n' >"$table"

# measure STEP MODEL: one row about a model: its size, graph, accuracy, agreement with the teacher, and speed.
measure() {
  local reports=$out/reports/$1
  mkdir -p "$reports"
  decant inspect "$2" --json >"$reports/inspect.json"
  decant eval "$2" --data "$heldout" --labels label --json >"$reports/eval.json"
  decant compare "$teacher" "$2" --data "$heldout" --json >"$reports/compare.json"
  decant bench "$2" --json >"$reports/bench.json"
  local nodes accuracy agreement latency
  nodes=$(field "$reports/inspect.json" nodes)
  accuracy=$(field "$reports/eval.json" accuracy)
  agreement=$(field "$reports/compare.json" outputs.0.top1)
  latency=$(field "$reports/bench.json" median_ms)
  printf '%s\t%s\t%s\t%s\t%.4f\t%.4f\t%.3f\n' \
    "$1" "$(basename "$2")" "$(size "$2")" "$nodes" "$accuracy" "$agreement" "$latency" >>"$table"
}

decant inspect "$teacher" >&2
measure float "$teacher"

decant optimize "$teacher" -o "$out/optimized.onnx" >&2
measure optimized "$out/optimized.onnx"

decant calibrate "$out/optimized.onnx" --data "$train" --method entropy -o "$out/stats.json" >&2
for method in minmax percentile entropy mse; do
  decant quantize "$out/optimized.onnx" -o "$out/$method.onnx" --scheme int8 --stats "$out/stats.json" --method "$method" >&2
  measure "int8 $method" "$out/$method.onnx"
done

decant bundle create "$out/entropy.onnx" -o "$out/digits.decant" --extra "$digits/labels.txt" >&2
decant bundle verify "$out/digits.decant" >&2
printf 'bundled\tdigits.decant\t%s\t-\t-\t-\t-\n' "$(size "$out/digits.decant")" >>"$table"

decant bundle extract "$out/digits.decant" -o "$out/extracted" >&2
extracted=$(find "$out/extracted" -name '*.onnx' | head -n 1)
[ -n "$extracted" ] || { echo "quickstart: stopped, no model in $out/extracted" >&2; exit 70; }
cmp "$digits/labels.txt" "$out/extracted/labels.txt" || { echo "quickstart: stopped, labels.txt changed in the bundle" >&2; exit 70; }
measure extracted "$extracted"
decant run "$extracted" --input "$heldout" --output "$out/logits.npz" >&2

echo
awk -F '\t' '
  { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
  END {
    for (row = 1; row <= NR; row++) {
      line = ""
      for (i = 1; i <= NF; i++) line = line sprintf(i <= 2 ? "%-" width[i] "s  " : "%" width[i] "s  ", cell[row, i])
      sub(/ +$/, "", line)
      print line
    }
  }' "$table"
echo
echo "Everything it made is in $out"

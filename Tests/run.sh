#!/usr/bin/env bash
# Builds the tests in debug and the tool in release, and runs: unit tests, format, oracles in Python, samples.
#
#   bash Tests/run.sh [STEP...]      all steps, or only those named: lint, unit, the name of an oracle or of a sample;
#                                    measurements (big_file, binary_size, bundle_ratio, calibration_memory,
#                                    engine_speed, quantize_speed) only when named
#
# Installs what is missing: system libraries, and the oracles (onnx, onnxruntime, PyTorch, ...) from PyPI into a virtual
# environment outside the tree ($DECANT_VENV, else ~/.cache/decant). A second run reuses both. Its last line is the total.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 74
selected=" $* "
cache=${XDG_CACHE_HOME:-$HOME/.cache}/decant
measurements="big_file binary_size bundle_ratio calibration_memory engine_speed quantize_speed"
passed=0
failed=0
summary=()

# shellcheck source=Samples/prerequisites.sh
. Samples/prerequisites.sh

stop() { echo "Tests/run.sh: $1" >&2; echo "$passed passed, $((failed + 1)) failed"; exit 1; }

# The virtual environment with the oracles: made once for each state of the requirements.
make_environment() {
  local wanted
  wanted=$(cat Tests/requirements*.txt | sha256sum | cut -c 1-12)
  venv=${DECANT_VENV:-$cache/venv-$wanted}
  [ -e "$venv/.complete-$wanted" ] && return
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv || return
  echo "making the Python environment $venv (once; some gigabytes)" >&2
  python3 -m venv --clear "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/requirements.txt &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r Tests/requirements-data.txt &&
    touch "$venv/.complete-$wanted"
}

wanted() { [ "$selected" = "  " ] || [[ "$selected" == *" $1 "* ]]; }

# step NAME COMMAND...: runs one step, if it is wanted, and adds its own counts, or one pass or failure.
step() {
  local name=$1 log code=0 seconds=$SECONDS counts
  shift
  wanted "$name" || return 0
  echo "== $name"
  log=$(mktemp)
  "$@" 2>&1 </dev/null | tee "$log" || code=$?
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  [ -n "$counts" ] || counts=$(unit_counts "$log")
  [ -n "$counts" ] || counts="$((code == 0)) passed, $((code != 0)) failed"
  rm -f "$log"
  local good=${counts%% *} bad=${counts#*, }
  bad=${bad%% *}
  [ "$code" = 0 ] || [ "$bad" != 0 ] || bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
  summary+=("$(printf '%-28s %6d passed %4d failed %6d s' "$name" "$good" "$bad" "$((SECONDS - seconds))")")
}

# The totals of Swift Testing's closing line, "Test run with 12 tests in 3 suites passed|failed ... with 1 issue".
unit_counts() {
  awk '/Test run with [0-9]+ tests?/ {
      total = $0; sub(/.*Test run with /, "", total); total += 0
      bad = 0
      if (/ failed after /) { bad = $0; sub(/.* with /, "", bad); bad = bad + 0 > 0 ? bad + 0 : 1 }
      if (bad > total) bad = total
      print total - bad " passed, " bad " failed"
    }' "$1" | tail -n 1
}

install_prerequisites || stop "the system libraries are not complete"
install_image_libraries || stop "the libraries that decode images are not complete"
make_environment || stop "could not make the Python environment"
python=$venv/bin/python

echo "== build"
# Unit tests in debug, where arithmetic traps and internals can be tested; the tool itself in release.
swift build --build-tests || stop "the build failed"
swift build -c release --product decant || stop "the release build failed"
export DECANT
DECANT=$(swift build -c release --show-bin-path)/decant
swift build -c release --product Conformance || stop "the release build of the conformance suite failed"
export DECANT_ORACLE_MODELS=${DECANT_ORACLE_MODELS:-$cache/models}
[ -n "${DECANT_MODELS:-}" ] || echo "DECANT_MODELS is unset: tests on real models say so and leave them out"

step lint swift format lint --strict -r Package.swift Sources Tests
step unit swift test --skip-build

# ONNX's own backend suite; the count only rises.
conformance() {
  local suite=$cache/onnx-suite
  "$python" Tests/Conformance/write_suite.py "$suite" || return
  "$(dirname "$DECANT")/Conformance" "$suite" --least 2020 --table "$cache/conformance.md"
}
step conformance conformance

"$python" Tests/models.py || stop "could not make the oracles' models"
for oracle in Tests/Oracles/[!_]*.py; do
  name=$(basename "$oracle" .py)
  # Figures against a bar depend on the machine and its load: they gate nothing, and run when they are named.
  case " $measurements " in *" $name "*) case "$selected" in *" $name "*) ;; *) continue ;; esac ;; esac
  step "$name" "$python" "$oracle"
done

for sample in Samples/*/run.sh; do
  step "$(basename "$(dirname "$sample")")" bash "$sample"
done
step quickstart bash Samples/quickstart.sh

echo "not run: $measurements (they measure this machine; name them to run them)"
echo "== summary, $SECONDS s"
[ "${#summary[@]}" -gt 0 ] || stop "no step is named: $*"
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

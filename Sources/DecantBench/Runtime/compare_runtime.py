#!/usr/bin/env python3
"""Decant and ONNX Runtime in alternation on the same models: latency, memory, time to the first result, agreement.

  python compare_runtime.py --decant BINARY [--only PATTERN ...] [--threads N ...] [--pairs N] [--seconds S] [--json FILE]

Both run as processes of their own that measure on request, one waiting while the other runs: for each pair first one, then
the other, each a burst of S seconds after one run that is not counted. The ratio is the median of the pairs' ratios
(Decant/ONNX Runtime, below 1 is faster). ONNX Runtime: all optimizations, N threads inside an operator, one between
operators, threads that spin while they wait (its default). Memory is the largest resident size of the process, for ONNX
Runtime without what Python and NumPy held before it was loaded. The first result counts from the start of the process; for
ONNX Runtime from the making of the session, without Python's start and imports.
A difference of outputs, as a share of their range, beyond the group's tolerance is an error.
"""
import argparse
import fnmatch
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import suite

FOLDER = pathlib.Path(__file__).resolve().parent
# Codes of int8 and int4 models move by one where sums differ by rounding; float models agree to rounding.
TOLERANCES = {"float32": 1e-4, "int8": 0.15, "int4": 0.15}


class Runner:
    """A process that measures once for each line that it is given."""

    def __init__(self, words):
        self.start = time.perf_counter()
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.answer()
        self.seconds_to_first = time.perf_counter() - self.start

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"exit {self.process.wait()} from {' '.join(map(str, self.process.args))}")
        return json.loads(line)

    def measure(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def off_by(got, wanted):
    """The largest difference of any output as a share of its range; inf where shapes or NaNs differ."""
    worst = 0.0
    for name, right in wanted.items():
        ours = got.get(name)
        if ours is None or ours.shape != right.shape or ours.dtype != right.dtype:
            return math.inf
        if right.size == 0 or np.array_equal(ours, right, equal_nan=right.dtype.kind == "f"):
            continue
        ours, right = ours.astype(np.float64), right.astype(np.float64)
        if not np.isfinite(ours).all() or not np.isfinite(right).all():
            return math.inf
        spread = float(np.ptp(right)) or float(np.abs(right).max()) or 1e-30  # of a single element its size
        worst = max(worst, float(np.abs(ours - right).max()) / spread)
    return worst


def compare(case, threads, options, folder):
    """The figures of one case; raises where either side fails."""
    ours, theirs = folder / "decant.npz", folder / "runtime.npz"
    subprocess.run([options.decant, "run", case.model, "--input", case.data, "--output", ours, "--force", "--quiet",
                    "--threads", str(threads)], check=True)
    decant = [options.decant, "bench", case.model, "--on-request", "--quiet", "--input", case.data, "--batch", case.batch,
              "--threads", threads]
    runtime = [sys.executable, FOLDER / "onnx_runtime.py", case.model, case.data, threads, theirs]
    # The first result: the best of a few starts, for a start reads files that others may have pushed out of memory.
    firsts = []
    for _ in range(options.starts):
        a, b = Runner(decant), Runner(runtime)
        firsts.append((a.seconds_to_first * 1e3, b.first["first_ms"]))
        if len(firsts) < options.starts:
            a.close()
            b.close()
    pairs = [(a.measure(options.seconds), b.measure(options.seconds)) for _ in range(options.pairs)]
    a.close()
    b.close()
    with np.load(ours) as got, np.load(theirs) as wanted:
        difference = off_by(dict(got), dict(wanted))
    return {
        "case": case.name, "group": case.group, "threads": threads,
        "decant_ms": statistics.median(x["median_ms"] for x, _ in pairs),
        "ort_ms": statistics.median(y["median_ms"] for _, y in pairs),
        "ratio": statistics.median(x["median_ms"] / y["median_ms"] for x, y in pairs),
        "decant_mb": max(x["peak_bytes"] for x, _ in pairs) / 1e6,
        "ort_mb": (max(y["peak_bytes"] for _, y in pairs) - b.first["base_bytes"]) / 1e6,
        "decant_first_ms": min(x for x, _ in firsts), "ort_first_ms": min(y for _, y in firsts),
        "difference": difference, "agrees": difference <= TOLERANCES[case.group],
    }


HEAD = f"{'model':22} {'thr':>3} {'ms':>9} {'ort ms':>9} {'ratio':>6} {'MB':>6} {'ort MB':>6} {'first':>7} {'ort':>7} {'x':>5}  off by"


def line(row):
    return (f"{row['case']:22} {row['threads']:3} {row['decant_ms']:9.3f} {row['ort_ms']:9.3f} {row['ratio']:6.3f} "
            f"{row['decant_mb']:6.0f} {row['ort_mb']:6.0f} {row['decant_first_ms']:7.1f} {row['ort_first_ms']:7.1f} "
            f"{row['decant_first_ms'] / row['ort_first_ms']:5.2f}  {row['difference']:.2g}{'' if row['agrees'] else ' DISAGREES'}")


def mean(rows, ours="ratio", theirs=None):
    """The geometric mean of a figure, or of its ratio to another."""
    return math.exp(statistics.mean(math.log(row[ours] / (row[theirs] if theirs else 1)) for row in rows))


def summary(rows):
    """Means over each group and number of threads."""
    for group in TOLERANCES:
        for threads in sorted({row["threads"] for row in rows}):
            some = [row for row in rows if row["group"] == group and row["threads"] == threads]
            if not some:
                continue
            worst = max(some, key=lambda row: row["ratio"])
            yield (f"{group:8} {threads} threads: latency {mean(some):.3f}, worst {worst['ratio']:.3f} ({worst['case']}), memory "
                   f"{mean(some, 'decant_mb', 'ort_mb'):.3f}, first result {mean(some, 'decant_first_ms', 'ort_first_ms'):.3f}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decant", default=os.environ.get("DECANT", ".build/release/decant"))
    parser.add_argument("--only", nargs="*", default=["*"], help="names of cases, with * and ?; a part of a name is enough")
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    return parser.parse_args()


def main():
    options = arguments()
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
    rows, failures = [], 0
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for case in suite.cases(options.decant):
            if not any(fnmatch.fnmatch(case.name, pattern) or pattern in case.name for pattern in options.only):
                continue
            for threads in options.threads:
                try:
                    rows.append(compare(case, threads, options, pathlib.Path(folder)))
                    print(line(rows[-1]), flush=True)
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    failures += 1
                    print(f"{case.name:22} {threads:3} failed: {error}", flush=True)
    print(*summary(rows), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if failures or not all(row["agrees"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

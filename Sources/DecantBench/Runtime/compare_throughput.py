#!/usr/bin/env python3
"""Throughput over a set of samples: Decant, several runs at once, against the best of ONNX Runtime's settings, in alternation.

  python compare_throughput.py --decant BINARY [--samples 256] [--threads 2] [--pairs 5] [--only PATTERN ...]

Decant runs 'bench --samples N', single samples and batches of 8. ONNX Runtime: batches of 1, 8 and 32, each with N threads inside
operators and with N callers of one thread each. Samples a second; the ratio is Decant's best over ONNX Runtime's best, above 1 is
faster, the median over pairs.
"""
import argparse
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort

import suite


def ort_setting(model, inputs, samples, batch, threads, callers):
    """Runs all samples once and returns a function that does it again and gives samples a second."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    rows = len(next(iter(inputs.values())))
    pieces = [{name: np.ascontiguousarray(array[np.arange(start, start + batch) % rows]) for name, array in inputs.items()}
              for start in range(0, min(rows, 64), batch)]
    runs = -(-samples // batch)
    session.run(names, pieces[0])

    def measure():
        start = time.perf_counter()
        if callers == 1:
            for index in range(runs):
                session.run(names, pieces[index % len(pieces)])
        else:
            with concurrent.futures.ThreadPoolExecutor(callers) as pool:
                list(pool.map(lambda index: session.run(names, pieces[index % len(pieces)]), range(runs)))
        return runs * batch / (time.perf_counter() - start)

    return measure


def decant_setting(decant, model, data, samples, batch, threads):
    words = [decant, "bench", model, "--input", data, "--batch", batch, "--samples", samples, "--threads", threads, "--seconds", 0,
             "--json", "--quiet"]

    def measure():
        return json.loads(subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True).stdout)["samples_per_s"]

    return measure


def sets(decant):
    """Models with arrays of samples."""
    for case in suite.cases(decant):
        if case.name.startswith(("mobilenet_v2", "resnet50")) and case.batch == 1:
            yield case.name.split()[0], case.model, {"input": suite.images(64)}
        elif case.name.endswith(" 1x128"):
            with np.load(suite.MADE / "texts_256.npz") as arrays:
                yield case.name.split()[0], case.model, dict(arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decant", default=os.environ.get("DECANT", ".build/release/decant"))
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    ort.set_default_logger_severity(3)
    print(f"{'model':18} {'decant':>9} {'setting':>10} {'ort':>9} {'setting':>14} {'ratio':>6}", flush=True)
    ratios = []
    for name, model, inputs in sets(options.decant):
        if not any(pattern in name for pattern in options.only):
            continue
        data = suite.HERE / f"set-{name}.npz"
        if not data.exists():
            np.savez(data, **inputs)
        n = options.threads
        ours = {f"{batch} x {n}": decant_setting(options.decant, model, data, options.samples, batch, n) for batch in (1, 8)}
        theirs = {f"{batch}, {callers} callers": ort_setting(model, inputs, options.samples, batch, n // callers, callers)
                  for batch in (1, 8, 32) for callers in (1, n)}
        found = []
        for _ in range(options.pairs):
            a = max((measure(), setting) for setting, measure in ours.items())
            b = max((measure(), setting) for setting, measure in theirs.items())
            found.append((a, b))
        a, b = statistics.median(x[0] for x, _ in found), statistics.median(y[0] for _, y in found)
        ratios.append(statistics.median(x[0] / y[0] for x, y in found))
        print(f"{name:18} {a:9.1f} {found[-1][0][1]:>10} {b:9.1f} {found[-1][1][1]:>14} {ratios[-1]:6.3f}", flush=True)
    if ratios:
        print(f"geometric mean {statistics.geometric_mean(ratios):.3f}, least {min(ratios):.3f}")


if __name__ == "__main__":
    sys.exit(main())

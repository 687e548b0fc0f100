"""ONNX Runtime on request, as 'decant bench --on-request' is: a process that measures once for each line that it reads.

  python onnx_runtime.py MODEL INPUTS.npz THREADS [OUTPUTS.npz]

Lines in: how many seconds to measure. Lines out: JSON. The first comes unasked with the first result: first_ms since the
session began to be made, Python and its imports left out, and base_bytes, what was resident before ONNX Runtime was loaded.
"""
import json
import sys
import time

import numpy as np


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def answer(**values):
    print(json.dumps(values), flush=True)


def main():
    model, inputs, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(inputs) as arrays:
        feeds = dict(arrays)
    base = status("VmRSS:")
    import onnxruntime as ort

    ort.set_default_logger_severity(3)
    start = time.perf_counter()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, feeds)
    answer(first_ms=(time.perf_counter() - start) * 1e3, base_bytes=base)
    if len(sys.argv) > 4:
        np.savez(sys.argv[4], **dict(zip(names, outputs)))
    for line in sys.stdin:
        session.run(names, feeds)
        times = []
        start = time.perf_counter()
        while len(times) < 3 or time.perf_counter() - start < float(line):
            before = time.perf_counter()
            session.run(names, feeds)
            times.append(time.perf_counter() - before)
        answer(median_ms=float(np.median(times)) * 1e3, runs=len(times), peak_bytes=status("VmHWM:"))


main()

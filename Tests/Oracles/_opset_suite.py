"""What opset_read.py and opset_convert.py share: the expected outputs of a case, and a folder of cases that the conformance
runner runs in one process."""
import os
import pathlib
import subprocess

import numpy as np
import onnx
import _opset_elementwise, _opset_layout, _opset_network  # noqa: F401 - they fill the table
from _harness import DECANT
from _opset_engines import by_evaluator, by_runtime
from _opset_table import model
from onnx import numpy_helper

RUNNER = pathlib.Path(os.environ.get("DECANT_CONFORMANCE", pathlib.Path(DECANT).parent / "Conformance"))


def expected(case, version):
    """(feeds, outputs, whose): what the case reads and must give at `version`, and who says so."""
    _, feeds = model(case, version)
    if case.by:
        outputs = case.by(*feeds.values())
        return feeds, list(outputs) if isinstance(outputs, tuple) else [outputs], "NumPy"
    proto, _ = model(case, max(version, case.like))
    outputs = by_evaluator(proto, feeds)
    if outputs is not None:
        return feeds, outputs, "the evaluator"
    return feeds, by_runtime(proto, feeds), "ONNX Runtime"


def message(name, value):
    if isinstance(value, list):
        return numpy_helper.from_list(value, name) if value else onnx.SequenceProto(name=name, elem_type=1)
    return numpy_helper.from_array(np.asarray(value), name)


def write_case(place, model_bytes, feeds, outputs):
    """One case in the layout of ONNX's backend suite."""
    data = place / "test_data_set_0"
    data.mkdir(parents=True)
    (place / "model.onnx").write_bytes(model_bytes)
    (place / "tolerance.txt").write_text("1e-4 1e-6\n")
    for word, values in (("input", feeds.values()), ("output", outputs)):
        for index, value in enumerate(values):
            (data / f"{word}_{index}.pb").write_bytes(message(f"{word}{index}", value).SerializeToString())


def run_suite(folder, count, checks):
    """Runs `count` cases by the reference backend, prints what failed, and counts them."""
    done = subprocess.run([RUNNER, folder, "--least", str(count), "--backend", "reference"], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    passed, failed = (int(word) for word in done.stdout.strip().splitlines()[-1].split() if word.isdigit())
    checks.passed += passed
    checks.failed += failed

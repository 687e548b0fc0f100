"""Writes the ONNX project's backend suite to a folder, in the standard layout of test data: GROUP/CASE/model.onnx and
test_data_set_0/input_0.pb, output_0.pb; and beside them tolerance.txt, relative and absolute.

    python write_suite.py FOLDER       2,024 cases with onnx 1.23.2; nothing is written where the folder is complete
"""
import pathlib
import shutil
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

GROUPS = ("simple", "pytorch-converted", "pytorch-operator")
DATA = pathlib.Path(onnx.__file__).parent / "backend/test/data"


def message(value, array):
    """The array as the message that the value's type asks for."""
    if isinstance(array, onnx.TensorProto):
        return array
    kind = value.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.from_list(array, value.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(array, value.name)
    return numpy_helper.from_array(np.asarray(array), value.name)


def write(case, folder):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (folder / "tolerance.txt").write_text(f"{case.rtol} {case.atol}\n")
    for index, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        for word, values, arrays in (("input", case.model.graph.input, inputs), ("output", case.model.graph.output, outputs)):
            for place, (value, array) in enumerate(zip(values, arrays)):
                (data / f"{word}_{place}.pb").write_bytes(message(value, array).SerializeToString())


def main(target):
    complete = target / f".complete-{onnx.__version__}"
    if complete.exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases():
            write(case, target / "node" / case.name)
    for group in GROUPS:
        shutil.copytree(DATA / group, target / group)
    complete.touch()


main(pathlib.Path(sys.argv[1]))

"""convert --opset N and back: the ONNX project's own cases, written in older forms, pass its checker for the version and
compute the same in ONNX Runtime; so do the same files brought up to a newer version again."""
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from _harness import *

# The operators whose form changed, each in a few cases.
OPERATORS = """ArgMax AveragePool BatchNormalization Cast Clip Constant DFT DepthToSpace DequantizeLinear Dropout GRU GatherND
Gemm GridSample GroupNormalization Hardmax LSTM LogSoftmax LpPool MaxPool Pad QuantizeLinear Range ReduceL1 ReduceL2
ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape Resize RoiAlign
ScatterElements ScatterND Shape Slice Softmax Split Squeeze TopK Unsqueeze""".split()
TARGETS = (7, 9, 10, 11, 12, 13, 17, 18, 20)
EACH = int(os.environ.get("DECANT_CASES", 6))
checks = Checks()
folder = workspace()
reached = Counter()


def fixed(case):
    """The case's model with every operand but the first as a constant, and its outputs."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs, outputs = case.data_sets[0]
    for value, array in list(zip(model.graph.input, inputs))[1:]:
        tensor = array if isinstance(array, TensorProto) else numpy_helper.from_array(np.asarray(array), value.name)
        tensor.name = value.name
        model.graph.initializer.append(tensor)
        model.graph.input.remove(value)
    feeds = {model.graph.input[0].name: plain(inputs[0])} if inputs else {}
    return model, feeds, [plain(output) for output in outputs]


def plain(value):
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def close(got, wanted, case):
    return len(got) == len(wanted) and all(same(a, b, case) for a, b in zip(got, wanted))


def same(got, wanted, case):
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return False
    if wanted.dtype.kind in "OUSbiu":
        return np.array_equal(got, wanted)
    near = np.allclose(got.astype(float), wanted.astype(float), rtol=case.rtol, atol=case.atol, equal_nan=True)
    return near or off_by(got, wanted) < 1e-5


def opset(path):
    return next(entry.version for entry in onnx.load(path).opset_import if entry.domain in ("", "ai.onnx"))


def verdict(path, feeds, wanted, case):
    """What is wrong with a written model: nothing, or a word about it; None where ONNX Runtime lacks a kernel."""
    onnx.checker.check_model(str(path))
    try:
        got = list(run_ort(path, feeds).values())
    except Exception as error:  # noqa: BLE001 - what ONNX Runtime refuses is no fault of the file's form
        if "NOT_IMPLEMENTED" in str(error) or "Type Error" in str(error) or "under development" in str(error):
            return None
        raise
    return "" if close(got, wanted, case) else "the outputs differ"


def one(case):
    found = []
    model, feeds, wanted = fixed(case)
    place = folder / case.name
    place.mkdir()
    source = place / "source.onnx"
    source.write_bytes(model.SerializeToString())
    try:
        for target in TARGETS:
            older, newer = place / "older.onnx", place / "newer.onnx"
            decant("convert", source, "-o", older, "--opset", target, "--force")
            if opset(older) != target:
                continue
            wrong = verdict(older, feeds, wanted, case)
            if wrong is None:
                continue
            decant("convert", older, "-o", newer, "--opset", 22, "--force")
            wrong = wrong or verdict(newer, feeds, wanted, case)
            found.append((f"{case.name} at {target}", wrong or "", case.model.graph.node[0].op_type))
    except Exception as error:  # noqa: BLE001 - one broken case must not end the run
        found.append((case.name, f"{type(error).__name__}: {error}", case.model.graph.node[0].op_type))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return found


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    taken = Counter()
    cases = []
    for case in collect_testcases():
        nodes = case.model.graph.node
        tensors = all(v.type.HasField("tensor_type") for v in [*case.model.graph.input, *case.model.graph.output])
        if len(nodes) == 1 and tensors and nodes[0].op_type in OPERATORS and taken[nodes[0].op_type] < EACH:
            taken[nodes[0].op_type] += 1
            cases.append(case)
with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    for found in pool.map(one, cases):
        for name, wrong, operator in found:
            reached[operator] += not wrong
            checks.passed += not wrong
            if wrong:
                checks.check(False, name, wrong)
print("files that went down and up again: " + ", ".join(f"{name} {count}" for name, count in sorted(reached.items())))
checks.check(sum(reached.values()) > 200 or EACH < 6, "more than 200 files", str(sum(reached.values())))
checks.finish()

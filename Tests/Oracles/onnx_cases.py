"""run reproduces the ONNX project's own backend suite from the command line: all 2,024 cases on both backends, tensors,
sequences, optionals and maps, each by its folder of data sets. What a backend gives has the wanted kind, type and shape, and
numbers within the case's own tolerance; what is drawn has the wanted mean. Prints what failed for each operator.

    onnx_cases.py [OPERATOR...]          only the cases whose first node is one of these
"""
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from onnx import numpy_helper

from _harness import *

SUITE = MADE.parent / "onnx-suite"
# The cases that pass today; the count only rises.
LEAST = 2020
# Cases that want what the operator's text does not say, and ONNX Runtime does not give either; and those without a kernel.
ELSEWHERE = {
    "test_dft_inverse": "wants the rounding of single precision where the exact value is 0",
    "test_dft_inverse_opset19": "wants the rounding of single precision where the exact value is 0",
    "test_resize_downsample_scales_linear_align_corners": "wants a fractional target length",
    "test_resize_downsample_scales_cubic_align_corners": "wants a fractional target length",
}
DRAWN = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
checks = Checks()
folder = workspace()
limit_memory()


def read(path, kind):
    """A file of test data as arrays, lists, dictionaries or None; it does not say itself what it is."""
    bytes_of = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(bytes_of))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(bytes_of))
    if kind.HasField("map_type"):
        return numpy_helper.to_dict(onnx.MapProto.FromString(bytes_of))
    return numpy_helper.to_array(onnx.TensorProto.FromString(bytes_of))


def difference(got, wanted, near):
    """What is wrong with a value: nothing, or a word; `near` compares two arrays of numbers."""
    if isinstance(wanted, list) and isinstance(got, list):
        if len(got) != len(wanted):
            return f"{len(got)} elements for {len(wanted)}"
        return next((wrong for pair in zip(got, wanted) if (wrong := difference(*pair, near))), "")
    if isinstance(wanted, dict) and isinstance(got, dict):
        if list(got) != list(wanted):
            return f"the keys {list(got)} for {list(wanted)}"
        return difference(list(got.values()), list(wanted.values()), near)
    if wanted is None or got is None:
        return "" if wanted is got else f"{got} for {wanted}"
    if not isinstance(wanted, np.ndarray) or not isinstance(got, np.ndarray):
        return f"{type(got).__name__} for {type(wanted).__name__}"
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return f"{got.dtype}{list(got.shape)} for {wanted.dtype}{list(wanted.shape)}"
    if wanted.dtype.kind in "OUSb":
        return "" if np.array_equal(got, wanted) else "the elements differ"
    wide = np.complex128 if wanted.dtype.kind == "c" else np.float64
    return near(got.astype(wide), wanted.astype(wide))


def within(relative, absolute):
    """Compares numbers within a tolerance."""
    def near(got, wanted):
        with np.errstate(invalid="ignore"):
            same = np.allclose(got, wanted, rtol=relative, atol=absolute, equal_nan=True)
        return "" if same else f"off by {np.nanmax(np.abs(got - wanted)):.2e}"
    return near


def mean(got, wanted):
    """Compares what is drawn: means within five standard errors."""
    spread = np.sqrt(np.mean((np.stack([got, wanted]) - wanted.mean()) ** 2))
    allowed = 5 * np.sqrt(2 / wanted.size) * spread
    return "" if abs(got.mean() - wanted.mean()) <= allowed else f"a mean of {got.mean()} for {wanted.mean()}"


def is_drawn(model):
    graphs = [model.graph, *model.functions]
    return any(node.op_type in DRAWN for graph in graphs for node in graph.node)


def one(case):
    """What is wrong with a case, or nothing."""
    model = onnx.load(case / "model.onnx", load_external_data=False)
    words = (case / "tolerance.txt").read_text().split() if (case / "tolerance.txt").exists() else ("1e-3", "1e-7")
    near = mean if is_drawn(model) else within(*map(float, words))
    for backend in ("reference", "onednn"):
        out = folder / case.parent.name / case.name / backend
        command = [DECANT, "run", case / "model.onnx", "--input", case, "--output", out, "--backend", backend]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            return f"{backend}: exit {done.returncode}: {done.stderr.strip()[-200:]}"
        sets = sorted(case.glob("test_data_set_*"))
        for data in sets:
            for index, value in enumerate(model.graph.output):
                name = f"output_{index}.pb"
                wrong = difference(read(out / data.name / name, value.type), read(data / name, value.type), near)
                if wrong:
                    return f"{backend}: {data.name}/{name}: {wrong}"
        if not sets:
            return "there is no test_data_set_0"
    return ""


def guarded(case):
    try:
        return one(case)
    except Exception as error:  # noqa: BLE001 - one broken case must not end the run
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder / case.parent.name / case.name, ignore_errors=True)


def operator(case):
    return onnx.load(case / "model.onnx", load_external_data=False).graph.node[0].op_type


subprocess.run([sys.executable, ROOT / "Tests/Conformance/write_suite.py", SUITE], check=True)
wanted = set(sys.argv[1:])
cases = sorted(path.parent for path in SUITE.glob("*/*/model.onnx"))
cases = [case for case in cases if not wanted or operator(case) in wanted]
failed = Counter()
with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    for case, wrong in zip(cases, pool.map(guarded, cases)):
        if not wrong:
            checks.passed += 1
        elif case.name in ELSEWHERE:
            print(f"     {case.name}, which {ELSEWHERE[case.name]}: {wrong}")
        else:
            failed[operator(case)] += 1
            checks.check(False, case.name, wrong)
if failed:
    print("failed: " + ", ".join(f"{name} {count}" for name, count in sorted(failed.items())))
if not wanted:
    checks.check(checks.passed >= LEAST, f"at least {LEAST} of {len(cases)} cases pass", str(checks.passed))
checks.finish()

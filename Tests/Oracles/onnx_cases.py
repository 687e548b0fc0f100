"""run agrees with the ONNX project's own test cases on both backends, for every operator that Decant has; the others it
must refuse as not supported (exit code 69), each naming the reason. Prints what passed and failed for each operator, and
which operators are still missing. Arguments are operators: then only their cases run."""
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from _harness import *

# The cases that pass today: fewer is a step back, and more is a reason to raise it.
LEAST = 1850
# Cases whose values ONNX Runtime does not give either, for it takes the last place of the whole result; Decant agrees
# with it to the bit.
ELSEWHERE = {"test_resize_downsample_scales_linear_align_corners", "test_resize_downsample_scales_cubic_align_corners"}
# Cases that want the rounding of single precision where the exact result is 0; ONNX Runtime does not give it either.
ELSEWHERE |= {"test_dft_inverse", "test_dft_inverse_opset19"}
# Cases whose numbers were drawn from a state that no seed tells: only that they are zeros and ones can be checked.
DRAWN = "test_bernoulli"
checks = Checks()
folder = workspace()
unsupported = Counter()
passed, failed = Counter(), Counter()
# A unit and a half in the last place: the cases round every intermediate value of a half, Decant only the result.
HALVES = {"float16": 1.5 * 2.0**-10, "bfloat16": 1.5 * 2.0**-7}


def operator(case):
    return case.model.graph.node[0].op_type


def tensors_only(case):
    values = [*case.model.graph.input, *case.model.graph.output]
    return all(value.type.HasField("tensor_type") for value in values)


def write(path, array, name):
    tensor = array if isinstance(array, TensorProto) else numpy_helper.from_array(np.asarray(array), name)
    path.write_bytes(tensor.SerializeToString())


def close(got, wanted, case):
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return f"{got.dtype}{list(got.shape)} for {wanted.dtype}{list(wanted.shape)}"
    if case.name.startswith(DRAWN):
        return "" if np.isin(got, (0, 1)).all() else "expected zeros and ones"
    ulp = HALVES.get(wanted.dtype.name, 0)
    if wanted.dtype.kind in "OUSb":
        return "" if np.array_equal(got, wanted) else "values differ"
    got, wanted = got.astype(np.float64 if wanted.dtype.kind != "c" else complex), wanted.astype(np.float64 if wanted.dtype.kind != "c" else complex)
    if np.allclose(got, wanted, rtol=max(case.rtol, ulp), atol=case.atol, equal_nan=True):
        return ""
    return f"off by {np.nanmax(np.abs(got - wanted)):.2e}"


def result(out, index, case):
    """Output `index`, which stands in the form of the inputs, or as an array where there are none."""
    path = out / f"output_{index}.pb"
    if path.is_file():
        return numpy_helper.to_array(onnx.load_tensor(path))
    return np.load(out / f"{case.model.graph.output[index].name}.npy")


def one(case):
    """(name, what went wrong): an empty string where all is well, None where the operator is not supported yet."""
    place = folder / case.name
    place.mkdir()
    model, given, out = place / "model.onnx", place / "given", place / "out"
    model.write_bytes(case.model.SerializeToString())
    try:
        for inputs, outputs in case.data_sets:
            for left in (given, out):
                shutil.rmtree(left, ignore_errors=True)
            given.mkdir()
            for i, array in enumerate(inputs):
                write(given / f"input_{i}.pb", array, case.model.graph.input[i].name)
            source = given if inputs else save_npz(place / "nothing.npz", {})
            for backend in ("reference", "onednn"):
                shutil.rmtree(out, ignore_errors=True)
                words = [DECANT, "run", model, "--input", source, "--output", out, "--backend", backend]
                done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
                if done.returncode == 69:
                    return case, None
                if done.returncode:
                    return case, f"{backend}: exit {done.returncode}: {done.stderr.strip()[-200:]}"
                for i, wanted in enumerate(outputs):
                    wanted = numpy_helper.to_array(wanted) if isinstance(wanted, TensorProto) else np.asarray(wanted)
                    wrong = close(result(out, i, case), wanted, case)
                    if wrong:
                        return case, f"{backend}: output {i}: {wrong}"
        return case, ""
    except Exception as error:  # noqa: BLE001 - one broken case must not end the run
        return case, f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(place, ignore_errors=True)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    wanted = set(sys.argv[1:])
    cases = [case for case in collect_testcases() if tensors_only(case) and case.name not in ELSEWHERE]
    cases = [case for case in cases if not wanted or operator(case) in wanted]
with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    for case, wrong in pool.map(one, cases):
        if wrong is None:
            unsupported[operator(case)] += 1
        elif wrong:
            failed[operator(case)] += 1
            checks.check(False, case.name, wrong)
        else:
            passed[operator(case)] += 1
            checks.passed += 1
print("passed: " + ", ".join(f"{name} {count}" for name, count in sorted(passed.items())))
if failed:
    print("failed: " + ", ".join(f"{name} {count}" for name, count in sorted(failed.items())))
total = sum(unsupported.values())
print(f"not supported yet, {total} cases: " + ", ".join(f"{name} {count}" for name, count in sorted(unsupported.items())))
if not sys.argv[1:]:
    checks.check(checks.passed >= LEAST, f"at least {LEAST} of {len(cases)} cases pass", str(checks.passed))
checks.finish()

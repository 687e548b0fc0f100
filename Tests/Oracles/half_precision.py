"""quantize --scheme fp16 and bf16 always give a valid model, close to the float one: real models, cases on which other
converters fail, and the ONNX project's backend suite.

A converted model passes the full checker, gives no operator a type that it does not take (by ONNX's own schemas), has no two
casts in a row, and loads and runs in ONNX Runtime, which casts where it has no kernel for halves. Where it has none for bf16 at
all, that is counted, and Decant's engine computes the result. Decant agrees with ONNX Runtime on all of them.
"""
import collections
import contextlib
import io
import warnings

from onnx import numpy_helper
from onnxruntime.transformers import float16 as peer, onnx_model as peer_model

import _halves
from _halves_cases import cases
from _harness import *

limit_memory()
checks = Checks()
folder = workspace()
counts = collections.Counter()
OUT = folder / "out.onnx"
#: Cosines that are asked of MiniLM, and decibels of any model that is comparable.
LEAST_COSINE = {"fp16": 0.9999, "bf16": 0.999}
LEAST = {"fp16": 40, "bf16": 20}
AGREEMENT = {"fp16": 45, "bf16": 25}


def convert(path, scheme, *options):
    decant("quantize", path, "-o", OUT, "--scheme", scheme, "--force", "--quiet", *options)
    return onnx.load(str(OUT))


def faults(made):
    """What is wrong with a converted model, in words; empty when it is valid."""
    found = []
    try:
        onnx.checker.check_model(made, full_check=True)
        found += _halves.type_faults(made)
    except Exception as error:  # noqa: BLE001 - the report is the point
        found.append(f"{type(error).__name__}: {error}"[:300])
    return found + [f"two casts in a row at '{name}'" for name in _halves.cast_pairs(made)]


def fitted(feeds, running):
    """The feeds in the types that the model's inputs have."""
    wanted = {value.name: TYPES.get(value.type) for value in running.get_inputs()}
    return {name: array.astype(wanted[name]) if wanted.get(name) else array for name, array in feeds.items()}


def run_converted(feeds, what):
    """The outputs by ONNX Runtime; None where it has no kernel for bf16, or where NumPy has no bf16 to feed it."""
    try:
        running = session(OUT)
    except Exception as error:  # noqa: BLE001 - only this kind is lived with
        if what != "bf16" or "NOT_IMPLEMENTED" not in str(error):
            raise
        counts[f"{what}: no kernel in ONNX Runtime"] += 1
        return None
    if any("bfloat16" in value.type for value in running.get_inputs()):
        counts["bf16: inputs that NumPy cannot make"] += 1
        return None
    given = fitted(feeds, running)
    names = [output.name for output in running.get_outputs()]
    return dict(zip(names, running.run(names, given)))


def run_decant(feeds):
    given = save_npz(folder / "given.npz", feeds)
    decant("run", OUT, "--input", given, "--output", folder / "got.npz", "--force", "--quiet")
    return load_npz(folder / "got.npz")


def least(got, wanted):
    """The smallest signal-to-noise ratio over all float outputs; integers must be equal, up to one in a hundred."""
    found = [float("inf")]
    for name, array in wanted.items():
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.size:
            found.append(_halves.signal_to_noise(got[name], array) if got[name].shape == array.shape else -np.inf)
    return min(found)


def finite(outputs):
    return all(np.isfinite(array).all() for array in outputs.values() if array.dtype.kind == "f")


# Real models


def real(path, scheme, *options):
    what = f"{label(path)} in {scheme}{' ' if options else ''}{' '.join(map(str, options[:1]))}"
    made = convert(path, scheme, *options)
    wrong = faults(made)
    checks.check(not wrong, f"{what}: is valid", "; ".join(wrong[:3]) or f"{_halves.cast_count(made)} casts, {OUT.stat().st_size:,} bytes")
    feeds = feeds_for(path)
    wanted = run_ort(path, feeds)
    got = run_converted(feeds, scheme) if "--no-keep-io" not in options or scheme == "fp16" else None
    if "--no-keep-io" in options:
        halves = [kind for kind in _halves.output_types(made) if kind == "tensor(float)"]
        checks.check(not halves, f"{what}: the interface is half")
        if got is None:
            return
    own = run_decant(feeds) if "--no-keep-io" not in options else got
    if got is not None:
        checks.check(least(own, got) >= AGREEMENT[scheme], f"{what}: Decant agrees with ONNX Runtime", f"{least(own, got):.1f} dB")
    best = own if got is None else got
    found = least(best, wanted)
    checks.check(found >= LEAST[scheme], f"{what}: is close to float32", f"{found:.1f} dB")
    if "minilm" in path.name:
        name, array = next(iter(wanted.items()))
        checks.check(cosine(best[name], array) >= LEAST_COSINE[scheme], f"{what}: cosine", f"{cosine(best[name], array):.7f}")


def real_models():
    for path in every_model():
        samples = folder / "samples.npz"
        checks.attempt(label(path), lambda: save_npz(samples, {k: v for k, v in feeds_for(path, 1).items()}))
        for scheme in ("fp16", "bf16"):
            checks.attempt(f"{label(path)} in {scheme}", lambda: real(path, scheme))
            checks.attempt(f"{label(path)} in {scheme}, --no-keep-io", lambda: real(path, scheme, "--no-keep-io"))
        checks.attempt(f"{label(path)} at opset 22", lambda: real(path, "bf16", "--opset", 22))


# Cases


def peer_fails(case):
    """How ONNX Runtime's own converter fails on a case; None where it does not."""
    copy = onnx.ModelProto()
    copy.CopyFrom(case.model)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = peer.convert_float_to_float16(copy, keep_io_types=True)
        # It leaves nodes in any order; that alone is not counted.
        peer_model.OnnxModel(made).topological_sort()
        onnx.checker.check_model(made, full_check=True)
        wrong = _halves.type_faults(made)
        if wrong:
            return wrong[0]
        onnx.save(made, str(folder / "peer.onnx"))
        outputs = run_ort(folder / "peer.onnx", case.feeds)
        return None if finite(outputs) or not finite(run_ort(folder / "case.onnx", case.feeds)) else "not finite"
    except Exception as error:  # noqa: BLE001 - the report is the point
        return f"{type(error).__name__}: {error}".replace("\n", " ")


def generated(case):
    path = folder / "case.onnx"
    onnx.save(case.model, str(path))
    wanted = run_ort(path, case.feeds)
    samples = ("--data", save_npz(folder / "samples.npz", case.feeds)) if case.calibrated else ()
    for scheme in ("fp16", "bf16"):
        for interface in ("--keep-io", "--no-keep-io"):
            what = f"{case.name}, {scheme} {interface}"
            made = convert(path, scheme, interface, *samples, *case.options)
            wrong = faults(made)
            if not checks.check(not wrong, f"{what}: is valid", "; ".join(wrong[:2])):
                continue
            checks.attempt(what, lambda: numbers(case, what, made, wanted, scheme, interface))
    checks.attempt(case.name, lambda: placed(case, path, samples))


def placed(case, path, samples):
    """Which operators are half, by what their first float operand or result is."""
    found = json.loads(decant("quantize", path, "-o", OUT, "--scheme", "fp16", "--force", "--quiet", "--json", "--no-optimize", *samples, *case.options))
    half = {node["op"] for node in found["nodes"] if node["quantized"]}
    kept = {node["op"] for node in found["nodes"] if not node["quantized"]}
    checks.check(set(case.half) <= half and set(case.float) <= kept, f"{case.name}: what is half", " ".join(sorted(half)))


def numbers(case, what, made, wanted, scheme, interface):
    got = run_converted(case.feeds, scheme)
    own = None
    if interface == "--keep-io":
        own = run_decant(case.feeds)
        if got is not None:
            checks.check(least(own, got) >= AGREEMENT[scheme] or not case.comparable, f"{what}: Decant agrees", f"{least(own, got):.1f} dB")
    best = own if got is None else got
    if best is None:
        return
    if finite(wanted) and (interface == "--keep-io" or not case.calibrated):
        checks.check(finite(best), f"{what}: stays finite")
    if case.comparable and interface == "--keep-io":
        found, bar = least(best, wanted), case.least - (0 if scheme == "fp16" else 22)
        checks.check(found >= bar, f"{what}: is close to float32", f"{found:.1f} dB")


# The backend suite


def suite(step):
    """Every `step`-th case of the suite; of those with a float32 input or output all that ONNX Runtime runs."""
    root = MADE.parent / "onnx-suite"
    if not root.is_dir():
        subprocess.run([sys.executable, str(ROOT / "Tests/Conformance/write_suite.py"), str(root)], check=True)
    for path in sorted(root.glob("*/*/model.onnx"))[::step]:
        before = onnx.load(str(path))
        interface = [*before.graph.input, *before.graph.output]
        if not any(_halves.spelled(value.type) == "tensor(float)" for value in interface):
            continue
        try:
            onnx.checker.check_model(before, full_check=True)
            wanted = session(path).run(None, suite_feeds(path, before))
        except Exception:  # noqa: BLE001 - the reference has to run it
            counts["suite: ONNX Runtime does not run the float model"] += 1
            continue
        for scheme in ("fp16", "bf16"):
            try:
                suite_case(path, before, scheme, wanted)
            except Exception as error:  # noqa: BLE001 - the report is the point
                checks.check(False, f"suite {path.parent.name} in {scheme}", f"{error}"[:300])


def suite_feeds(path, model):
    feeds = {}
    for index, value in enumerate(model.graph.input):
        file = path.parent / f"test_data_set_0/input_{index}.pb"
        if not file.exists():
            continue
        kind, data = value.type.WhichOneof("value"), file.read_bytes()
        message = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}.get(kind, onnx.TensorProto)()
        message.ParseFromString(data)
        reader = {"sequence_type": numpy_helper.to_list, "optional_type": numpy_helper.to_optional}
        feeds[value.name] = reader.get(kind, numpy_helper.to_array)(message)
    return feeds


#: Cases whose very point is a difference that halves do not show, or that random numbers decide.
LOOSE = ("qk_matmul", "bernoulli", "random")


def suite_case(path, before, scheme, wanted):
    name = path.parent.name
    made = convert(path, scheme)
    wrong = faults(made)
    try:
        running = session(OUT)
        got = running.run(None, suite_feeds(path, before))
    except Exception as error:  # noqa: BLE001 - told apart below
        if scheme == "bf16" and "NOT_IMPLEMENTED" in str(error):
            counts["suite in bf16: no kernel in ONNX Runtime"] += 1
            got = None
        elif faults(before) and faults(onnx.load(decant_copy(path))):
            counts["suite: the float model fails when it is written unchanged"] += 1
            return
        else:
            wrong.append(f"{error}"[:200])
            got = None
    found = float("inf")
    for one, other in zip(got or [], wanted):
        if isinstance(other, np.ndarray) and other.dtype.kind == "f" and other.size and not any(word in name for word in LOOSE):
            found = min(found, _halves.signal_to_noise(one, other) if one.shape == other.shape else -np.inf)
    if wrong and faults(onnx.load(decant_copy(path))):
        counts["suite: the float model fails when it is written unchanged"] += 1
        return
    counts[f"suite in {scheme}: {'half' if 'float16' in str(used(made)) else 'all float32'}"] += 1
    if wrong or found < LEAST[scheme] - 5:
        checks.check(False, f"suite {name} in {scheme}", "; ".join(wrong[:2]) or f"{found:.1f} dB")
    else:
        checks.passed += 1


def used(made):
    inferred = onnx.shape_inference.infer_shapes(made)
    return {_halves.spelled(value.type) for graph in _halves.graphs(inferred.graph) for value in graph.value_info}


def decant_copy(path):
    decant("convert", path, "-o", folder / "copy.onnx", "--force", "--quiet")
    return str(folder / "copy.onnx")


# All of the suite takes minutes; every fifth case of it seconds.
parts = sys.argv[1:] or ["real", "cases", "sample"]
if "real" in parts:
    real_models()
if "cases" in parts:
    failed = []
    for case in cases():
        checks.attempt(case.name, lambda: generated(case))
        why = peer_fails(case)
        if why:
            failed.append(case.name)
            print(f"     onnxruntime.transformers.float16 fails on '{case.name}': {why[:160]}")
    print(f"     onnxruntime.transformers.float16 fails on {len(failed)} of {len(list(cases()))} cases")
if "suite" in parts or "sample" in parts:
    suite(1 if "suite" in parts else 5)
for what, count in sorted(counts.items()):
    print(f"     {what}: {count}")
checks.finish()

"""Quantized models in the engine: the same bits as the exact integer operators, near ONNX Runtime, and how fast when asked.

  DECANT_TIME=1 quantized_engine.py    also prints times beside ONNX Runtime's; no bar, for machines differ
"""
import time

from _harness import *

checks = Checks()
folder = workspace()


def quantized(model, name, *options):
    path = folder / f"{name}.onnx"
    decant("quantize", model, "-o", path, "--force", *options)
    return path


def run(model, feeds, *options):
    given = save_npz(folder / "given.npz", feeds)
    decant("run", model, "--input", given, "--output", folder / "got.npz", "--force", *options)
    return load_npz(folder / "got.npz")


def same_bits_as_operators(model, feeds, what):
    """The engine on pairs of QuantizeLinear and DequantizeLinear, and the definitions of the operators on codes."""
    operators = folder / "operators.onnx"
    decant("convert", model, "-o", operators, "--form", "qoperator", "--force")
    wanted = run(operators, feeds, "--backend", "reference")
    for threads in (1, 2):
        got = run(model, feeds, "--threads", threads)
        same = all(same_bits(got[name], wanted[name]) for name in wanted)
        checks.check(same, f"{what}, {threads} threads: the same bits as the operators on codes",
                     ", ".join(f"{name} off by {off_by(got[name], wanted[name]):.1e}" for name in wanted))


def near_runtime(model, feeds, what, tolerance):
    wanted = run_ort(model, feeds, optimize=True)
    for threads in (1, 2):
        got = run(model, feeds, "--threads", threads)
        off = max(off_by(got[name], wanted[name]) for name in wanted)
        checks.check(off <= tolerance, f"{what}, {threads} threads: ONNX Runtime", f"{off:.1e} of the range")


def timed(model, feeds, what):
    if "DECANT_TIME" not in os.environ:
        return
    given = save_npz(folder / "given.npz", feeds)
    theirs = session(model, optimize=True)
    names = [output.name for output in theirs.get_outputs()]
    theirs.run(names, feeds)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        theirs.run(names, feeds)
        times.append(time.perf_counter() - start)
    ours = decant_json("bench", model, "--input", given, "--threads", 1)
    print(f"time {what}: ONNX Runtime {sorted(times)[10] * 1e3:.2f} ms, Decant {json.dumps(ours)[:300]}", flush=True)


def digits():
    teacher = SAMPLES / "digits/teacher.onnx"
    data = folder / "digits.npz"
    name = session(teacher).get_inputs()[0].name
    random = np.random.default_rng(0)
    images = random.random((32, 1, 8, 8), dtype=np.float32)
    save_npz(data, {name: images})
    for types in ((), ("--activation-type", "int8"), ("--no-per-channel",), ("--weight-type", "uint8")):
        what = " ".join(("digits", *types))
        model = quantized(teacher, "digits", "--data", data, *types)
        feeds = {name: images[:5]}
        checks.attempt(what, lambda: same_bits_as_operators(model, feeds, what))
        checks.attempt(what, lambda: near_runtime(model, feeds, what, 0.05))


def mobilenet():
    data = made_model("noise_calibration.npz")
    images = load_npz(data)
    feeds = {name: array[:1] for name, array in images.items()}
    for kind in ("uint8", "int8"):
        what = f"MobileNetV2 in {kind}"
        model = quantized(made_model("mobilenet_v2.onnx"), kind, "--data", data, "--activation-type", kind)
        checks.attempt(what, lambda: near_runtime(model, feeds, what, 0.15))
        timed(model, feeds, what)


def minilm():
    texts = load_npz(made_model("texts_heldout.npz"))
    feeds = {name: array[:2] for name, array in texts.items()}
    schemes = {
        "int8": ("--data", made_model("texts_calibration.npz")),
        "int8-dynamic": ("--scheme", "int8-dynamic"),
        "w4": ("--scheme", "w4", "--block", "32"),
        "w8": ("--scheme", "w8"),
    }
    for name, options in schemes.items():
        what = f"MiniLM in {name}"
        model = quantized(made_model("minilm.onnx"), name, *options)
        checks.attempt(what, lambda: near_runtime(model, feeds, what, 0.05))
        timed(model, feeds, what)


limit_memory()
checks.attempt("digits", digits)
checks.attempt("MobileNetV2", mobilenet)
checks.attempt("MiniLM", minilm)
checks.finish()

"""A 1 GB ONNX file: inspect under 0.1 s and 100 MB; convert under twice cp and sync, and 1.2 GB with the mapping."""
from onnx import TensorProto, helper

from _harness import *

SIDE, LAYERS = 2048, 64
checks = Checks()
folder = workspace()


def make(path):
    """64 matrices of 16 MiB, one MatMul each: 1.07 GB."""
    random = np.random.default_rng(3)
    weights, nodes, value = [], [], "x"
    for layer in range(LAYERS):
        bits = random.integers(0x3C000000, 0x3D000000, (SIDE, SIDE), dtype=np.uint32)
        weights.append(helper.make_tensor(f"w{layer}", TensorProto.FLOAT, [SIDE, SIDE], bits.tobytes(), raw=True))
        nodes.append(helper.make_node("MatMul", [value, f"w{layer}"], [f"h{layer}"], name=f"layer{layer}"))
        value = f"h{layer}"
    shape = ["N", SIDE]
    graph = helper.make_graph(
        nodes, "big", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def python_beside(path):
    """What Python's onnx takes to load the file, and to load and save it: for the report, not a check."""
    load = f"import onnx; m = onnx.load('{path}')"
    for what, code in (("load", load), ("load and save", f"{load}; onnx.save(m, '{folder / 'python.onnx'}')")):
        seconds, peak = measured(sys.executable, "-c", code)
        print(f"     Python's onnx, {what}: {seconds:.2f} s, {peak:.0f} MB")
    (folder / "python.onnx").unlink()


def inspect(path):
    seconds, peak = fastest(5, DECANT, "inspect", path)
    checks.check(seconds < 0.1, "inspect: time", f"{seconds * 1000:.1f} ms")
    checks.check(peak < 100, "inspect: resident", f"{peak:.0f} MB")


def convert(path):
    """Takes turns with cp, and the best of three each: disks differ from minute to minute."""
    copies, ours, peaks = [], [], []
    for turn in range(3):
        copy, converted = folder / f"copy{turn}.onnx", folder / f"converted{turn}.onnx"
        copies.append(measured("sh", "-c", f"cp {path} {copy} && sync {copy}")[0])
        copy.unlink()
        seconds, peak = measured(DECANT, "convert", path, "-o", converted)
        ours.append(seconds)
        peaks.append(peak)
        if turn == 0:
            same = initializers(path)
            got = initializers(converted)
            checks.check(same.keys() == got.keys() and all(same_bits(got[name], same[name]) for name in same), "convert: every weight, bit for bit")
        converted.unlink()
    checks.check(min(ours) < 2 * min(copies), "convert: time", f"{min(ours):.2f} s, cp and sync {min(copies):.2f} s (all: {ours}, {copies})")
    checks.check(max(peaks) < 1200, "convert: resident", f"{max(peaks):.0f} MB")


big = folder / "big.onnx"
make(big)
print(f"     the file: {big.stat().st_size:,} bytes")
checks.attempt("inspect", lambda: inspect(big))
checks.attempt("convert", lambda: convert(big))
python_beside(big)
checks.finish()

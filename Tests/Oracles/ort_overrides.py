"""Overrides of single tensors as quantize_static takes them (TensorQuantOverrides), to the byte in --compat ort; and TensorRT's
calibration cache, out and in."""
import struct

from onnxruntime.quantization import QuantType

from _initializers import *
from _small_models import *
from _static import *

limit_memory()
checks = Checks()
folder = workspace()
KINDS = {"QInt8": QuantType.QInt8, "QUInt8": QuantType.QUInt8, "QInt16": QuantType.QInt16, "QUInt16": QuantType.QUInt16, "QInt4": QuantType.QInt4}
# For the tensors of `perceptron`: x, w1 (12 x 20, MatMul), r, w2 (8 x 20, Gemm with transB) and b2, w3 (20 x 8).
PERCEPTRON = [
    {"x": [{"quant_type": "QInt16"}]},
    {"x": [{"rmin": -1.5, "rmax": 3.25}]},
    {"x": [{"symmetric": True}]},
    {"x": [{"scale": 0.03125, "zero_point": 100}]},
    {"x": [{"quant_type": "QUInt16", "rmax": 4.0}], "r": [{"symmetric": True, "quant_type": "QInt8"}]},
    {"w1": [{"quant_type": "QUInt8"}]},
    {"w1": [{"quant_type": "QInt16", "symmetric": False}]},
    {"w1": [{"quant_type": "QInt4"}]},
    {"w1": [{"reduce_range": True}]},
    {"w1": [{"rmin": -0.5, "rmax": 0.75, "symmetric": False}]},
    {"w1": [{"scale": 0.0625, "zero_point": 0}]},
    {"w1": [{"axis": 1}]},
    {"w1": [{"axis": -2, "quant_type": "QUInt8"}]},
    {"w1": [{"axis": 0, "rmin": -1.0, "rmax": 2.0 + i / 4} for i in range(12)]},
    {"w1": [{"axis": 1, "scale": 0.01 + i / 256, "zero_point": 0} for i in range(20)]},
    {"w2": [{"axis": 0, "symmetric": False, "quant_type": "QUInt8"}]},
    {"b2": [{"quant_type": "QInt8"}]},
    {"w3": [{"reduce_range": True, "axis": 1}], "y": [{"symmetric": True}]},
]
CONVOLUTIONS = [
    {"w1": [{"axis": 0}]}, {"w1": [{"quant_type": "QUInt8", "symmetric": True}]}, {"w2": [{"axis": 0, "reduce_range": True}]},
    {"ar": [{"rmin": 0.0, "rmax": 6.0}]}, {"x": [{"quant_type": "QInt8", "symmetric": True}]}, {"c": [{"scale": 0.5, "zero_point": 3}]},
]


def theirs_of(overrides):
    """The overrides as ONNX Runtime wants them: types as enumerators, numbers as arrays."""
    def one(given):
        made = dict(given)
        if "quant_type" in made:
            made["quant_type"] = KINDS[made["quant_type"]]
        if "scale" in made:
            made["scale"], made["zero_point"] = np.array(made["scale"], np.float32), np.array(made["zero_point"])
        for key in ("rmin", "rmax"):
            if key in made:
                made[key] = np.array(made[key], np.float32)
        return made

    return {name: [one(given) for given in many] for name, many in overrides.items()}


def compare(model, cache, overrides, per_channel):
    what = f"{model.stem}, per {'channel' if per_channel else 'tensor'}, {json.dumps(overrides)[:110]}"
    theirs, ours, file = folder / "theirs.onnx", folder / "ours.onnx", folder / "overrides.json"
    ort_quantize(model, theirs, cache, "minmax", per_channel=per_channel, extra_options={"TensorQuantOverrides": theirs_of(overrides)})
    file.write_text(json.dumps(overrides))
    decant("quantize", model, "-o", ours, "--force", "--quiet", "--compat", "ort", "--stats", cache, "--overrides", file, *["--per-channel"] * per_channel)
    same_initializers(checks, what, theirs, ours, model)


def refusals(model):
    for overrides, said in (({"nothing": [{}]}, "nothing"), ({"x": [{"scale": 1}]}, "zero_point"), ({"x": [{"convert": {"quant_type": "QInt8"}}]}, "convert")):
        file = folder / "wrong.json"
        file.write_text(json.dumps(overrides))
        done = subprocess.run([DECANT, "quantize", str(model), "-o", str(folder / "no.onnx"), "--data", str(folder / "x.npz"), "--overrides", str(file)],
                              capture_output=True, text=True)
        checks.check(done.returncode in (64, 65) and said in done.stderr, f"refused: {overrides}", done.stderr.strip().splitlines()[0][:120])


def tensorrt(model, data):
    """The cache holds the greatest magnitudes over 127; read back, its ranges are symmetric and give the scales that follow."""
    cache, ours = folder / "trt.cache", folder / "ours.onnx"
    decant("calibrate", model, "--data", data, "--format", "tensorrt", "-o", cache, "--force", "--compat", "ort")
    decant("calibrate", model, "--data", data, "--format", "ort", "-o", folder / "ort.json", "--force", "--compat", "ort")
    lines = cache.read_text().splitlines()
    scales = {name: struct.unpack(">f", bytes.fromhex(bits))[0] for name, bits in (line.rsplit(": ", 1) for line in lines[1:])}
    wanted = {name: float(np.float32(max(abs(low), abs(high))) / np.float32(127)) for name, (low, high) in cached_ranges(folder / "ort.json").items()}
    checks.check(lines[0].startswith("TRT-") and scales == wanted, "TensorRT's cache: scales are the greatest magnitudes over 127", f"{len(scales)} tensors")
    decant("quantize", model, "-o", ours, "--force", "--quiet", "--compat", "ort", "--stats", cache, "--activation-type", "int8", "--symmetric")
    found = {name: array.item() for name, array in initializers(ours).items() if name.endswith("_scale") and array.size == 1}
    # What feeds a Relu alone has that one's range.
    for node in onnx.load(model).graph.node:
        if node.op_type == "Relu":
            scales.pop(node.input[0], None)
    off = max(abs(found[f"{name}_scale"] / scale - 1) for name, scale in scales.items() if f"{name}_scale" in found)
    checks.check(off < 1e-6, "TensorRT's cache, read back: int8 scales of activations are those of the cache", f"off by {off:.1e}")
    session(ours)


for model, many in ((perceptron().save(folder), PERCEPTRON), (convolutions().save(folder), CONVOLUTIONS)):
    cache = folder / f"{model.stem}.json"
    samples = feeds_for(model, batch=4)
    ort_quantize(model, folder / "first.onnx", cache, "minmax", samples=samples)
    data = save_npz(folder / "x.npz", samples)
    for overrides in many:
        for per_channel in (False, True):
            checks.attempt(f"{model.stem} {overrides}", lambda: compare(model, cache, overrides, per_channel))
    checks.attempt("refusals", lambda: refusals(model))
    checks.attempt("TensorRT", lambda: tensorrt(model, data))
print_compared()
checks.finish()

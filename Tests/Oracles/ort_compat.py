"""quantize --compat ort writes what quantize_static writes from the same calibration cache: no scale, zero point,
code or bias differs, on four models, per tensor and per channel, min/max and percentile, four type pairs."""
from collections import Counter

from _static import *

checks = Checks()
folder = workspace()
compared = Counter()


def operators(path):
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def part(name):
    """What a quantized initializer is, from the way ONNX Runtime names it."""
    for ending, what in (("_scale", "scales"), ("_zero_point", "zero points"), ("_quantized", "codes and biases")):
        if name.endswith(ending):
            return what
    return "other"


def differences(wanted, got, float_names):
    """The names and counts of the values that differ, among what quantization added."""
    wrong = []
    for name, array in wanted.items():
        if name in float_names:
            continue
        compared[part(name)] += array.size
        other = got.get(name)
        if other is None:
            wrong.append(f"{name} is missing")
        elif other.dtype != array.dtype or other.size != array.size:
            wrong.append(f"{name} is {other.dtype}{list(other.shape)}, not {array.dtype}{list(array.shape)}")
        elif other.tobytes() != array.tobytes():
            bad = np.flatnonzero(other.ravel() != array.ravel())
            first = bad[0] if len(bad) else 0
            wrong.append(f"{name}: {len(bad)} of {array.size} differ, at {first} {other.ravel()[first]} for {array.ravel()[first]}")
    return wrong


def compare(model, method, cache, activations, weights, per_channel):
    what = f"{label(model)}, {method}, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}"
    theirs, ours = folder / "theirs.onnx", folder / "ours.onnx"
    ort_quantize(model, theirs, cache, method, activations, weights, per_channel)
    options = ["--per-channel"] if per_channel else []
    decant("quantize", model, "-o", ours, "--scheme", "int8", "--compat", "ort", "--stats", cache,
           "--activation-type", activations, "--weight-type", weights, "--force", *options)
    wanted, got = initializers(theirs), initializers(ours)
    added = [name for name in wanted if name not in float_names]
    wrong = differences(wanted, got, float_names)
    checks.check(not wrong, what, f"{len(wrong)} of {len(added)} differ; {'; '.join(wrong[:3])}" if wrong else f"{len(added)} equal")
    quantizers = {name: operators(theirs)[name] for name in ("QuantizeLinear", "DequantizeLinear")}
    mine = {name: operators(ours)[name] for name in quantizers}
    checks.check(mine == quantizers, f"{what}: the quantizing nodes", f"{mine}, theirs {quantizers}" if mine != quantizers else "")


models = [SAMPLES / "digits/teacher.onnx", shared_model("mnist.onnx"), shared_model("rfb320_nopost.onnx"), made_model("minilm.onnx")]
for model in filter(None, models):
    float_names = set(initializers(model))
    for method in METHODS:
        cache = folder / f"{model.stem}.{method}.json"
        ort_quantize(model, folder / "first.onnx", cache, method, samples=calibration_samples(model, 4))
        for activations in TYPES_BY_NAME:
            for weights in TYPES_BY_NAME:
                for per_channel in (False, True):
                    checks.attempt(
                        f"{label(model)}, {method}, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}",
                        lambda: compare(model, method, cache, activations, weights, per_channel))
print("compared " + ", ".join(f"{count:,} {what}" for what, count in compared.items()))
checks.finish()

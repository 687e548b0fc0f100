"""quantize --compat ort writes what quantize_static writes from the same calibration cache: no scale, zero point,
code or bias differs, on four models, per tensor and per channel, min/max and percentile, four type pairs."""
from _initializers import *
from _static import *

checks = Checks()
folder = workspace()


def compare(model, method, cache, activations, weights, per_channel):
    what = f"{label(model)}, {method}, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}"
    theirs, ours = folder / "theirs.onnx", folder / "ours.onnx"
    ort_quantize(model, theirs, cache, method, activations, weights, per_channel)
    options = ["--per-channel"] if per_channel else []
    decant("quantize", model, "-o", ours, "--scheme", "int8", "--compat", "ort", "--stats", cache,
           "--activation-type", activations, "--weight-type", weights, "--force", *options)
    same_initializers(checks, what, theirs, ours, model)
    quantizers = {name: operators(theirs)[name] for name in ("QuantizeLinear", "DequantizeLinear")}
    mine = {name: operators(ours)[name] for name in quantizers}
    checks.check(mine == quantizers, f"{what}: the quantizing nodes", f"{mine}, theirs {quantizers}" if mine != quantizers else "")


models = [SAMPLES / "digits/teacher.onnx", shared_model("mnist.onnx"), shared_model("rfb320_nopost.onnx"), made_model("minilm.onnx")]
for model in filter(None, models):
    for method in METHODS:
        cache = folder / f"{model.stem}.{method}.json"
        ort_quantize(model, folder / "first.onnx", cache, method, samples=calibration_samples(model, 4))
        for activations in TYPES_BY_NAME:
            for weights in TYPES_BY_NAME:
                for per_channel in (False, True):
                    checks.attempt(
                        f"{label(model)}, {method}, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}",
                        lambda: compare(model, method, cache, activations, weights, per_channel))
print_compared()
checks.finish()

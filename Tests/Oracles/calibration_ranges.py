"""Decant's own calibration of the same samples gives ONNX Runtime's ranges, within 1e-5 of each tensor's range."""
from _static import *

TOLERANCE = 1e-5
checks = Checks()
folder = workspace()


def compare(model, method, count):
    samples = calibration_samples(model, count)
    theirs, ours = folder / "theirs.json", folder / "ours.json"
    theirs.unlink(missing_ok=True)
    ort_quantize(model, folder / "quantized.onnx", theirs, method, samples=samples)
    data = save_npz(folder / "samples.npz", samples)
    decant("calibrate", model, "--data", data, "--method", method, "--compat", "ort", "-o", ours, "--force")
    wanted, got = cached_ranges(theirs), cached_ranges(ours)
    what = f"{label(model)}, {method}, {count} samples"
    missing = sorted(wanted.keys() - got.keys())
    checks.check(not missing, f"{what}: every tensor is there", f"{len(missing)} missing: {missing[:3]}" if missing else str(len(wanted)))
    worst, where = 0.0, ""
    for name in wanted.keys() & got.keys():
        (low, high), (our_low, our_high) = wanted[name], got[name]
        spread = max(high - low, 1e-30)
        off = max(abs(our_low - low), abs(our_high - high)) / spread
        if off > worst:
            worst, where = off, f" at {name}: {got[name]} for {wanted[name]}"
    checks.check(worst <= TOLERANCE, f"{what}: the ranges", f"{worst:.1e} of the range off{where}")


models = [SAMPLES / "digits/teacher.onnx", shared_model("mnist.onnx"), shared_model("rfb320_nopost.onnx"), made_model("minilm.onnx")]
for model in filter(None, models):
    for method in METHODS:
        checks.attempt(f"{label(model)}, {method}", lambda: compare(model, method, 16 if model.stem != "minilm" else 4))
checks.finish()

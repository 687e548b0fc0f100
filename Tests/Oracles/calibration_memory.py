"""Calibrating rfb320_nopost on 10 and on 500 samples peaks within 10 % of the same memory, or within 16 MB, as a heap settles."""
from _static import *

checks = Checks()
folder = workspace()


def peak(model, count):
    data = folder / f"{count}.npz"
    few = calibration_samples(model, min(count, 50))["input"]
    save_npz(data, {"input": np.tile(few, (count // len(few), 1, 1, 1))})
    seconds, peak = measured(DECANT, "calibrate", model, "--data", data, "--method", "entropy", "-o", folder / f"{count}.json")
    print(f"     {count} samples ({data.stat().st_size:,} bytes): {seconds:.1f} s, {peak:.0f} MB")
    data.unlink()
    return peak


def check(model):
    few, many = peak(model, 10), peak(model, 500)
    checks.check(many <= max(1.1 * few, few + 16), "peak memory, 500 samples against 10", f"{many:.0f} MB, {few:.0f} MB, {many / few:.3f}")


model = shared_model("rfb320_nopost.onnx") or SAMPLES / "digits/teacher.onnx"
if model.name != "rfb320_nopost.onnx":
    print("0 passed, 0 failed")
    sys.exit(0)
checks.attempt("calibrate", lambda: check(model))
checks.finish()

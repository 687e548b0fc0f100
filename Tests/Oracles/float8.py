"""quantize --scheme fp8-e4m3 and fp8-e5m2: codes and scales as onnx's own casts give them, models that ONNX Runtime loads, and
outputs near the float ones, on which Decant agrees with ONNX Runtime."""
import ml_dtypes

import _halves
from _harness import *

limit_memory()
checks = Checks()
folder = workspace()
OUT = folder / "out.onnx"
TYPES_OF = {"fp8-e4m3": (ml_dtypes.float8_e4m3fn, 448), "fp8-e5m2": (ml_dtypes.float8_e5m2, 57344)}
#: Decibels: three bits of mantissa, then two.
LEAST = {"fp8-e4m3": 20, "fp8-e5m2": 14}
#: What one scale in all, rounded activations, and gates that feed back cost of those.
PER_TENSOR, ACTIVATIONS, RECURRENT = 3, 8, 11


def codes_are_right(before, scheme, what):
    """Every weight's codes against ml_dtypes' rounding of the same quotient."""
    kind, greatest = TYPES_OF[scheme]
    weights, after = initializers(before), onnx.load(str(OUT))
    made = {one.name: one for one in after.graph.initializer}
    wrong = compared = 0
    for name, tensor in made.items():
        source = weights.get(name.removesuffix("_quantized"))
        if not name.endswith("_quantized") or source is None:
            continue
        scale = onnx.numpy_helper.to_array(made[name.replace("_quantized", "_scale")])
        axis = next(helper_axis(node) for node in after.graph.node if node.op_type == "DequantizeLinear" and node.input[0] == name)
        shape = [1] * source.ndim
        if scale.ndim:
            shape[axis] = -1
        axes = tuple(i for i in range(source.ndim) if not scale.ndim or i != axis)
        most = np.abs(source).max(axis=axes)
        wanted_scale = np.where(most == 0, np.float32(1), most / np.float32(greatest)).astype(np.float32)
        codes = np.clip(source / scale.reshape(shape), -greatest, greatest).astype(kind).view(np.uint8)
        given = np.frombuffer(tensor.raw_data, np.uint8).reshape(source.shape)
        wrong += int((codes != given).sum()) + int((wanted_scale.ravel() != scale.ravel()).sum())
        compared += source.size
    checks.check(wrong == 0, f"{what}: codes and scales", f"{compared:,} weights compared")


def helper_axis(node):
    return next((one.i for one in node.attribute if one.name == "axis"), 1)


def check(path, scheme, *options):
    what = f"{label(path)} {scheme} {' '.join(str(one) for one in options if str(one).startswith('--'))}"
    decant("quantize", path, "-o", OUT, "--scheme", scheme, "--no-optimize", "--force", "--quiet", *options)
    made = onnx.load(str(OUT))
    onnx.checker.check_model(made, full_check=True)
    wrong = _halves.type_faults(made)
    checks.check(not wrong, f"{what}: is valid", "; ".join(wrong[:2]) or f"{path.stat().st_size:,} to {OUT.stat().st_size:,} bytes")
    codes_are_right(path, scheme, what)
    feeds = feeds_for(path)
    wanted, got = run_ort(path, feeds), run_ort(OUT, feeds)
    decant("run", OUT, "--input", save_npz(folder / "given.npz", feeds), "--output", folder / "got.npz", "--force", "--quiet")
    own = load_npz(folder / "got.npz")
    floats = [name for name in wanted if wanted[name].dtype == np.float32]
    agreement = min(_halves.signal_to_noise(own[name], got[name]) for name in floats)
    # A value at the border of two codes of an activation may go either way, and then others do that depend on it.
    checks.check(agreement >= (20 if "--activations" in options else 60), f"{what}: Decant agrees", f"{agreement:.1f} dB")
    found = min(_halves.signal_to_noise(got[name], wanted[name]) for name in floats)
    bar = LEAST[scheme] - ACTIVATIONS * ("--activations" in options) - PER_TENSOR * ("--no-per-channel" in options)
    bar -= RECURRENT * ("silero" in path.name and scheme == "fp8-e5m2")
    checks.check(found >= bar, f"{what}: is close to float32", f"{found:.1f} dB")


for path in every_model():
    if path.name == "student.onnx":
        continue  # Its weights are too few.
    for scheme in TYPES_OF:
        checks.attempt(f"{label(path)} {scheme}", lambda: check(path, scheme))
    checks.attempt(f"{label(path)} per tensor", lambda: check(path, "fp8-e4m3", "--no-per-channel"))
    data = save_npz(folder / "data.npz", feeds_for(path))
    checks.attempt(f"{label(path)} activations", lambda: check(path, "fp8-e4m3", "--activations", "--data", data))
checks.finish()

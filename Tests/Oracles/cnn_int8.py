"""Static int8 of convolutional models by Decant's defaults: as near to float as the best peer comes, or as the task needs.

Depthwise convolutions whose channels were made unequal have to be as right as in float (equalization); MobileNetV2 with random
weights has to reach NNCF's 13.1 dB; real models have to choose the same classes and boxes.
"""
from _harness import *

LEAST_DECIBELS, LEAST_AGREEMENT, LEAST_OVERLAP = 13.1, 0.99, 0.75
checks = Checks()
folder = workspace()
digits = load_npz(SAMPLES / "digits/heldout.npz")


def quantized(model, samples, *options):
    small = folder / "int8.onnx"
    decant("quantize", model, "-o", small, "--scheme", "int8", "--data", samples, "--force", *options)
    return small


def outputs(path, inputs):
    """All outputs for inputs taken one by one."""
    running = session(path, optimize=True)
    rows = [running.run(None, {name: array[i:i + 1] for name, array in inputs.items()}) for i in range(len(next(iter(inputs.values()))))]
    return [np.concatenate(parts) for parts in zip(*rows)]


def errors(path):
    logits, = outputs(path, {"input": digits["input"]})
    return int((logits.argmax(1) != digits["label"]).sum())


def check_spoiled():
    model = made_model("digits_spoiled.onnx")
    right, samples = errors(model), SAMPLES / "digits/train.npz"
    for options in ([], ["--no-per-channel"]):
        found, without = errors(quantized(model, samples, *options)), errors(quantized(model, samples, "--no-equalize", *options))
        what = f"unequal channels {' '.join(options)}: errors of {len(digits['label'])}"
        checks.check(found <= right + 2, what, f"{right} in float, {found} in int8")
        checks.check(without > 5 * (found + 1), f"{what} with --no-equalize", f"{without}")


def check_mobilenet():
    model, inputs = made_model("mobilenet_v2.onnx"), load_npz(made_model("noise_heldout.npz"))
    wanted, = outputs(model, inputs)
    got, = outputs(quantized(model, made_model("noise_calibration.npz")), inputs)
    ratio = float(10 * np.log10((wanted ** 2).sum() / ((wanted - got) ** 2).sum()))
    checks.check(ratio >= LEAST_DECIBELS, "MobileNetV2 with random weights: signal to noise", f"{ratio:.2f} dB")


def overlaps(a, b):
    """Intersection over union of boxes in corners."""
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = sides.clip(0).prod(-1)
    area = lambda boxes: (boxes[..., 2:] - boxes[..., :2]).clip(0).prod(-1)
    return shared / np.maximum(area(a) + area(b) - shared, 1e-12)


def crops(noise, height, width, channels, count):
    """Natural-like images of another size, cut out of the noise and repeated to fill it."""
    tiles = np.tile(noise[:count, :channels], (1, 1, -(-height // noise.shape[2]), -(-width // noise.shape[3])))
    return np.ascontiguousarray(tiles[:, :, :height, :width])


def check_shared(name, shape, scale):
    """A real model's agreement with itself in int8, on images by `scale` of noise."""
    model = shared_model(name)
    if model is None:
        return
    port = session(model).get_inputs()[0].name
    calibration = scale(crops(load_npz(made_model("noise_calibration.npz"))["input"], *shape, 24))
    inputs = {port: scale(crops(load_npz(made_model("noise_heldout.npz"))["input"], *shape, 24))}
    small = quantized(model, save_npz(folder / "calibration.npz", {port: calibration}))
    wanted, got = outputs(model, inputs), outputs(small, inputs)
    agreement = float((wanted[0].argmax(-1) == got[0].argmax(-1)).mean())
    checks.check(agreement >= LEAST_AGREEMENT, f"{name}: classes agree", f"{agreement:.4f}")
    if len(wanted) > 1:
        share = float((overlaps(wanted[1], got[1]) >= LEAST_OVERLAP).mean())
        checks.check(share >= LEAST_AGREEMENT, f"{name}: boxes overlap by {LEAST_OVERLAP}", f"{share:.4f}")


checks.attempt("unequal channels", check_spoiled)
checks.attempt("MobileNetV2", check_mobilenet)
checks.attempt("rfb320", lambda: check_shared("rfb320.onnx", (240, 320, 3), lambda noise: noise / 2))
checks.attempt("mnist", lambda: check_shared("mnist.onnx", (28, 28, 1), lambda noise: noise.clip(0) * 100))
checks.finish()

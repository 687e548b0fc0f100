"""Processor time and memory of static int8 against ONNX Runtime in the same run, and output SNR: a measurement.

MobileNetV2 and ResNet-50 with random weights (opset 17, 224 x 224) from `make_models.py`; DECANT_BENCH_MODELS is the folder that
holds mobilenet_v2.onnx and resnet50.onnx. Figures are user time, for the machine may be shared, and peak resident memory.
"""
import sys

from _harness import *

limit_memory(16)
checks = Checks()
folder = workspace()
SAMPLES_COUNT = 100
COST = """
import os, resource, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(min(abs(os.waitstatus_to_exitcode(status)), 255))
"""
THEIRS = """
import sys, numpy as np
from onnxruntime.quantization import CalibrationMethod, QuantType, quantize_static
model, data, out, method, name = sys.argv[1:]
class Reader:
    def __init__(self):
        array = np.load(data)[name]
        self.rest = iter([{name: array[i:i + 1]} for i in range(len(array))])
    def get_next(self):
        return next(self.rest, None)
quantize_static(model, out, Reader(), per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                calibrate_method=getattr(CalibrationMethod, method))
"""


def cost(*words):
    """Processor seconds and peak resident MB of a command."""
    words = [shutil.which(str(words[0])), *map(str, words[1:])]
    done = subprocess.run([sys.executable, "-S", "-E", "-c", COST, *words], capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise CommandFailed(f"exit {done.returncode} from {' '.join(words)[:200]}: {done.stderr.strip()[-400:]}")
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def pictures(count, seed):
    """Soft random pictures, normalized as ImageNet's."""
    random = np.random.default_rng(seed)
    coarse = random.standard_normal((count, 3, 14, 14)).astype(np.float32)
    return np.repeat(np.repeat(coarse, 16, axis=2), 16, axis=3) + 0.1 * random.standard_normal((count, 3, 224, 224)).astype(np.float32)


def snr(model, quantized, name, images):
    """Signal to noise of the first output over some images, in dB."""
    signal = noise = 0.0
    float_session, int_session = session(model, True), session(quantized, True)
    for image in images:
        wanted, got = (one.run(None, {name: image[None]})[0].astype(np.float64) for one in (float_session, int_session))
        signal, noise = signal + (wanted ** 2).sum(), noise + ((got - wanted) ** 2).sum()
    return 10 * np.log10(signal / noise)


def compare(stem, methods):
    model = pathlib.Path(os.environ["DECANT_BENCH_MODELS"]) / f"{stem}.onnx"
    name = session(model).get_inputs()[0].name
    data = save_npz(folder / "pictures.npz", {name: pictures(SAMPLES_COUNT, 1)})
    held_out = pictures(8, 2)
    out = folder / "ours.onnx"
    figures = {}
    for method in ("minmax", "entropy", None):
        options = ["--method", method] if method else []
        figures[method] = cost(DECANT, "quantize", model, "-o", out, "--force", "--quiet", "--data", data, *options)
        seconds, peak = figures[method]
        print(f"{stem}, Decant {method or 'by default'}: {seconds:.2f} s of processor, {peak:.0f} MB, {snr(model, out, name, held_out):.2f} dB", flush=True)
    checks.check(figures["minmax"][1] < 500, f"{stem}: memory below 500 MB", f"{figures['minmax'][1]:.0f} MB")
    for method, factor in methods.items():
        theirs = folder / "theirs.onnx"
        seconds, peak = cost(sys.executable, "-c", THEIRS, model, data, theirs, {"minmax": "MinMax", "entropy": "Entropy"}[method], name)
        ratio = seconds / figures[method][0]
        print(f"{stem}, ONNX Runtime {method}: {seconds:.2f} s of processor, {peak:.0f} MB, {snr(model, theirs, name, held_out):.2f} dB", flush=True)
        checks.check(ratio >= factor, f"{stem}: {factor} times faster than ONNX Runtime's {method}", f"{ratio:.2f} times")
    return figures


if "DECANT_BENCH_MODELS" not in os.environ:
    print("DECANT_BENCH_MODELS is unset: expected a folder with mobilenet_v2.onnx and resnet50.onnx")
for stem, methods in (("mobilenet_v2", {"minmax": 3, "entropy": 15}), ("resnet50", {})):
    checks.attempt(stem, lambda: compare(stem, methods))
checks.finish()

"""Static quantization by ONNX Runtime, and the samples it and Decant both calibrate on."""
import contextlib
import io
import logging
import sys

from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.calibrate import HistogramCollector

from _harness import *

logging.disable(logging.WARNING)
METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}
TYPES_BY_NAME = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}
EVERY_TYPE = TYPES_BY_NAME | {"int16": QuantType.QInt16, "uint16": QuantType.QUInt16, "int4": QuantType.QInt4, "uint4": QuantType.QUInt4}


class Reader:
    """Gives stacked samples one at a time, each as a batch of one."""

    def __init__(self, stacked):
        count = len(next(iter(stacked.values())))
        self.rest = iter([{name: array[i:i + 1] for name, array in stacked.items()} for i in range(count)])

    def get_next(self):
        return next(self.rest, None)


def calibration_samples(path, count):
    """Stacked samples for one of the models that the quantization oracles use."""
    random = np.random.default_rng(11)
    if path.name in ("teacher.onnx", "student.onnx"):
        return {"input": load_npz(SAMPLES / "digits/train.npz")["input"][:count]}
    if path.name.startswith("minilm"):
        return {name: array[:count] for name, array in load_npz(made_model("texts_calibration.npz")).items()}
    if path.name == "mnist.onnx":
        return {"image": random.random((count, 1, 28, 28), dtype=np.float32)}
    # Soft random pictures in -1...1, as the face detector expects.
    coarse = random.random((count, 3, 15, 20), dtype=np.float32)
    pictures = np.repeat(np.repeat(coarse, 16, axis=2), 16, axis=3) + 0.1 * random.standard_normal((count, 3, 240, 320))
    return {"input": np.clip(pictures * 2 - 1, -1, 1).astype(np.float32)}


@contextlib.contextmanager
def lenient():
    """Lets quantize_static do two things it refuses: pair int8 activations with uint8 weights, which its quantizer
    handles, and go on past a tensor whose values numpy.histogram cannot bin (a mask of -3.4e38), at its min and max."""
    module = sys.modules[quantize_static.__module__]
    refuse, collect = module.check_static_quant_arguments, HistogramCollector.collect_absolute_value

    def collect_each(self, arrays):
        for name, array in arrays.items():
            try:
                collect(self, {name: array})
            except ValueError:
                low, high = np.min(array).astype(np.float32), np.max(array).astype(np.float32)
                edges = np.array([0, max(abs(low), abs(high))], np.float32)
                self.histogram_dict[name] = (np.array([0, 1]), edges, low, high)

    module.check_static_quant_arguments = lambda *arguments: None
    HistogramCollector.collect_absolute_value = collect_each
    try:
        yield
    finally:
        module.check_static_quant_arguments, HistogramCollector.collect_absolute_value = refuse, collect


def ort_quantize(path, out, cache, method, activations="uint8", weights="int8", per_channel=False, samples=None, **more):
    """Runs quantize_static from its calibration cache, which the first call makes from the samples."""
    with lenient(), contextlib.redirect_stdout(io.StringIO()):
        quantize_static(
            str(path), str(out), Reader(samples) if samples else None, quant_format=QuantFormat.QDQ,
            per_channel=per_channel, activation_type=EVERY_TYPE[activations], weight_type=EVERY_TYPE[weights],
            calibrate_method=METHODS[method], calibration_cache_path=str(cache), **more)


def cached_ranges(cache):
    """The ranges of ONNX Runtime's JSON cache: name to (low, high)."""
    def number(value):
        return float(np.asarray(value["data"] if isinstance(value, dict) else value).reshape(-1)[0])

    ranges = json.loads(pathlib.Path(cache).read_text())["data"]
    return {name: (number(one["lowest"]), number(one["highest"])) for name, one in ranges.items()}

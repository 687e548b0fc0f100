"""quantize --scheme int8-dynamic --compat ort writes what quantize_dynamic writes: no scale, zero point or code
differs, and both files run alike."""
import contextlib
import io
import itertools
import logging

from onnxruntime.quantization import QuantType, quantize_dynamic

from _initializers import *
from _small_models import *

logging.disable(logging.WARNING)
checks = Checks()
folder = workspace()
TYPES_BY_NAME = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


def compare(model, weights, per_channel, reduced, more):
    theirs, ours = folder / "theirs.onnx", folder / "ours.onnx"
    name, words, keywords = more
    what = f"{label(model)}, {weights}, per {'channel' if per_channel else 'tensor'}{', reduced' if reduced else ''}{name}"
    with contextlib.redirect_stdout(io.StringIO()):
        quantize_dynamic(str(model), str(theirs), per_channel=per_channel, reduce_range=reduced,
                         weight_type=TYPES_BY_NAME[weights], **keywords)
    options = words + ["--per-channel"] * per_channel + ["--reduce-range"] * reduced
    decant("quantize", model, "-o", ours, "--scheme", "int8-dynamic", "--compat", "ort", "--weight-type", weights,
           "--force", *options)
    same_initializers(checks, what, theirs, ours, model)
    integer = {"MatMulInteger", "ConvInteger", "DynamicQuantizeLinear", "QAttention", "DynamicQuantizeLSTM",
               "QEmbedLayerNormalization", "DequantizeLinear"}
    wanted, mine = (only(operators(path), integer) for path in (theirs, ours))
    checks.check(mine == wanted, f"{what}: the integer operators", f"{dict(mine)}, theirs {dict(wanted)}" if mine != wanted else "")
    return theirs, ours


def refuses(path):
    try:
        run_ort(path, feeds_for(path))
    except Exception:  # noqa: BLE001 - whatever it is that ONNX Runtime throws
        return True
    return False


def run_alike(model, theirs, ours, what):
    feeds = {name: array % 10 if array.dtype == np.int32 else array for name, array in feeds_for(model).items()}
    wanted, got = run_ort(theirs, feeds), run_ort(ours, feeds)
    worst = max(off_by(got[name], array) for name, array in wanted.items())
    checks.check(worst <= 1e-6, f"{what}: outputs in ONNX Runtime", f"{worst:.1e} of the range apart")


PLAIN = ("", [], {})
COMPUTED = (", computed factors", ["--computed-factors"], {"extra_options": {"MatMulConstBOnly": False}})
ONLY_PRODUCTS = (", only MatMul", ["--include", "MatMul"], {"op_types_to_quantize": ["MatMul"]})
NO_TABLE = (", not Gather", ["--exclude", "Gather"], {"op_types_to_quantize": ["MatMul", "Conv", "Attention", "LSTM", "Transpose", "EmbedLayerNormalization"]})
small = [perceptron(), tokens(), convolutions(), recurrent(1), recurrent(2), deep_weight(), fused_attention(), embedding()]
plans = [(one.save(folder), (PLAIN, COMPUTED) if one.name == "tokens" else (PLAIN,)) for one in small]
plans += [(folder / "tokens.onnx", (ONLY_PRODUCTS, NO_TABLE))]
plans += [(SAMPLES / "digits/teacher.onnx", (PLAIN,)), (SAMPLES / "digits/student.onnx", (PLAIN,))]
for model, extras in plans:
    for weights, per_channel, reduced, more in itertools.product(TYPES_BY_NAME, (False, True), (False, True), extras):
        what = f"{label(model)}, {weights}, {per_channel}, {reduced}{more[0]}"
        files = checks.attempt(what, lambda: compare(model, weights, per_channel, reduced, more))
        if not files or model.stem.startswith("recurrent"):
            continue
        if model.stem == "deep_weight" and per_channel:
            checks.check(refuses(files[0]) and refuses(files[1]), f"{what}: ONNX Runtime runs neither file, for zero points of columns need a matrix")
        else:
            checks.attempt(what, lambda: run_alike(model, *files, what))
print_compared()
checks.finish()

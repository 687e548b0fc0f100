"""Quantized models of every form from ONNX Runtime's own tools, and how two files are told to be the same."""
from onnxruntime.quantization import QuantFormat

from _initializers import *
from _small_models import *
from _static import *


def activations():
    """Every operator that has a form on codes, between convolutions."""
    m = Small("activations", seed=21)
    x = m.input("x", [1, 4, 12, 12])
    a = m.node("Conv", [x, m.weight("w1", (8, 4, 3, 3)), m.weight("b1", (8,))], "a", pads=[1, 1, 1, 1])
    s = m.node("Sigmoid", [a], "s")
    p = m.node("Mul", [a, s], "p")
    l = m.node("LeakyRelu", [p], "l", alpha=0.1)
    q = m.node("AveragePool", [l], "q", kernel_shape=[2, 2], strides=[2, 2])
    k = m.node("MaxPool", [l], "k", kernel_shape=[2, 2], strides=[2, 2])
    c = m.node("Concat", [q, k], "c", axis=1)
    d = m.node("Conv", [c, m.weight("w2", (8, 16, 3, 3)), m.weight("b2", (8,), 0.1)], "d", pads=[1, 1, 1, 1])
    r = m.node("Relu", [d], "r")
    e = m.node("Add", [r, q], "e")
    f = m.node("Pad", [e, m.constant("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))], "f")
    g = m.node("Conv", [f, m.weight("w3", (6, 8, 3, 3))], "g")
    h = m.node("Resize", [g, "", m.constant("scales", np.array([1, 1, 2, 2], np.float32))], "h", mode="nearest")
    i = m.node("GlobalAveragePool", [h], "i")
    j = m.node("Reshape", [i, m.constant("shape", np.array([1, 6], np.int64))], "j")
    g2 = m.node("Gemm", [j, m.weight("w4", (6, 5)), m.weight("b4", (5,), 0.1)], "g2")
    m.node("Softmax", [g2], "y", axis=-1)
    m.output("y", [1, 5])
    return m


def splits():
    """Movers: a split, a transposition, squeezes, a constant beside activations, padding with a number."""
    m = Small("splits", seed=22)
    x = m.input("x", [1, 6, 8])
    a = m.node("MatMul", [x, m.weight("w1", (8, 12))], "a")
    b = m.node("Split", [a, m.constant("sizes", np.array([4, 8], np.int64))], ["b", "c"], axis=2)
    t = m.node("Transpose", ["c"], "t", perm=[0, 2, 1])
    u = m.node("MatMul", [t, b], "u")
    v = m.node("Mul", [u, m.constant("half", np.float32(0.37))], "v")
    w = m.node("Pad", [v, m.constant("pads", np.array([0, 1, 0, 0, 1, 0], np.int64)), m.constant("filler", np.float32(0.25))], "w")
    z = m.node("Unsqueeze", [w, m.constant("axes", np.array([1], np.int64))], "z")
    c = m.node("Conv", [z, m.weight("w2", (4, 1, 3, 3)), m.weight("b2", (4,))], "conv", pads=[1, 1, 1, 1])
    f = m.node("Flatten", [c], "flat")
    m.node("Gemm", [f, m.weight("w3", (3, 160)), m.weight("b3", (3,))], "y", transB=1)
    m.output("y", [1, 3])
    return m


def scaled():
    """A Gemm with a factor and a bias, whose int32 codes ONNX Runtime's tool puts on a scale without the factor."""
    m = Small("scaled", seed=23)
    m.node("Gemm", [m.input("x", ["n", 16]), m.weight("w", (16, 4)), m.weight("b", (4,), 9)], "y", alpha=0.25)
    m.output("y", ["n", 4])
    return m


def beside():
    """A convolution whose sums are read with and without a Relu."""
    m = Small("beside", seed=25)
    x = m.input("x", [1, 3, 8, 8])
    a = m.node("Conv", [x, m.weight("w", (4, 3, 3, 3)), m.weight("b", (4,))], "a", pads=[1, 1, 1, 1])
    m.node("Add", [m.node("Relu", [a], "r"), a], "y")
    m.output("y", [1, 4, 8, 8])
    return m


def products(dtype=np.float32, bias=False):
    """Two products and a table, large enough for blocks; a Gemm with a bias."""
    m = Small("products" + "_bias" * bias, opset=21, seed=24)
    ids = m.input("ids", ["n", 5], INT64)
    a = m.node("Gather", [m.weight("words", (200, 96)), ids], "a")
    b = m.node("MatMul", [a, m.weight("w1", (96, 64), 0.2)], "b")
    b = m.node("Relu", [b], "r")
    c = m.node("MatMul", [b, m.weight("w2", (64, 48), 0.2)], "c")
    d = m.node("Reshape", [c, m.constant("flat", np.array([-1, 48], np.int64))], "d")
    m.node("Gemm", [d, m.weight("w3", (32, 48), 0.2), m.weight("b3", (32,))], "y", transB=1)
    m.output("y", ["m", 32])
    return m


MOVERS = {
    "ArgMax": ([], {"axis": 1}), "DepthToSpace": ([], {"blocksize": 2}), "Expand": ([[2, 4, 4, 4]], {}), "Flatten": ([], {}),
    "Gather": ([[1, 0]], {"axis": 1}), "GatherElements": ([np.zeros((1, 4, 4, 4), np.int64)], {"axis": 1}),
    "GatherND": ([np.zeros((2, 2), np.int64)], {}), "Identity": ([], {}), "MaxPool": ([], {"kernel_shape": [2, 2]}),
    "Pad": ([[0, 0, 1, 1, 0, 0, 1, 1]], {}), "Reshape": ([[4, 16]], {}), "Resize": ([None, np.float32([1, 1, 2, 2])], {"mode": "nearest"}),
    "Slice": ([[1], [3], [1]], {}), "SpaceToDepth": ([], {"blocksize": 2}), "Split": ([[1, 3]], {"axis": 1}), "Squeeze": ([[0]], {}),
    "Tile": ([[1, 2, 1, 1]], {}), "Transpose": ([], {"perm": [0, 2, 3, 1]}), "Unsqueeze": ([[0]], {})}


def mover(op, kind):
    """An operator that moves elements, between pairs on one scale."""
    m = Small(f"mover_{op}", seed=26)
    scale, zero = m.constant("scale", np.float32(0.05)), m.constant("zero", kind(3))

    def pair(x):
        return m.node("DequantizeLinear", [m.node("QuantizeLinear", [x, scale, zero], x + "_q"), scale, zero], x + "_d")

    constants, attributes = MOVERS[op]
    names = ["" if one is None else m.constant(f"c{i}", one) for i, one in enumerate(constants)]
    results = ["r1", "r2"] if op == "Split" else ["r1"]
    m.node(op, [pair(m.input("x", [1, 4, 4, 4])), *names], results, **attributes)
    for one in results:
        m.output(one, None, INT64) if op == "ArgMax" else m.output(pair(one))
    return m


def operator_quantize(path, out, cache, method="minmax", activations="uint8", weights="int8", per_channel=False, samples=None, **more):
    """quantize_static in the form of operators on codes, from a calibration cache."""
    with lenient(), contextlib.redirect_stdout(io.StringIO()):
        quantize_static(
            str(path), str(out), Reader(samples) if samples else None, quant_format=QuantFormat.QOperator,
            per_channel=per_channel, activation_type=EVERY_TYPE[activations], weight_type=EVERY_TYPE[weights],
            calibrate_method=METHODS[method], calibration_cache_path=str(cache), **more)


def arrays(path):
    """Every initializer with more than one element or in codes, by its type, extents and bytes: names may differ."""
    return Counter((one.data_type, tuple(one.dims), onnx.numpy_helper.to_array(one).tobytes())
                   for one in onnx.load(path).graph.initializer)


def on_codes(path):
    """How many nodes of each operator on codes a file has."""
    return Counter({name: count for name, count in operators(path).items() if name.startswith("QLinear") or name == "QGemm"})

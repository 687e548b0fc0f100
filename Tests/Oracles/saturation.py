"""`run --emulate avx2-saturation` counts what NumPy counts: sums of two neighbouring products that do not fit in 16 bits."""
import re

from onnx import TensorProto, helper, numpy_helper

from _harness import *

limit_memory()
checks = Checks()
folder = workspace()
random = np.random.default_rng(5)


def pairs(rows, weights):
    """How many pairs of products along the depth do not fit in 16 bits, and how many there are: rows from zero on, by columns of i8."""
    if rows.shape[1] % 2:
        rows = np.pad(rows, ((0, 0), (0, 1)))
        weights = np.pad(weights, ((0, 1), (0, 0)))
    products = rows.astype(np.int64)[:, :, None] * weights.astype(np.int64)[None]
    sums = products[:, 0::2] + products[:, 1::2]
    return int(((sums > 32767) | (sums < -32768)).sum()), sums.size


def from_zero(codes):
    """Codes with a sign are moved up by 128, as kernels for rows without one take them."""
    return codes.astype(np.int32) + (128 if codes.dtype == np.int8 else 0)


def windows(x, w, zero, pads, strides, dilations):
    """The windows of NCHW images as rows, channels innermost, and the weights as columns in the same order."""
    top, left, bottom, right = pads
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=zero)
    (n, _, height, width), (_, _, kh, kw) = x.shape, w.shape
    rows = []
    for image in range(n):
        for i in range(0, height - (kh - 1) * dilations[0], strides[0]):
            for j in range(0, width - (kw - 1) * dilations[1], strides[1]):
                patch = x[image, :, i:i + (kh - 1) * dilations[0] + 1:dilations[0], j:j + (kw - 1) * dilations[1] + 1:dilations[1]]
                rows.append(patch.transpose(1, 2, 0).ravel())
    return np.array(rows), w.transpose(2, 3, 1, 0).reshape(-1, w.shape[0])


def codes(dtype, shape, low=None, high=None):
    limits = np.iinfo(dtype)
    return random.integers(limits.min if low is None else low, (limits.max if high is None else high) + 1, shape, dtype)


def told(nodes, constants, x, opset=21):
    """What Decant counts by node, how many products it looked at, and everything it said."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), folder / "m.onnx")
    given = save_npz(folder / "x.npz", {"x": x})
    done = subprocess.run(
        [DECANT, "run", folder / "m.onnx", "--input", given, "--output", folder / "y.npz", "--force", "--emulate", "avx2-saturation"],
        capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise CommandFailed(done.stderr)
    counts = {name: (int(found), int(all_)) for name, found, all_ in
              re.findall(r"'([^']*)' \([^)]*\): (\d+) of (\d+) sums of two products saturate", done.stderr)}
    looked = re.search(r"(\d+) of (\d+) products of codes have sums that AVX2 would saturate", done.stderr)
    return counts, tuple(map(int, looked.groups())) if looked else None, done.stderr


def check(what, wanted, nodes, constants, x):
    counts, looked, text = told(nodes, constants, x)
    name = nodes[0].name
    expected = {name: wanted} if wanted[0] else {}
    # Fusing renames nodes, so what counts is the numbers.
    checks.check(sorted(counts.values()) == sorted(expected.values()) and looked == (len(expected), 1),
                 what, f"{wanted[0]} of {wanted[1]} sums, told {counts or looked}" if looked else text[-200:])


def scales(*names):
    return {name: np.float32(0.02) for name in names}


def products():
    for dtype, depth, columns in ((np.uint8, 64, 48), (np.uint8, 37, 5), (np.int8, 33, 17)):
        x, w = codes(dtype, (9, depth)), codes(np.int8, (depth, columns))
        zeros = {"xz": dtype(3), "wz": np.int8(0), "yz": dtype(9)}
        node = helper.make_node("QLinearMatMul", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"], name="p")
        check(f"QLinearMatMul of {np.dtype(dtype).name} {depth}x{columns}", pairs(from_zero(x), w), [node],
              {"w": w, **zeros, **scales("xs", "ws", "ys")}, x)
    x, w = codes(np.uint8, (2, 3, 40)), codes(np.uint8, (40, 19), 1, 255)
    node = helper.make_node("MatMulInteger", ["x", "w", "xz", "wz"], ["y"], name="p")
    check("MatMulInteger of weights around a zero point", pairs(x.reshape(6, 40), w.astype(np.int32) - 128), [node],
          {"w": w, "xz": np.uint8(7), "wz": np.uint8(128)}, x)
    x, w = codes(np.uint8, (5, 24)), codes(np.int8, (20, 24))
    node = helper.make_node("QGemm", ["x", "xs", "xz", "w", "ws", "wz", "", "ys", "yz"], ["y"], name="p", domain="com.microsoft", transB=1)
    check("QGemm of a transposed weight", pairs(x, w.T), [node],
          {"w": w, "xz": np.uint8(3), "wz": np.int8(0), "yz": np.uint8(9), **scales("xs", "ws", "ys")}, x)
    x, w = codes(np.uint8, (9, 64)), codes(np.int8, (64, 16), -64, 64)
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"], name="p")
    check("half the range never saturates", (0, 9 * 16 * 32), [node], {"w": w}, x)


def convolutions():
    for channels, kernel, pads, strides, dilations in (
            (3, (3, 3), (1, 1, 1, 1), (1, 1), (1, 1)), (16, (1, 1), (0, 0, 0, 0), (1, 1), (1, 1)),
            (5, (2, 3), (1, 0, 2, 1), (2, 1), (1, 2)), (4, (3, 1), (0, 0, 0, 0), (1, 2), (2, 1))):
        x, w = codes(np.uint8, (2, channels, 9, 11)), codes(np.int8, (7, channels, *kernel))
        rows, columns = windows(x, w, 77, pads, strides, dilations)
        node = helper.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"], name="c", pads=pads,
                                strides=strides, dilations=dilations)
        check(f"QLinearConv {channels} channels, {kernel}, pads {pads}, strides {strides}, dilations {dilations}", pairs(rows, columns),
              [node], {"w": w, "xz": np.uint8(77), "wz": np.int8(0), "yz": np.uint8(9), **scales("xs", "ws", "ys")}, x)


def islands():
    """Pairs of QuantizeLinear and DequantizeLinear are looked at as the operators on codes that they become."""
    x, w = random.normal(size=(2, 4, 8, 8)).astype(np.float32), codes(np.int8, (6, 4, 3, 3))
    quantized = np.clip(np.rint(x / np.float32(0.02)) + 128, 0, 255).astype(np.uint8)
    make = helper.make_node
    nodes = [make("Conv", ["xd", "wd"], ["c"], name="c", pads=[1, 1, 1, 1]), make("QuantizeLinear", ["x", "s", "z"], ["xq"], name="q"),
             make("DequantizeLinear", ["xq", "s", "z"], ["xd"], name="d"), make("DequantizeLinear", ["w", "s"], ["wd"], name="e"),
             make("QuantizeLinear", ["c", "ys", "z"], ["yq"], name="r"), make("DequantizeLinear", ["yq", "ys", "z"], ["y"], name="f")]
    nodes = [nodes[i] for i in (1, 2, 3, 0, 4, 5)]
    rows, columns = windows(quantized, w, 128, (1, 1, 1, 1), (1, 1), (1, 1))
    check("an island", pairs(rows, columns), nodes, {"w": w, "z": np.uint8(128), "s": np.float32(0.02), "ys": np.float32(0.5)}, x)


for action in (products, convolutions, islands):
    checks.attempt(action.__name__, action)
checks.finish()

"""Contrib operators that a standard one serves, arithmetic, and recurrent layers on codes."""
import numpy as np

from _contrib import Case, Random

HALVES = (np.float32, np.float16)


def array(*numbers, kind=np.int64):
    return np.array(numbers, kind)


def renamed():
    random = Random(51)
    for kind in (np.float32, np.float64, np.int32, np.uint8, np.float16, np.bool_):
        x = random.floats(2, 3, 4, scale=9).astype(kind)
        for axis in (0, 1, 3, -1, -4):
            yield Case("ExpandDims", [x, np.array(axis, np.int32)], constant=(1,))
        for indices in ([[0, 1], [1, 2]], [[1], [0]], [[[0, 1, 2]], [[1, -1, -2]]]):
            yield Case("GatherND", [x, array(*indices)])
        for attributes in ({"size": 2}, {"size": 2, "step": 2}, {"dim": 1, "size": 3}, {"dim": 0, "size": 1, "step": 5}, {"dim": -2, "size": 2}):
            # ONNX Runtime's CPU build moves elements of 4 and 8 bytes only.
            yield Case("UnfoldTensor", [x], attributes, reference=None if x.itemsize >= 4 else lambda x=x, a=attributes: [unfolded(x, **a)])
    x = random.floats(2, 3, 4)
    yield Case("SampleOp", [x])
    for mode in ("constant", "edge", "reflect"):
        for pads in ([0, 1, 2, 1, 0, 1], [0, 0, 1, 0, 1, 2]):
            yield Case("Pad", [x, array(*pads)], {"mode": mode})
            yield Case("Pad", [x, array(pads), np.array([1.5], np.float32)], {"mode": mode})
    for kind in (np.int32, np.int64, np.int16, np.float32, np.float64):
        for start, limit, delta in ((0, 5, None), (2, 11, 3), (9, 1, -2), (1, 2, 5)):
            own = [np.array(start, kind), np.array([limit], kind)] + ([] if delta is None else [np.array(delta, kind)])
            yield Case("Range", own)
    for size in (1, 7, 30):
        yield Case("Unique", [random.below(5, size).astype(np.float32)], {}, (True, True, True))
    for align in (0, 1):
        for padding in ("zeros", "border", "reflection"):
            for mode in ("bilinear", "nearest", "bicubic"):
                x, grid = random.floats(2, 3, 4, 5), random.floats(2, 3, 2, 2, scale=0.7)
                yield Case("GridSample", [x, grid], {"align_corners": align, "mode": mode, "padding_mode": padding})
    for a, b, attributes in (((2, 3, 4), (2, 4, 5), {}), ((2, 3, 4), (2, 5, 4), {"transB": 1, "alpha": 0.5}), ((4, 3), (4, 5), {"transA": 1})):
        yield Case("TransposeMatMul", [random.floats(*a), random.floats(*b)], attributes)
    for rank, pads in ((1, [1, 0]), (2, [1, 0, 1, 2]), (2, [0, 0, 0, 0])):
        own = [random.floats(2, 3, *range(4, 4 + rank)), random.floats(3, 2, *[3] * rank), array(*pads)]
        for strides in (1, 2):
            yield Case("ConvTransposeWithDynamicPads", own + [random.floats(2)], {"strides": [strides] * rank, "kernel_shape": [3] * rank})
            yield Case("ConvTransposeWithDynamicPads", own, {"strides": [strides] * rank}, constant=(2,))
    table, indices = random.floats(7, 3), random.below(7, 2, 4, kind=np.int64)
    yield Case("TorchEmbedding", [table, indices], reference=lambda: [table[indices]])


def unfolded(x, size, dim=-1, step=1):
    windows = np.lib.stride_tricks.sliding_window_view(x, size, dim)
    return windows.take(range(0, windows.shape[dim % x.ndim], step), dim % x.ndim)


def arithmetic():
    random = Random(52)
    for kind in (np.float32, np.float64):
        for rows, others, width in ((3, 4, 5), (1, 1, 7), (6, 2, 1)):
            for metric in ({}, {"metric": "euclidean"}, {"metric": "sqeuclidean"}):
                yield Case("CDist", [random.floats(rows, width, kind=kind), random.floats(others, width, kind=kind)], metric)
    for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 2)), ((1, 8), (2, 8, 3))):
        x, y = (random.below(400, *shape) - 200 for shape in (a, b))
        yield Case("MatMulInteger16", [x.astype(np.int16), y.astype(np.int16)])
        yield Case("MatMulInteger16", [abs(x).astype(np.uint16), abs(y).astype(np.uint16)],
                   reference=lambda x=abs(x), y=abs(y): [(x @ y).astype(np.uint32)])
    for kind in HALVES:
        for a, b in (((3, 2), (3, 2)), ((2, 3, 2), (3, 2)), ((4, 1, 2), (1, 3, 2))):
            x, y = random.floats(*a, kind=kind), random.floats(*b, kind=kind)
            for name, sign in (("ComplexMul", 1), ("ComplexMulConj", -1)):
                yield Case(name, [x, y], reference=lambda x=x, y=y, s=sign, k=kind: [complex_product(x, y, s).astype(k)])
        for fault in (None, np.nan, np.inf):
            for only in ({}, {"isinf_only": 1}, {"isnan_only": 1}):
                x, y = random.floats(2, 3, kind=kind), random.floats(4, kind=kind)
                y[2] = 1 if fault is None else fault
                bad = fault is not None and (not only or (np.isnan(fault) if "isnan_only" in only else np.isinf(fault)))
                yield Case("IsAllFinite", [x, y], only, reference=lambda b=bad: [np.array(not b)])
        for a, b in (((2, 3), (3, 4)), ((2, 2, 3), (3, 4))):
            x, w, bias = random.floats(*a, kind=kind), random.floats(*b, kind=kind), random.floats(4, kind=kind)
            for own in ([x, w], [x, w, bias]):
                yield Case("GemmFastGelu", own, reference=lambda o=own, k=kind: [fast_gelu(*o).astype(k)])
        x = random.floats(2, 3, 4, 5, kind=kind)
        for axis, inner, shape in ((3, 1, (2, 1, 1, 5)), (3, 0, (1, 1, 4, 5)), (2, 1, (2, 1, 4, 5)), (-1, 0, (4, 5))):
            bias = random.floats(*shape, kind=kind)
            yield Case("BiasSoftmax", [x, bias], {"axis": axis, "is_inner_broadcast": inner},
                       reference=lambda x=x, b=bias, a=axis % 4, k=kind: [softmax(x.astype(np.float64) + b, a).astype(k)])
        for residual in (None, random.floats(2, 3, 4, 5, kind=kind)):
            bias = random.floats(5, kind=kind)
            total = x.astype(np.float64) + bias + (0 if residual is None else residual)
            yield Case("BiasDropout", [x, bias, residual], {}, (True, True), reference=lambda t=total, k=kind: [t.astype(k), np.ones(t.shape, bool)])
    for kind in (np.uint8, np.int8):
        a, b, p, q = random.codes(kind, 2, 3), random.codes(kind, 3), np.array(random.codes(kind)), np.array(random.codes(kind))
        yield Case("MulInteger", [a, p, b, q], reference=lambda a=a, b=b, p=p, q=q: [(a.astype(np.int32) - p) * (b.astype(np.int32) - q)])
        yield Case("MulInteger", [a, None, b], reference=lambda a=a, b=b: [a.astype(np.int32) * b])
        for axes in ([0], [-1], [0, 1]):
            for keep in (0, 1):
                wider = np.uint32 if kind == np.uint8 else np.int32
                yield Case("ReduceSumInteger", [a], {"axes": axes, "keepdims": keep},
                           reference=lambda a=a, x=tuple(axes), k=keep, w=wider: [np.asarray(a.astype(w).sum(x, keepdims=bool(k), dtype=w))])


def complex_product(x, y, sign):
    x, y = x.astype(np.float64), y.astype(np.float64)
    product = (x[..., 0] + 1j * x[..., 1]) * (y[..., 0] + sign * 1j * y[..., 1])
    return np.stack([product.real, product.imag], -1)


def fast_gelu(x, w, bias=0):
    y = x.astype(np.float64) @ w.astype(np.float64) + bias
    return 0.5 * y * (1 + np.tanh(y * (0.035677408136300125 * y * y + 0.7978845608028654)))


def softmax(x, axis):
    flat = x.reshape(*x.shape[:axis], -1)
    weights = np.exp(flat - flat.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).reshape(x.shape)


def recurrent():
    random = Random(53)
    for kind in (np.uint8, np.int8):
        for steps, batch, inputs, hidden in ((3, 1, 4, 5), (2, 2, 3, 4), (4, 3, 8, 2)):
            for direction, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
                for wide in (False, True):
                    shape = (count, 4 * hidden) if wide else (count,)
                    x, w, r = random.floats(steps, batch, inputs), random.codes(kind, count, inputs, 4 * hidden), random.codes(kind, count, hidden, 4 * hidden)
                    scales = [random.positive(*shape, low=0.002, high=0.01) for _ in range(2)]
                    points = [random.codes(kind, *shape) // 4 + (96 if kind == np.uint8 else 0) for _ in range(2)]
                    # ONNX Runtime wants the same zero point in every column, and 0 for i8.
                    points = [np.full(shape, 0 if kind == np.int8 else p.flat[0], kind) for p in points]
                    rest = [scales[0], points[0], scales[1], points[1]]
                    state = [random.floats(count, batch, hidden, scale=0.5) for _ in range(2)]
                    for middle in ([None] * 5, [random.floats(count, 8 * hidden, scale=0.3), None, *state, None],
                                   [None, random.below(steps, batch) + 1, None, None, random.floats(count, 3 * hidden, scale=0.3)]):
                        yield Case("DynamicQuantizeLSTM", [x, w, r, *middle, *rest], {"hidden_size": hidden, "direction": direction},
                                   (True, True, True), constant=(1, 2, 8, 9, 10, 11), tolerance=2e-3)


def tokens():
    random = Random(54)
    for kind in (np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64):
        x = random.floats(2, 5, scale=99).astype(np.int64).astype(kind)
        for attributes in ({}, {"positive": 0}, {"seed": 42}):
            yield Case("MurmurHash3", [x], attributes)
    for size in (1, 2, 3, 5, 12):
        for words in (3, 6):
            yield Case("NGramRepeatBlock", [random.below(words, 2, 9, kind=np.int64), random.floats(2, words)], {"ngram_size": size})
    for mode in ("bilinear", "nearest"):
        for height, width in ((3, 4), (1, 2), (5, 1)):
            boxes = random.source.uniform(-0.1, 1.1, (4, 4)).astype(np.float32)
            yield Case("CropAndResize", [random.floats(2, 3, 5, 6), boxes, random.below(2, 4), array(height, width, kind=np.int32)],
                       {"mode": mode, "extrapolation_value": 7.0})


GROUPS = [tokens, renamed, arithmetic, recurrent]

"""Contrib operators on codes of 8 bits with scales and zero points: element by element, pooling, products."""
import numpy as np

from _contrib import Case, Random

BYTES = (np.uint8, np.int8)


def scale(value):
    return np.array(value, np.float32)


def zero(random, kind):
    return np.array(random.codes(kind))


def elementwise():
    random = Random(11)
    for kind in BYTES:
        for a, b in (((2, 3), (2, 3)), ((2, 3, 5), (5,)), ((4, 1), (1, 7)), ((33,), (1,)), ((), (2, 2)), ((3, 1, 65), (2, 65))):
            for one, two, three in ((0.1, 0.2, 0.3), (0.0173, 0.0311, 0.0237), (0.5, 0.25, 0.5)):
                x, y = random.codes(kind, *a), random.codes(kind, *b)
                points = [zero(random, kind) for _ in range(3)]
                own = [np.asarray(x), scale(one), points[0], np.asarray(y), scale(two), points[1], scale(three)]
                yield Case("QLinearAdd", own + [points[2]])
                own[6] = scale(three * 12)
                yield Case("QLinearMul", own + [points[2]])
        for shape in ((7,), (2, 300), (2, 3, 5)):
            x = random.codes(kind, *shape)
            for one, two in ((0.1, 0.05), (0.031, 1 / 256)):
                own = [x, scale(one), zero(random, kind), scale(two)]
                # The logistic function of MLAS is a rational approximation: numbers halfway between codes may fall either way.
                yield Case("QLinearSigmoid", [*own[:3], scale(1 / 256), np.array(np.iinfo(kind).min, kind)], codes=1)
                yield Case("QLinearSigmoid", [*own, None], codes=1)
                yield Case("QLinearLeakyRelu", own + [zero(random, kind)])
                yield Case("QLinearLeakyRelu", own + [zero(random, kind)], {"alpha": 0.3})
        for shape, axis in (((2, 3), 0), ((2, 3), 1), ((1, 4, 5), -1), ((2, 3, 4), -2)):
            for same in (True, False):
                operands = [scale(0.07), zero(random, kind)]
                for extent in (1, 3, 2):
                    own = list(shape)
                    own[axis] = extent
                    operands += [random.codes(kind, *own), scale(0.07 if same else random.pick(0.03, 0.11)),
                                 operands[1] if same else zero(random, kind)]
                yield Case("QLinearConcat", operands, {"axis": axis}, constant=tuple(range(len(operands))[3::3]))
        for shapes in (((2, 3),) * 3, ((3, 1), (2, 1, 4), (4,)), ((1,), (5,), (5,))):
            for same in (True, False):
                condition, (x, y) = random.below(2, *shapes[0], kind=np.bool_), (random.codes(kind, *s) for s in shapes[1:])
                point = zero(random, kind)
                points = [point, point, point] if same else [zero(random, kind) for _ in range(3)]
                scales = (0.05, 0.05, 0.05) if same else (0.05, 0.03, 0.07)
                yield Case("QLinearWhere", [condition, x, scale(scales[0]), points[0], y, scale(scales[1]), points[1],
                                            scale(scales[2]), points[2]])


def softmax():
    random = Random(12)
    for kind in BYTES:
        low = np.array(np.iinfo(kind).min, kind)
        for shape, axis in (((2, 5), None), ((2, 3, 7), -1), ((2, 3, 7), 1), ((1, 30), 1), ((3, 4, 2), 0), ((2, 100), -1)):
            for opset in (12, 13):
                for step in (0.02, 0.1):
                    attributes = {"opset": opset} | ({} if axis is None else {"axis": axis})
                    # ONNX Runtime sums exponentials from a table, rounded there.
                    yield Case("QLinearSoftmax", [random.codes(kind, *shape), scale(step), zero(random, kind), scale(1 / 256), low],
                               attributes, codes=1)


def pooling():
    random = Random(13)
    for kind in BYTES:
        for shape, attributes in (
                ((1, 3, 9), {"kernel_shape": [3], "strides": [2]}),
                ((2, 3, 6, 5), {"kernel_shape": [2, 3], "strides": [2, 1]}),
                ((1, 2, 6, 5), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
                ((1, 2, 6, 5), {"kernel_shape": [3, 3], "pads": [1, 1, 0, 1], "count_include_pad": 1}),
                ((1, 2, 7, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1}),
                ((1, 4, 5, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
                ((1, 2, 4, 5, 6), {"kernel_shape": [2, 2, 2]})):
            for last in (0, 1):
                own = shape if not last else (shape[0], *shape[2:], shape[1])
                rest = [scale(0.05), zero(random, kind), scale(random.pick(0.05, 0.031)), zero(random, kind)]
                yield Case("QLinearAveragePool", [random.codes(kind, *own), *rest], attributes | {"channels_last": last})
        for shape in ((1, 3, 5), (2, 3, 4, 5), (1, 7, 8, 8), (2, 2, 3, 2, 3)):
            for last in (0, 1):
                own = shape if not last else (shape[0], *shape[2:], shape[1])
                rest = [scale(0.05), zero(random, kind), scale(random.pick(0.05, 0.031)), zero(random, kind)]
                yield Case("QLinearGlobalAveragePool", [random.codes(kind, *own), *rest], {"channels_last": last})
        for shape, axes in (((2, 3), [1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1]), ((4, 5), [0, 1])):
            for keep in (0, 1):
                x, point, target = random.codes(kind, *shape), zero(random, kind), zero(random, kind)
                operands = [x, scale(0.05), point, scale(0.03), target]
                yield Case("QLinearReduceMean", operands, {"axes": axes, "keepdims": keep}, codes=1,
                           reference=lambda o=operands, a=tuple(axes), k=keep: [reduced_mean(*o, a, k)])
        for channels, groups, attributes in ((2, 1, {}), (4, 2, {"pads": [1, 1, 1, 1], "strides": [2, 1]})):
            w = random.codes(np.int8, 4, channels // groups, 3, 3)
            for bias in (None, random.below(500, 4)):
                for scales in (scale(0.02), random.positive(4, low=0.01, high=0.03)):
                    yield Case("QLinearConv", [
                        random.codes(kind, 1, 6, 5, channels), scale(0.03), zero(random, kind), w, scales,
                        np.zeros(scales.shape, np.int8), scale(0.15), zero(random, kind), bias],
                        attributes | {"channels_last": 1, "group": groups}, constant=(1, 2, 3, 4, 5, 6, 7))


def reduced_mean(x, x_scale, x_zero, y_scale, y_zero, axes, keep):
    mean = ((x.astype(np.float64) - x_zero) * x_scale).mean(axes, keepdims=bool(keep))
    info = np.iinfo(x.dtype)
    return np.asarray(np.clip(np.rint(mean / y_scale) + y_zero, info.min, info.max).astype(x.dtype))


def products():
    random = Random(14)
    for kind, other in ((np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)):
        for rows, inner, columns in ((3, 5, 4), (1, 64, 17), (7, 33, 1)):
            a, b = random.codes(kind, rows, inner), random.codes(other, inner, columns)
            for number, shape in enumerate((None, (columns,), (rows, columns), (1, 1), (rows, 1))):
                flips = {"transA": number % 2, "transB": number // 2 % 2}
                left, right = np.ascontiguousarray(a.T if number % 2 else a), np.ascontiguousarray(b.T if number // 2 % 2 else b)
                c = None if shape is None else random.below(9999, *shape) - 5000
                wide = random.pick(False, True)
                steps = random.positive(columns, low=0.01, high=0.03) if wide else scale(0.02)
                points = random.codes(other, columns) if wide else zero(random, other)
                own = [left, scale(0.03), zero(random, kind), right, steps, points, c]
                yield Case("QGemm", own + [scale(0.05 * inner ** 0.5), zero(random, kind)], flips | {"alpha": 0.75})
                yield Case("QGemm", own, flips | {"alpha": 1.25})
            for wide in (False, True):
                steps = random.positive(columns, low=0.01, high=0.03) if wide else scale(0.02)
                points = random.codes(other, columns) if wide else zero(random, other)
                for bias in (None, random.floats(columns)):
                    for half in (False, True):
                        real = np.float16 if half else np.float32
                        yield Case("MatMulIntegerToFloat", [
                            a, b, scale(0.03).astype(real), steps.astype(real), zero(random, kind), points,
                            None if bias is None else bias.astype(real)])
            yield Case("MatMulIntegerToFloat", [np.stack([a, a[::-1]]), b, scale(0.03), scale(0.02)])
    for other in BYTES:
        for shape, columns in (((3, 5), 4), ((2, 3, 40), 7), ((1, 1, 16), 33)):
            x, b = random.floats(*shape), random.codes(other, shape[-1], columns)
            for wide in (False, True):
                steps = random.positive(columns, low=0.01, high=0.03) if wide else scale(0.02)
                points = random.codes(other, columns) if wide else zero(random, other)
                for rest in ([], [points], [points, random.floats(columns)], [None, random.floats(columns)]):
                    yield Case("DynamicQuantizeMatMul", [x, b, steps, *rest])
        yield Case("DynamicQuantizeMatMul", [random.floats(2, 3, 8), random.codes(other, 2, 8, 5), scale(0.02)])


def embeddings():
    random = Random(15)
    for kind in BYTES:
        for batch, length, width in ((1, 4, 8), (2, 5, 6), (3, 1, 12)):
            tables = [random.codes(kind, *shape) for shape in ((11, width), (7, width), (2, width), (width,), (width,))]
            scales, points = [scale(random.pick(0.02, 0.013, 0.031)) for _ in tables], [zero(random, kind) for _ in tables]
            ids, segments, mask = random.below(11, batch, length), random.below(2, batch, length), random.below(2, batch, length)
            yield Case("QEmbedLayerNormalization", [ids, segments, *tables, mask, *scales, *points], {"epsilon": 1e-5}, (True, True))
            without = [[None if index == 2 else x for index, x in enumerate(group)] for group in (tables, scales, points)]
            yield Case("QEmbedLayerNormalization", [ids, None, *without[0], None, *without[1], *without[2]], {}, (True, True))


GROUPS = [embeddings, elementwise, softmax, pooling, products]

"""Contrib operators on weights of a few bits with a scale for each block."""
import ml_dtypes
import numpy as np

from _contrib import Case, Packed, Random


def unpacked(rows, bits):
    """The codes in bytes along the last axis, the first in the low bits."""
    parts = [rows >> shift & (1 << bits) - 1 for shift in range(0, 8, bits)]
    return np.stack(parts, axis=-1).reshape(*rows.shape[:-1], -1)


def products():
    random = Random(21)
    for bits in (2, 4, 8):
        for size, inner, columns in ((16, 40, 3), (32, 64, 17), (64, 33, 5), (128, 256, 8)):
            blocks = -(-inner // size)
            shape = {"K": inner, "N": columns, "bits": bits, "block_size": size}
            for kind in (np.float32, np.float16):
                a = random.floats(*random.pick((2,), (1, 3), (2, 1)), inner, kind=kind)
                codes = random.codes(np.uint8, columns, blocks, size * bits // 8)
                scales = random.positive(columns, blocks, kind=kind, low=0.02, high=0.1)
                points = random.codes(np.uint8, columns, -(-blocks * bits // 8))
                levels = random.positive(columns, blocks, kind=kind, low=0, high=2 ** bits - 1)
                order = random.below(blocks, inner)
                bias = random.floats(columns, kind=kind)
                for rest in ([], [points], [None, None, bias], [points, None, bias], [levels], [None, order], [points, order]):
                    own = [a, codes, scales, *rest]
                    ordered = len(rest) == 2
                    # ONNX Runtime's CPU build has no 8 bits with zero points of floats, or out of order; out of order, it
                    # forgets packed zero points, and computes nonsense from 2 bits.
                    lacks = bits == 8 and (ordered or rest[:1] and rest[0] is levels) or ordered and (bits == 2 or rest[0] is points)
                    reference = (lambda b=bits, o=own: [product(b, *o)]) if lacks else None
                    yield Case("MatMulNBits", own, dict(shape), constant=(1, 2, 3, 4, 5)[:len(own) - 1], reference=reference)
    for kind in (np.float32, np.float16):
        for quant in (0, 1):
            for size, inner, columns in ((16, 33, 3), (32, 64, 8), (64, 40, 5), (128, 17, 2)):
                count = inner * columns
                codes, largest = random.codes(np.uint8, (count + 1) // 2), random.positive(-(-count // size), kind=kind, high=1)
                for flips in (None, 1, 0):
                    a = random.floats(*random.pick((2,), (2, 3)), columns if flips == 0 else inner, kind=kind)
                    attributes = {"K": inner, "N": columns, "block_size": size, "quant_type": quant}
                    if flips is not None:
                        attributes["transB"] = flips
                    own = [a, codes, largest]
                    # Without the transposition, ONNX Runtime leaves most of the result unwritten.
                    reference = None if flips != 0 else lambda o=own, k=inner, q=quant, s=size: [bnb_product(*o, k, q, s)]
                    yield Case("MatMulBnb4", own, attributes, constant=(1, 2), reference=reference)


NF4 = [-1, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0, 0.0795803, 0.1609302, 0.2461123,
       0.33791524, 0.44070983, 0.562617, 0.72295684, 1]
FP4 = [0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4]


def bnb_product(a, codes, largest, inner, quant, size):
    levels = np.array(NF4 if quant else FP4 + [-x for x in FP4])
    columns = a.shape[-1]
    values = levels[np.stack([codes >> 4, codes & 15], -1).ravel()][:columns * inner]
    weight = values * np.repeat(largest.astype(np.float64), size)[:columns * inner]
    return (a.astype(np.float64) @ weight.reshape(columns, inner)).astype(a.dtype)


def product(bits, a, codes, scales, points=None, order=None):
    inner, (columns, blocks, _) = a.shape[-1], codes.shape
    levels = unpacked(codes, bits).reshape(columns, -1)[:, :inner].astype(np.float64)
    zeros = np.full((columns, blocks), 2.0 ** (bits - 1)) if points is None else (
        points if points.dtype.kind == "f" else unpacked(points, bits)[:, :blocks])
    block = order if order is not None else np.arange(inner) // (codes.shape[2] * 8 // bits)
    weight = (levels - zeros.astype(np.float64)[:, block]) * scales.astype(np.float64)[:, block]
    return (a.astype(np.float64) @ weight.T).astype(a.dtype)


def gathering():
    random = Random(22)
    indices = (np.array(2), np.array([[0, 1], [3, -1]], np.int64), np.array([4, 4, 0], np.int32), np.zeros((0,), np.int64))
    for kind in (np.float32, np.float16):
        for bits in (2, 4, 8):
            for size, columns in ((16, 40), (32, 64), (128, 24)):
                blocks = -(-columns // size)
                data, scales = random.codes(np.uint8, 5, columns * bits // 8), random.positive(5, blocks, kind=kind)
                points = random.codes(np.uint8, 5, -(-blocks * bits // 8))
                attributes = {"bits": bits, "block_size": size}
                yield Case("GatherBlockQuantized", [data, random.pick(*indices), scales], attributes, constant=(0, 2))
                yield Case("GatherBlockQuantized", [data, random.pick(*indices), scales, points], attributes, constant=(0, 2, 3))
        for small in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2, ml_dtypes.float8_e5m2fnuz):
            data, scales = random.floats(5, 40).astype(small), random.positive(5, 3, kind=kind)
            yield Case("GatherBlockQuantized", [data, random.pick(*indices), scales], {"block_size": 16}, constant=(0, 2))
        for signed in (True, False):
            low = -8 if signed else 0
            for shape, gather, quantize in (((5, 40), 0, 1), ((5, 40), 1, 0), ((6, 5, 33), 1, 2), ((5, 20), 1, 1), ((5, 3, 18), 0, -1)):
                own = list(shape)
                own[quantize] = -(-own[quantize] // 16)
                attributes = {"gather_axis": gather, "quantize_axis": quantize, "block_size": 16}
                data, zeros = (Packed(random.below(16, *extents) + low, signed) for extents in (shape, own))
                scales = random.positive(*own, kind=kind)
                yield Case("GatherBlockQuantized", [data, random.pick(*indices), scales], attributes, constant=(2,))
                yield Case("GatherBlockQuantized", [data, random.pick(*indices), scales, zeros], attributes, constant=(2,))


GROUPS = [products, gathering]

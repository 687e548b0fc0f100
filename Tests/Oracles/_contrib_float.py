"""Contrib operators on floats: activations, what was fused, normalizations, positions, matrices, pooling, codes."""
import numpy as np

from _contrib import Case, Packed, Random

HALVES = (np.float32, np.float16)


def activations():
    random = Random(1)
    for kind in HALVES:
        for shape in ((7,), (2, 5), (2, 3, 8), (1, 4, 3, 5)):
            x, bias = random.floats(*shape, kind=kind, scale=2), random.floats(shape[-1], kind=kind)
            yield Case("Gelu", [x])
            yield Case("FastGelu", [x])
            yield Case("FastGelu", [x, bias])
            yield Case("BiasGelu", [x, bias])
            yield Case("QuickGelu", [x])
            yield Case("QuickGelu", [x], {"alpha": random.pick(1.0, 1.5, 0.7)})


def convolutions():
    random = Random(2)
    forms = [None, ("Relu", []), ("Tanh", []), ("Sigmoid", []), ("LeakyRelu", [0.1]), ("Clip", [-0.5, 0.75]),
             ("HardSigmoid", [0.3, 0.4])]
    windows = [{}, {"pads": [1, 0, 2, 1]}, {"strides": [2, 1], "auto_pad": "SAME_UPPER"}, {"dilations": [2, 2]}]
    for number, form in enumerate(forms):
        for kind in HALVES:
            for batch, groups in ((1, 1), (2, 2)):
                attributes = dict(windows[(number + batch) % 4], group=groups, kernel_shape=[3, 3])
                if form:
                    attributes["activation"] = form[0]
                    if form[1]:
                        attributes["activation_params"] = form[1]
                x, w = random.floats(batch, 4, 7, 6, kind=kind), random.floats(6, 4 // groups, 3, 3, kind=kind, scale=0.3)
                yield Case("FusedConv", [x, w, random.floats(6, kind=kind) if batch == 2 else None], attributes)
    for shape in ((2, 3, 9), (1, 3, 5, 6), (1, 3, 4, 5, 6)):
        rank = len(shape) - 2
        z = random.floats(shape[0], 4, *(n - 1 for n in shape[2:]))
        for bias in (None, random.floats(4)):
            yield Case("FusedConv", [random.floats(*shape), random.floats(4, 3, *[2] * rank), bias, z], {"activation": "Relu"})


def products():
    random = Random(3)
    for kind in HALVES:
        for a, b, attributes in (
                ((2, 3, 4), (2, 4, 5), {}), ((2, 3, 4), (2, 5, 4), {"transB": 1, "alpha": 0.5}),
                ((2, 4, 3), (2, 4, 5), {"transA": 1}), ((4, 3), (5, 4), {"transA": 1, "transB": 1, "alpha": -2.0}),
                ((3, 2, 4), (2, 4, 5), {"transBatchA": 1}), ((2, 3, 4), (4, 2, 5), {"transBatchB": 1}),
                ((3, 2, 4), (4, 2, 5), {"transBatchA": 1, "transBatchB": 1, "alpha": 0.125}),
                ((2, 3, 1, 7, 5), (3, 4, 6, 5), {"transB": 1}), ((4,), (2, 4, 3), {}), ((2, 3, 4), (4,), {"alpha": 3.0}),
                ((4, 2, 3), (4, 2, 5), {"transBatchA": 1, "transA": 1, "transBatchB": 1})):
            yield Case("FusedMatMul", [random.floats(*a, kind=kind), random.floats(*b, kind=kind)], attributes)
    yield Case("FusedMatMul", [random.floats(3, 4, kind=np.float64), random.floats(4, 2, kind=np.float64)], {"alpha": 0.3})
    for number, name in enumerate(("Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "HardSigmoid", "Softplus", "Softsign",
                                   "ThresholdedRelu", "Selu", "Celu")):
        for c in (None, (5,), (3, 5), (3, 1), (1,)):
            kind = HALVES[number % 2] if c == (5,) else np.float32
            a = random.floats(4, 3, kind=kind) if number % 2 else random.floats(3, 4, kind=kind)
            b = random.floats(5, 4, kind=kind) if number % 3 == 0 else random.floats(4, 5, kind=kind)
            addend = None if c is None else random.floats(*c, kind=kind)
            yield Case("FusedGemm", [a, b, addend], {
                "activation": name, "activation_alpha": 0.3, "activation_beta": 0.4, "activation_gamma": 1.2,
                "transA": number % 2, "transB": int(number % 3 == 0), "alpha": 0.75, "beta": 0.5})


def normalizations():
    random = Random(4)
    for kind in HALVES:
        for shape in ((2, 3, 4), (1, 5, 17), (3, 8)):
            width, x = shape[-1], random.floats(*shape, kind=kind)
            gamma, beta, bias = (random.floats(width, kind=kind) for _ in range(3))
            skips = [random.floats(*shape, kind=kind)]
            if len(shape) == 3:
                skips += [random.floats(*shape[1:], kind=kind), random.floats(1, *shape[1:], kind=kind)]
            for skip in skips:
                for number, rest in enumerate(([], [beta], [beta, bias], [None, bias])):
                    epsilon = {} if number % 2 else {"epsilon": 1e-5}
                    results = (True, False, False, True) if number % 2 else (True,)
                    yield Case("SkipLayerNormalization", [x, skip, gamma, *rest], epsilon, results)
                for rest in ([], [bias]):
                    yield Case("SkipSimplifiedLayerNormalization", [x, skip, gamma, *rest], {"epsilon": 1e-6})
                    yield Case("SkipSimplifiedLayerNormalization", [x, skip, gamma, *rest], {}, (True, False, False, True))
            for axis in (-1, 1):
                scale = random.floats(*shape[axis:], kind=kind)
                yield Case("SimplifiedLayerNormalization", [x, scale], {"axis": axis, "epsilon": 1e-6, "stash_type": 1}, domain="")
                yield Case("SimplifiedLayerNormalization", [x, scale], {"axis": axis}, (True, True), domain="")


def embeddings():
    random = Random(5)
    for kind in HALVES:
        for batch, length, width in ((1, 4, 8), (2, 5, 6), (3, 1, 12)):
            words, places, segments = (random.floats(n, width, kind=kind) for n in (11, 7, 2))
            gamma, beta = random.floats(width, kind=kind), random.floats(width, kind=kind)
            ids, segment = random.below(11, batch, length), random.below(2, batch, length)
            mask = random.below(2, batch, length)
            both = [ids, segment, words, places, segments, gamma, beta]
            yield Case("EmbedLayerNormalization", both, {}, (True, True))
            yield Case("EmbedLayerNormalization", both + [mask], {"epsilon": 1e-5}, (True, True, True))
            yield Case("EmbedLayerNormalization", both + [None, random.below(7, batch, length)], {}, (True, True, True))
            yield Case("EmbedLayerNormalization", both + [mask, random.below(7, 1, length)], {}, (True, True))
            yield Case("EmbedLayerNormalization", [ids, None, words, places, None, gamma, beta], {}, (True, True))


def rotations():
    random = Random(6)
    for kind in HALVES:
        for interleaved in (0, 1):
            for batch, heads, length, size in ((1, 1, 3, 8), (2, 3, 5, 4), (3, 2, 1, 6)):
                cosines, sines = random.floats(9, size // 2, kind=kind), random.floats(9, size // 2, kind=kind)
                flat = random.floats(batch, length, heads * size, kind=kind)
                deep = random.floats(batch, heads, length, size, kind=kind)
                each, first = random.below(9, batch, length, kind=np.int64), random.below(4, 1, kind=np.int64)
                for x, places in ((flat, each), (flat, first), (deep, each), (deep, first)):
                    yield Case("RotaryEmbedding", [x, places, cosines, sines], {"interleaved": interleaved, "num_heads": heads})
                yield Case("RotaryEmbedding", [flat, each, cosines, sines], {"interleaved": interleaved})
                yield Case("RotaryEmbedding", [flat, each, cosines[:, :1].copy(), sines[:, :1].copy()],
                           {"interleaved": interleaved, "num_heads": heads, "rotary_embedding_dim": 2})


def matrices():
    random = Random(7)
    for kind in (np.float32, np.float16, np.float64):
        for shape in ((1, 1), (3, 3), (2, 4, 4), (2, 1, 5, 5)):
            yield Case("Inverse", [random.floats(*shape, kind=kind) + 4 * np.eye(shape[-1], dtype=kind)])
    for kind in (np.float32, np.float16, np.float64, np.int64):
        for upper in (0, 1):
            x = random.floats(2, 4, 5, scale=9).astype(kind)
            yield Case("Trilu", [x], {"upper": upper})
            yield Case("Trilu", [x, np.array(random.pick(-7, -2, -1, 1, 3, 6))], {"upper": upper})


def pooling():
    random = Random(8)
    for kind in (np.uint8, np.int8):
        for shape, attributes in (
                ((1, 7, 3), {"kernel_shape": [2]}), ((2, 6, 5, 3), {"kernel_shape": [2, 3], "strides": [2, 1]}),
                ((1, 6, 5, 4), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
                ((1, 7, 7, 2), {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1}),
                ((2, 7, 8, 1), {"kernel_shape": [2, 2], "dilations": [2, 3]}),
                ((1, 5, 6, 3), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
                ((1, 4, 5, 6, 2), {"kernel_shape": [2, 2, 2], "strides": [2, 1, 2], "pads": [1] * 6})):
            yield Case("NhwcMaxPool", [random.codes(kind, *shape)], attributes)


def linear():
    """Codes of 16 and 4 bits, and of 8 as well."""
    random = Random(9)
    for real in HALVES:
        for kind in (np.uint8, np.int8, np.uint16, np.int16):
            for axis, count in ((None, None), (0, 3), (1, 4), (-1, 5)):
                shape = () if count is None else (count,)
                attributes = {} if axis is None else {"axis": axis}
                # Odd numbers of 16-bit codes to a unit leave no ties, and halves enough range.
                scale = random.positive(*shape, kind=real, low=0.02 if np.iinfo(kind).bits == 8 else 0.001, high=0.03)
                scale, zero = np.asarray(scale), np.asarray(random.codes(kind, *shape))
                yield Case("QuantizeLinear", [random.floats(3, 4, 5, kind=real), scale, zero], attributes)
                yield Case("DequantizeLinear", [random.codes(kind, 3, 4, 5), scale, zero], attributes)
        yield Case("DequantizeLinear", [random.below(9999, 3, 4), np.asarray(random.positive(kind=real))])
    for signed in (True, False):
        low = -8 if signed else 0
        for real in HALVES:
            for axis, shape in ((None, ()), (0, (3,)), (1, (5,))):
                attributes = {} if axis is None else {"axis": axis}
                scale = np.asarray(random.positive(*shape, kind=real, low=0.2, high=0.3))
                zero, codes = (Packed(random.below(16, *size) + low, signed) for size in (shape, (3, 5)))
                yield Case("QuantizeLinear", [random.floats(3, 5, kind=real), scale, zero], attributes, narrow=True)
                yield Case("DequantizeLinear", [codes, scale, zero], attributes)


GROUPS = [activations, convolutions, products, normalizations, embeddings, rotations, matrices, pooling, linear]

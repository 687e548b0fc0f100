"""Contrib operators of newer decoders: mixtures of experts, linear attention, gates, positions of several kinds."""
import numpy as np

from _contrib import Case, Random

HALVES = (np.float32, np.float16)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def mixture(x, router, layers, attributes, shares=None):
    """The result of MoE for layers of numbers, (weight, bias) each, where ONNX Runtime's CPU build has none."""
    x, router = x.astype(np.float64), router.astype(np.float64)
    result = np.zeros_like(x)
    kind, fusion = attributes["activation_type"], attributes.get("swiglu_fusion", 0)
    for row in range(len(x)):
        best = np.argsort(-router[row], kind="stable")[:attributes["k"]]
        powers = np.exp(router[row])
        for expert, share in zip(best, powers[best] / (powers[best].sum() if shares == "own" else powers.sum())):
            first, second, *third = [(w[expert], 0 if b is None else b[expert]) for w, b in layers]
            y = first[0] @ x[row] + first[1]
            gate = third[0][0] @ x[row] + third[0][1] if third else 1
            if kind == "swiglu":
                y, gate = np.split(y, 2) if fusion == 2 else (y, gate)
            y = np.maximum(y, 0) * gate if kind == "relu" else y * sigmoid(y) * gate
            result[row] += share * (second[0] @ y + second[1])
    return result


def experts():
    random = Random(61)
    for kind in HALVES:
        for rows, count, hidden, width in ((5, 4, 8, 6), (1, 2, 4, 4), (7, 8, 16, 8)):
            x, router = random.floats(rows, hidden, kind=kind), random.floats(rows, count, kind=kind)
            for number, name in enumerate(("relu", "gelu", "silu", "identity", "swiglu")):
                own = width * 2 if name == "swiglu" else width
                w1, b1 = random.floats(count, own, hidden, kind=kind, scale=0.4), random.floats(count, own, kind=kind)
                w2, b2 = random.floats(count, hidden, width, kind=kind, scale=0.4), random.floats(count, hidden, kind=kind)
                for k in (1, 2):
                    # In halves, ONNX Runtime's shares are nothing unless they are normalized.
                    normal = 1 if kind == np.float16 else (number + k) % 2
                    attributes = {"k": k, "activation_type": name, "normalize_routing_weights": normal}
                    if name == "swiglu":
                        attributes |= {"swiglu_fusion": 1, "activation_alpha": 1.7, "activation_beta": 1.0, "swiglu_limit": 1.5}
                    yield Case("MoE", [x, router, w1, b1, w2, b2], attributes)
                    yield Case("MoE", [x[None], router, w1, None, w2], attributes)
            w1, w2, w3 = random.floats(count, width, hidden), random.floats(count, hidden, width), random.floats(count, width, hidden)
            both = np.concatenate([w1, w3], 1)
            for name, layers, fusion in (("silu", [w1, w2, w3], 0), ("swiglu", [w1, w2, w3], 0), ("swiglu", [both, w2], 2)):
                attributes = {"k": 2, "activation_type": name, "swiglu_fusion": fusion}
                operands = [x.astype(np.float32), router.astype(np.float32), layers[0], None, w2] + ([None, w3] if len(layers) == 3 else [])
                yield Case("MoE", operands, attributes, reference=lambda o=operands, l=layers, a=attributes: [
                    mixture(o[0], o[1], [(w, None) for w in l], a).astype(np.float32)])


def layer(random, kind, count, rows, inner, bits, size, zeros):
    """Codes, scales and zero points."""
    blocks = inner // size if size else 1
    scales = random.positive(count, rows, *([blocks] if size else []), kind=kind, low=0.2 / 2 ** bits, high=0.6 / 2 ** bits)
    points = None
    if zeros:
        points = random.codes(np.uint8, count, *((rows, -(-blocks * bits // 8)) if size else (-(-rows * bits // 8),)))
    return random.codes(np.uint8, count, rows, inner * bits // 8), scales, points


def quantized_experts():
    random = Random(62)
    rows, count, hidden, width = 5, 4, 32, 32
    for kind in HALVES:
        for bits in (2, 4, 8):
            for size in (0, 16, 32):
                for zeros in (False, True):
                    for name in ("silu", "swiglu"):
                        x, router = random.floats(rows, hidden, kind=kind), random.floats(rows, count, kind=kind)
                        own = width * 2 if name == "swiglu" else width
                        w1, s1, z1 = layer(random, kind, count, own, hidden, bits, size, zeros)
                        w2, s2, z2 = layer(random, kind, count, hidden, width, bits, size, zeros)
                        attributes = {"k": 2, "activation_type": name, "expert_weight_bits": bits, "normalize_routing_weights": 1}
                        attributes |= {"swiglu_fusion": 1} if name == "swiglu" else {}
                        attributes |= {"block_size": size} if size else {}
                        bias = [random.floats(count, n, kind=kind) for n in (own, hidden)]
                        # ONNX Runtime rounds the input to 8 bits too in some kernels.
                        yield Case("QMoE", [x, router, w1, s1, bias[0], w2, s2, bias[1], None, None, None, z1, z2], attributes,
                                   constant=(2, 3, 5, 6, 11, 12), tolerance=2e-2 if bits == 8 and size else None)
        w1, s1, _ = layer(random, kind, count, width, hidden, 4, 0, False)
        w2, s2, _ = layer(random, kind, count, hidden, width, 4, 0, False)
        shares = abs(random.floats(rows, count, kind=kind))
        for normal in (0, 1):
            yield Case("QMoE", [x, router, w1, s1, None, w2, s2, *[None] * 7, shares],
                       {"k": 2, "activation_type": "silu", "normalize_routing_weights": normal}, constant=(2, 3, 5, 6))


def linear_attention():
    random = Random(63)
    for batch, steps, queries, heads, size, width in ((1, 3, 2, 2, 4, 4), (2, 2, 4, 2, 3, 5), (2, 1, 2, 1, 8, 2)):
        q, k, v = (random.floats(batch, steps, n) for n in (queries * size, heads * size, heads * width))
        state = random.floats(batch, heads, size, width)
        decay, wide = -abs(random.floats(batch, steps, heads)), -abs(random.floats(batch, steps, heads * size))
        beta, one = sigmoid(random.floats(batch, steps, heads)), sigmoid(random.floats(batch, steps, 1))
        base = {"q_num_heads": queries, "kv_num_heads": heads}
        for past in (None, state):
            yield Case("LinearAttention", [q, k, v, past], base | {"update_rule": "linear", "scale": 0.5}, (True, True))
            for gates in (decay, wide):
                yield Case("LinearAttention", [q, k, v, past, gates], base | {"update_rule": "gated"}, (True, True))
                yield Case("LinearAttention", [q, k, v, past, gates, beta], base, (True, True))
            for rate in (beta, one):
                yield Case("LinearAttention", [q, k, v, past, None, rate], base | {"update_rule": "delta"}, (True, True))
    for batch, channels, length, taps in ((1, 3, 5, 4), (2, 4, 1, 3), (2, 2, 6, 1)):
        x, w, bias = random.floats(batch, channels, length), random.floats(channels, 1, taps), random.floats(channels)
        state = random.floats(batch, channels, taps - 1)
        for rest in ([], [bias], [bias, state], [None, state]):
            for activation in ({}, {"activation": "silu"}):
                yield Case("CausalConvWithState", [x, w, *rest], activation, (True, True))


def gates():
    random = Random(64)
    for kind in HALVES:
        for shape in ((2, 3, 8), (1, 1, 4), (2, 4, 12)):
            x, y = random.floats(*shape, kind=kind), random.floats(*shape, kind=kind)
            yield Case("GatedAdd", [x, y, random.floats(*shape[:-1], 1, kind=kind)])
            for width in (4, shape[-1]):
                for activation in ({}, {"activation": "sigmoid"}, {"activation": "swish", "epsilon": 1e-3}):
                    yield Case("GatedRMSNorm", [x, random.floats(width, kind=kind), y], activation)
            yield Case("ScaledSiLU", [x], {"alpha": 0.7})
            yield Case("ScaledSiLU", [x, np.array(1.3, kind)])
            bias, factor = random.floats(shape[-1]), -abs(random.floats(shape[-1]))
            yield Case("LinearAttentionGate", [x, bias, factor])
            yield Case("LinearAttentionGate", [x, bias, factor, y], {}, (True, True))


def positions():
    random = Random(65)
    for kind in HALVES:
        for layout, sections in ((0, [1, 2, 1]), (0, [4, 0, 0]), (1, [2, 1, 1]), (1, [2, 2, 0])):
            for interleaved in (0, 1):
                places = random.below(6, 3, 2, 3, kind=np.int64)
                caches = [random.floats(6, 4, kind=kind) for _ in range(2)]
                attributes = {"mrope_layout": layout, "mrope_section": sections, "interleaved": interleaved}
                yield Case("MRotaryEmbedding", [random.floats(2, 2, 3, 8, kind=kind), places, *caches], attributes)
                yield Case("MRotaryEmbedding", [random.floats(2, 3, 16, kind=kind), places, *caches], attributes | {"num_heads": 2})
                yield Case("MRotaryEmbedding", [random.floats(2, 3, 24, kind=kind), places, *caches],
                           attributes | {"num_heads": 2, "rotary_embedding_dim": 8})


GROUPS = [experts, quantized_experts, linear_attention, gates, positions]

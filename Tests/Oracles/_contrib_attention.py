"""Attention of com.microsoft: masks, caches, packed operands, groups of heads, windows, rotations, sinks, codes."""
import numpy as np

from _contrib import Case, Random

HALVES = (np.float32, np.float16)


def split(x, heads):
    """[batch, length, heads * size] as [batch, heads, length, size]."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def attended(q, k, v, addend=0, scale=None):
    """Attention among [batch, heads, length, size], the heads merged again."""
    scores = q.astype(np.float64) @ k.astype(np.float64).swapaxes(-1, -2) * (scale or q.shape[-1] ** -0.5) + addend
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    result = weights / weights.sum(-1, keepdims=True) @ v.astype(np.float64)
    return result.transpose(0, 2, 1, 3).reshape(*result.shape[::2], -1).astype(v.dtype)


def by_numpy(own, heads, addend=0, cache=None):
    """The result of Attention on an input, weights and perhaps a bias."""
    x, weights, *bias = (operand.astype(np.float64) for operand in own)
    q, k, v = (split(part, heads) for part in np.split(x @ weights + sum(bias), 3, -1))
    if cache is not None:
        k, v = (np.concatenate([old, new], 2) for old, new in zip(cache, (k, v)))
    return lambda: [attended(q, k, v, addend).astype(own[0].dtype)]


def masks(random, batch, length, keys):
    """Masks in the forms that ONNX Runtime's CPU build reads: none, by key, by query and key, ends with and without more."""
    return (None, random.below(2, batch, keys), random.below(2, batch, length, keys), random.below(keys, batch) + 1,
            np.concatenate([random.below(2, batch) + keys - 1, random.below(2, batch)]).astype(np.int32),
            np.concatenate([random.below(keys, batch) + 1, np.arange(2 * batch + 2) * keys]).astype(np.int32))


def biases(random, batch, heads, length, keys, kind):
    return [random.floats(*shape, length, keys, kind=kind) for shape in ((batch, heads), (1, heads), (batch, 1), (1, 1))]


def self_attention():
    random = Random(31)
    for kind in HALVES:
        for batch, heads, length, size, inner, past in (
                (1, 1, 3, 4, 5, 0), (2, 3, 4, 2, 8, 0), (2, 2, 3, 4, 6, 2), (3, 2, 1, 8, 7, 5)):
            hidden, keys = heads * size, past + length
            own = [random.floats(batch, length, inner, kind=kind), random.floats(inner, 3 * hidden, kind=kind),
                   random.floats(3 * hidden, kind=kind)]
            cache = random.floats(2, batch, heads, past, size, kind=kind) if past else None
            results = (True, bool(past))
            for causal in (0, 1):
                attributes = {"num_heads": heads, "unidirectional": causal}
                for mask in masks(random, batch, length, keys):
                    yield Case("Attention", own + [mask, cache], attributes, results)
                for bias in biases(random, batch, heads, length, keys, kind):
                    # ONNX Runtime's CPU build refuses a past with a bias of the scores.
                    hidden = np.triu(np.full((length, keys), -np.inf), past + 1) if causal else 0
                    yield Case("Attention", own + [None, cache, bias], attributes,
                               reference=by_numpy(own, heads, bias + hidden, cache) if past else None)
                yield Case("Attention", own + [random.below(2, batch, keys), cache],
                           attributes | {"scale": 0.3, "mask_filter_value": -3.0}, results)
            # Without a bias of the projection it reads one all the same, and may die.
            yield Case("Attention", own[:2] + [None, None, cache], {"num_heads": heads}, reference=by_numpy(own[:2], heads, 0, cache))
        for sizes in ((4, 4, 8), (6, 6, 2)):
            x, weights, bias = random.floats(2, 3, 5, kind=kind), random.floats(5, sum(sizes), kind=kind), random.floats(sum(sizes), kind=kind)
            for causal in (0, 1):
                yield Case("Attention", [x, weights, bias], {"num_heads": 2, "qkv_hidden_sizes": sizes, "unidirectional": causal})
                yield Case("Attention", [x, weights, bias, random.below(2, 2, 3)], {"num_heads": 2, "qkv_hidden_sizes": sizes})


def multi_head():
    random = Random(32)
    for kind in HALVES:
        for batch, heads, length, keys, size, wide in ((1, 1, 3, 3, 4, 4), (2, 3, 2, 5, 4, 6), (2, 2, 4, 1, 8, 8), (3, 2, 1, 4, 2, 2)):
            base = {"num_heads": heads}
            q, k, v = (random.floats(batch, n, heads * w, kind=kind) for n, w in ((length, size), (keys, size), (keys, wide)))
            bias = random.floats(heads * (2 * size + wide), kind=kind)
            for mask in masks(random, batch, length, keys)[:4]:
                yield Case("MultiHeadAttention", [q, k, v, bias, mask], base)
                yield Case("MultiHeadAttention", [q, k, v, None, mask], base | {"mask_filter_value": -2.0})
            for added in biases(random, batch, heads, length, keys, kind):
                yield Case("MultiHeadAttention", [q, k, v, None, None, added], base | {"scale": 0.4})
            yield Case("MultiHeadAttention", [q, k, v, bias, random.below(2, batch, keys), added], base)
            yield Case("MultiHeadAttention", [q, k, v], base, (True, True, True))
            yield Case("MultiHeadAttention", [q, k, v], base, (True, False, False, True), typed=(3,))
            if length == keys:
                yield Case("MultiHeadAttention", [q, k, v], base | {"unidirectional": 1})
            yield from packed(random, kind, batch, heads, length, keys, size)
            if size != wide:
                continue
            deep = [np.ascontiguousarray(split(x, heads)) for x in (k, v)]
            yield Case("MultiHeadAttention", [q, *deep], base)
            yield Case("MultiHeadAttention", [q, *deep, None, random.below(2, batch, keys)], base)
            past = 3
            total = past + keys
            old = [random.floats(batch, heads, past, size, kind=kind) for _ in range(2)]
            added = random.floats(1, heads, length, total, kind=kind)
            for mask in masks(random, batch, length, total)[:3]:
                yield Case("MultiHeadAttention", [q, k, v, bias, mask, None, *old], base, (True, True, True))
            yield Case("MultiHeadAttention", [q, k, v, None, None, added, *old], base, (True, True, True, True), typed=(3,))
            yield Case("MultiHeadAttention", [q, k, v, None, None, None, *old], base | {"unidirectional": 1}, (True, True, True))


def packed(random, kind, batch, heads, length, keys, size):
    """Keys and values in one tensor, and queries too, which ONNX Runtime's CPU build does not read."""
    base = {"num_heads": heads}
    q, bias = random.floats(batch, length, heads * size, kind=kind), random.floats(heads * 3 * size, kind=kind)
    both = random.floats(batch, keys, heads, 2, size, kind=kind)
    k, v = both.transpose(3, 0, 2, 1, 4)
    yield Case("MultiHeadAttention", [q, both], base, reference=lambda: [attended(split(q, heads), k, v)])
    three = random.floats(batch, length, heads, 3, size, kind=kind)
    parts = three.transpose(3, 0, 2, 1, 4)
    yield Case("MultiHeadAttention", [three], base, reference=lambda: [attended(*parts)])
    biased = parts.astype(np.float64) + bias.reshape(3, 1, heads, 1, size)
    yield Case("MultiHeadAttention", [three, None, None, bias], base, reference=lambda: [attended(*biased).astype(kind)])
    future = np.triu(np.full((length, length), -np.inf), 1)
    yield Case("MultiHeadAttention", [three], base | {"unidirectional": 1}, reference=lambda: [attended(*parts, future)])


def quantized():
    random = Random(33)
    pairs = ((np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8), (np.int8, np.uint8))
    for real in HALVES:
        for batch, heads, length, size, inner, past in ((1, 1, 3, 4, 5, 0), (2, 3, 4, 2, 8, 0), (2, 2, 2, 4, 6, 3)):
            width, keys = 3 * heads * size, past + length
            for x_kind, w_kind in pairs:
                for columns in ((), (width,)):
                    x, w, bias = random.codes(x_kind, batch, length, inner), random.codes(w_kind, inner, width), random.floats(width, kind=real)
                    scales = [np.asarray(random.positive(*shape, kind=real, low=0.01, high=0.02)) for shape in ((), columns)]
                    points = [np.asarray(random.codes(x_kind)), np.asarray(random.codes(w_kind, *columns))]
                    cache = random.floats(2, batch, heads, past, size, kind=real) if past else None
                    if x_kind == np.int8:  # not in ONNX Runtime's CPU build
                        numbers = [(x.astype(np.float64) - points[0]) * scales[0], (w.astype(np.float64) - points[1]) * scales[1], bias]
                        reference = lambda n=numbers, h=heads, c=cache, r=real: [by_numpy(n, h, 0, c)()[0].astype(r)]
                        yield Case("QAttention", [x, w, bias, *scales, None, *points, cache], {"num_heads": heads}, reference=reference)
                        continue
                    for mask in (None, random.below(keys, batch) + 1, random.below(2, batch, keys)):
                        for causal in (0, 1):
                            yield Case("QAttention", [x, w, bias, *scales, mask, *points, cache],
                                       {"num_heads": heads, "unidirectional": causal}, (True, bool(past)))
                    if not past:
                        yield Case("QAttention", [x, w, bias, *scales], {"num_heads": heads, "scale": 0.25})


def group_query():
    random = Random(34)
    for kind in HALVES:
        for heads, shared, size in ((4, 2, 16), (2, 1, 32), (3, 3, 16)):
            angles = random.floats(12, size // 2, kind=np.float64, scale=3)
            turns = [np.cos(angles).astype(kind), np.sin(angles).astype(kind)]
            base = {"num_heads": heads, "kv_num_heads": shared}

            def case(batch, length, past, room, rest=(), results=(True, True, True), packed=False, **attributes):
                """`past` elements stand in a cache with place for `room`; 0 is for a prompt."""
                q = random.floats(batch, length, (heads + 2 * shared) * size if packed else heads * size, kind=kind)
                k, v = (None if packed else random.floats(batch, length, shared * size, kind=kind) for _ in range(2))
                old = [random.floats(batch, shared, room, size, kind=kind) if room else None for _ in range(2)]
                total = past + length
                lengths = np.full(batch, total - 1, np.int32)
                if batch > 1 and length == 1:
                    lengths[1:] = random.below(total, batch - 1)
                return Case("GroupQueryAttention", [q, k, v, *old, lengths, np.array([total], np.int32), *rest], base | attributes, results,
                            typed=(3,) if len(results) > 3 else ())

            for batch, length, past, room in ((1, 4, 0, 0), (2, 3, 0, 0), (1, 1, 5, 5), (2, 1, 6, 6), (1, 3, 4, 4), (1, 4, 0, 9), (2, 1, 5, 9),
                                              (1, 2, 3, 9)):
                total = past + length
                yield case(batch, length, past, room)
                yield case(batch, length, past, room, packed=True)
                for interleaved in (0, 1):
                    yield case(batch, length, past, room, turns, do_rotary=1, rotary_interleaved=interleaved)
                places = np.tile(np.arange(past, total), (batch, 1))
                yield case(batch, length, past, room, [*turns, places], do_rotary=1)
                yield case(batch, length, past, room, turns, do_rotary=1, packed=True)
                yield case(batch, length, past, room, local_window_size=2)
                yield case(batch, length, past, room, scale=0.3, softcap=1.5)
                yield case(batch, length, past, room, smooth_softmax=1)
                yield case(batch, length, past, room, [None] * 4 + [random.floats(heads, kind=kind)])
                yield case(batch, length, past, room, [None] * 4 + [random.floats(heads, kind=kind)], softcap=2.0, local_window_size=3)
                for shape in ((batch, heads), (1, heads), (batch, 1), (1, 1)):
                    yield case(batch, length, past, room, [None] * 3 + [random.floats(*shape, length, total, kind=kind)])
                for mode in (1, 2) if batch == 1 else ():  # of shorter sequences, ONNX Runtime leaves the rest unwritten
                    yield case(batch, length, past, room, results=(True, True, True, True), qk_output=mode, softcap=3.0)
                    yield case(batch, length, past, room, results=(True, True, True, True), qk_output=mode, local_window_size=2)
                yield case(batch, length, past, room, causal=0)


def decoding_steps():
    """One query at a time, with keys and values in a buffer that is filled so far."""
    random = Random(35)
    for kind in HALVES:
        for batch, heads, size, past, room in ((2, 2, 4, 2, 8), (1, 3, 8, 0, 4), (4, 1, 2, 5, 6)):
            q, k, v = (random.floats(batch, 1, heads * size, kind=kind) for _ in range(3))
            old = [random.floats(batch, heads, room, size, kind=kind) for _ in range(2)]
            filled, keys = np.array([past], np.int32), past + 1
            base, three = {"num_heads": heads}, (True, True, True)
            shared = base | {"past_present_share_buffer": 1}
            bias = random.floats(3 * heads * size, kind=kind)
            beams = None if batch == 1 else np.array([2], np.int32)
            origins = None if batch == 1 else random.below(2, batch // 2, 2, room)
            for mask in (None, random.below(2, batch, keys)):
                yield Case("MultiHeadAttention", [q, k, v, bias, mask, None, *old, filled], base, three)
                yield Case("MultiHeadAttention", [q, k, v, None, mask, None, *old, filled, origins], base, three)
                for added in (None, random.floats(1, heads, 1, keys, kind=kind)):
                    own = [q, k, v, mask, added, *old, filled]
                    yield Case("DecoderMaskedMultiHeadAttention", own, shared | {"scale": 0.3}, three)
                    yield Case("DecoderMaskedMultiHeadAttention", own + [None, None, bias], shared, three)
                    yield Case("DecoderMaskedMultiHeadAttention", own + [beams, origins], shared, three)
                    yield Case("DecoderMaskedMultiHeadAttention", own, shared | {"output_qk": 1}, (True, True, True, True), typed=(3,),
                               tolerance=None if mask is None else 2e-3)  # scores near -10000 are coarse
            for mask in (None, random.below(2, batch, room)):
                yield Case("DecoderMaskedMultiHeadAttention", [q, *old, mask], base)
                yield Case("DecoderMaskedMultiHeadAttention", [q, *old, mask], base | {"output_qk": 1, "mask_filter_value": -4.0},
                           (True, False, False, True), typed=(3,))


def coded_caches():
    """Caches of i8, and of 4 bits in u8, with scales for all or for each channel."""
    random = Random(36)
    for kind in HALVES:
        for heads, shared, size in ((2, 1, 16), (4, 2, 32)):
            for length, past, room in ((3, 0, 0), (1, 2, 2), (2, 3, 9)):
                for bits in (4, 8):
                    for name, shape in (("PER_TENSOR", (1,)), ("PER_CHANNEL", (1, shared, 1, size))):
                        q = random.floats(1, length, heads * size, kind=kind)
                        k, v = (random.floats(1, length, shared * size, kind=kind) for _ in range(2))
                        old = [random.codes(np.int8 if bits == 8 else np.uint8, 1, shared, room, size * bits // 8) for _ in range(2)]
                        scales = [random.positive(*shape, low=2 / 2 ** bits, high=6 / 2 ** bits) for _ in range(2)]
                        attributes = {"k_quant_type": name, "v_quant_type": name, "kv_cache_bit_width": bits}
                        for more in ({}, {"local_window_size": 2, "softcap": 2.0}):
                            yield Case("GroupQueryAttention", [
                                q, k, v, *old, np.array([past + length - 1], np.int32), np.array([past + length], np.int32), *[None] * 5,
                                *scales], {"num_heads": heads, "kv_num_heads": shared} | attributes | more, (True, True, True))


GROUPS = [coded_caches, self_attention, multi_head, quantized, group_query, decoding_steps]

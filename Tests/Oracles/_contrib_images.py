"""Contrib operators of diffusion models, which ONNX Runtime's CPU build does not have: NumPy computes them."""
import numpy as np
import torch

from _contrib import Case, Random

HALVES = (np.float32, np.float16)


def wide(*tensors):
    return [None if x is None else x.astype(np.float64) for x in tensors]


def biases():
    random = Random(41)
    for kind in HALVES:
        for shape in ((2, 3, 4), (1, 5, 6), (2, 1, 10)):
            x, skip = (random.floats(*shape, kind=kind) for _ in range(2))
            bias = random.floats(shape[-1], kind=kind)
            a, b, c = wide(x, bias, skip)
            yield Case("BiasAdd", [x, bias, skip], reference=lambda a=a, b=b, c=c, k=kind: [(a + b + c).astype(k)])
            yield Case("BiasSplitGelu", [x, bias], reference=lambda a=a, b=b, k=kind: [split_gelu(a + b).astype(k)])


def split_gelu(x):
    left, right = np.split(torch.tensor(x), 2, -1)
    return (left * torch.nn.functional.gelu(right)).numpy()


def group_norm(x, gamma, beta, groups, epsilon, silu, last):
    """Of [N, ..., C] or [N, C, ...]."""
    moved = torch.tensor(np.moveaxis(x, -1, 1) if last else x)
    y = torch.nn.functional.group_norm(moved, groups, torch.tensor(gamma), torch.tensor(beta), epsilon)
    y = (torch.nn.functional.silu(y) if silu else y).numpy()
    return np.moveaxis(y, 1, -1) if last else y


def groups():
    random = Random(42)
    for kind in HALVES:
        for last in (0, 1):
            for images, channels, count, height, width in ((1, 4, 2, 3, 3), (2, 6, 3, 2, 4), (2, 4, 1, 1, 2)):
                shape = (images, height, width, channels) if last else (images, channels, height, width)
                x, gamma, beta = random.floats(*shape, kind=kind), random.floats(channels), random.floats(channels)
                for silu in (0, 1):
                    attributes = {"groups": count, "channels_last": last, "activation": silu, "epsilon": 1e-4}
                    own = wide(gamma, beta)
                    yield Case("GroupNorm", [x, gamma, beta], attributes, reference=lambda x=x, own=own, n=count, s=silu, l=last, k=kind: [
                        group_norm(x.astype(np.float64), *own, n, 1e-4, s, l).astype(k)])
                    flat = (images, 1, 1, channels) if last else (images, channels, 1, 1)
                    for form in (shape, (images, channels), flat):
                        skip, bias = random.floats(*form, kind=kind), random.pick(None, random.floats(channels, kind=kind))
                        spread = skip.reshape(flat) if len(form) == 2 else skip
                        total = x.astype(np.float64) + spread
                        if bias is not None:
                            total = total + bias.reshape((1,) + flat[1:])
                        yield Case("SkipGroupNorm", [x, gamma, beta, skip, bias], attributes, (True, True),
                                   reference=lambda t=total, own=own, n=count, s=silu, l=last, k=kind: [
                                       group_norm(t, *own, n, 1e-4, s, l).astype(k), t.astype(k)])


def convolutions():
    random = Random(43)
    for kind in HALVES:
        for group, attributes in ((1, {}), (2, {"pads": [1, 1, 1, 1]}), (1, {"strides": [2, 1]}), (4, {"dilations": [1, 2]})):
            x, w = random.floats(2, 6, 7, 4, kind=kind), random.floats(8, 4 // group, 3, 3, kind=kind, scale=0.3)
            for bias in (None, random.floats(8, kind=kind)):
                y = torch.nn.functional.conv2d(
                    *(None if t is None else torch.tensor(t) for t in wide(np.moveaxis(x, -1, 1), w, bias)), groups=group,
                    stride=attributes.get("strides", 1), dilation=attributes.get("dilations", 1), padding=int("pads" in attributes))
                y = np.moveaxis(y.numpy(), 1, -1)
                own = attributes | {"group": group, "kernel_shape": [3, 3]}
                z = random.floats(*y.shape, kind=kind)
                yield Case("NhwcConv", [x, w, bias], own, reference=lambda y=y, k=kind: [y.astype(k)])
                yield Case("NhwcFusedConv", [x, w, bias], own | {"activation": "Tanh"}, reference=lambda y=y, k=kind: [np.tanh(y).astype(k)])
                yield Case("NhwcFusedConv", [x, w, bias, z], own | {"activation": "Relu"},
                           reference=lambda y=y + z.astype(np.float64), k=kind: [np.maximum(y, 0).astype(k)])


GROUPS = [biases, groups, convolutions]

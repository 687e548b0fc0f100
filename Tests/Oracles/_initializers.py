"""Comparing what two quantizers put into the initializers of a model, value by value."""
from collections import Counter

from _harness import *

compared = Counter()
combinations = Counter()


def operators(path):
    """How many nodes of each operator a file has."""
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def only(counts, names):
    return Counter({name: count for name, count in counts.items() if name in names})


def part(name):
    """What a quantized initializer is, from the way ONNX Runtime names it."""
    for ending, what in (("_scale", "scales"), ("_zero_point", "zero points"), ("_quantized", "codes and biases")):
        if name.endswith(ending):
            return what
    return "other"


def differences(wanted, got, float_names):
    """The names and counts of the values that differ, among what quantization added."""
    wrong = []
    for name, array in wanted.items():
        if name in float_names:
            continue
        compared[part(name)] += array.size
        other = got.get(name)
        if other is None:
            wrong.append(f"{name} is missing")
        elif other.dtype != array.dtype or other.size != array.size:
            wrong.append(f"{name} is {other.dtype}{list(other.shape)}, not {array.dtype}{list(array.shape)}")
        elif other.tobytes() != array.tobytes():
            bad = np.flatnonzero(other.ravel() != array.ravel())
            first = bad[0] if len(bad) else 0
            wrong.append(f"{name}: {len(bad)} of {array.size} differ, at {first} {other.ravel()[first]} for {array.ravel()[first]}")
    return wrong


def same_initializers(checks, what, theirs, ours, model):
    """One check: every initializer that `theirs` added to `model` is in `ours`, to the byte."""
    wanted, got, float_names = initializers(theirs), initializers(ours), set(initializers(model))
    combinations[what] += 1
    wrong = differences(wanted, got, float_names)
    added = [name for name in wanted if name not in float_names]
    return checks.check(not wrong, what, f"{len(wrong)} of {len(added)} differ; {'; '.join(wrong[:3])}" if wrong else f"{len(added)} equal")


def print_compared():
    print(f"{len(combinations)} combinations; compared " + ", ".join(f"{count:,} {what}" for what, count in compared.items()))

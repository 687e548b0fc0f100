"""The table behind opset_read.py: small models of one operator, each good for a range of versions of that operator.

    case("Clip", F(2, 3), min=-0.5, max=0.5, until=6)
    case("Clip", F(2, 3), K(-0.5), K(0.5), since=11)

Operands are arrays, None for one that is left out, lists for sequences; `K(...)` is stored in the model as a constant. The
files _opset_elementwise.py, _opset_layout.py and _opset_network.py fill the table.
"""
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(3)
CASES = []


@dataclass
class Case:
    op: str
    operands: list
    since: int
    until: int
    outputs: list
    by: object
    like: int
    captured: int
    attributes: dict = field(default_factory=dict)


@dataclass
class K:
    """An operand that the model stores."""

    value: object


def case(op, *operands, since=1, until=99, outputs=1, by=None, like=0, captured=0, **attributes):
    """Adds a model for every version of `op` from `since` to `until`; `by` computes the outputs where no engine does,
    and `like` is a version that says the same and whose evaluation serves.

    `outputs` is a number, or a list in which None leaves a result out. The last `captured` operands are only for subgraphs.
    """
    outputs = [f"y{index}" for index in range(outputs)] if isinstance(outputs, int) else outputs
    CASES.append(Case(op, list(operands), since, until, outputs, by, like, captured, attributes))


def F(*shape, dtype=np.float32):
    return RANDOM.standard_normal(shape).astype(dtype)


def P(*shape):
    """Positive floats, not near zero."""
    return RANDOM.uniform(0.25, 2, shape).astype(np.float32)


def I(*values, dtype=np.int64):
    return np.array(values, dtype)


def S(value, dtype=np.float32):
    """A scalar."""
    return np.array(value, dtype)


def B(*shape):
    return RANDOM.random(shape) < 0.5


def U(*shape, top=255, dtype=np.uint8):
    return RANDOM.integers(0, top, shape).astype(dtype)


def T(*words):
    return np.array(words, object)


@cache
def versions(op):
    """The versions of an operator, ascending, without those that only say that it is gone."""
    found = [s for s in onnx.defs.get_all_schemas_with_history() if s.domain == "" and s.name == op]
    return sorted(s.since_version for s in found if not s.deprecated or s.name == "GroupNormalization")


def last_opset(op, version):
    """The last opset in which an operator has the form of `version`."""
    later = [v for v in versions(op) if v > version]
    gone = {"Scatter": 11, "Upsample": 10}
    return (min(later) if later else gone.get(op, onnx.defs.onnx_opset_version() + 1)) - 1


def value_info(name, value):
    if isinstance(value, list):
        kind = helper.np_dtype_to_tensor_dtype(value[0].dtype) if value else TensorProto.FLOAT
        return helper.make_tensor_sequence_value_info(name, kind, None)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape))


def model(case, version, outputs=None):
    """The case's model at `version`, its outputs typed by the arrays `outputs`; and what it reads."""
    names, constants, inputs, feeds = [], [], [], {}
    for index, operand in enumerate(case.operands):
        name = f"x{index}"
        names.append("" if operand is None else name)
        if isinstance(operand, K):
            array = operand.value if isinstance(operand.value, np.ndarray) else np.array(operand.value, np.float32)
            constants.append(numpy_helper.from_array(array, name))
            if version < 9:
                inputs.append(value_info(name, array))
        elif operand is not None:
            inputs.append(value_info(name, operand))
            feeds[name] = operand
    names = names[: len(names) - case.captured]
    node = helper.make_node(case.op, names, [name or "" for name in case.outputs], name="node", **case.attributes)
    given = [name for name in case.outputs if name]
    typed = [value_info(*pair) for pair in zip(given, outputs)] if outputs else [onnx.ValueInfoProto(name=n) for n in given]
    graph = helper.make_graph([node], "graph", inputs, typed, constants)
    imports = [helper.make_opsetid("", version)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir_version(version)), feeds


def ir_version(opset):
    lowest = {9: 4, 10: 5, 11: 6, 12: 7, 15: 8, 19: 9, 21: 10, 23: 11, 24: 12, 25: 13, 28: 14}
    return max([ir for first, ir in lowest.items() if opset >= first], default=3)


def body(nodes, inputs, outputs, name="body"):
    """A subgraph; inputs and outputs are (name, element type, shape)."""
    return helper.make_graph(
        [helper.make_node(op, reads, gives, **attributes) for op, reads, gives, attributes in nodes], name,
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs])


FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL

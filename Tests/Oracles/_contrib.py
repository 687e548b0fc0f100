"""One case of the contrib oracle: a node of com.microsoft with its operands, and what its results are compared with."""
import dataclasses
import itertools

import numpy as np
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"


@dataclasses.dataclass
class Packed:
    """Codes of 4 bits, which NumPy has no type for: they travel as an initializer, one code to an element here."""
    codes: np.ndarray
    signed: bool

    def initializer(self, name):
        nibbles = (self.codes.astype(np.int64).ravel() & 15).astype(np.uint8)
        if nibbles.size % 2:
            nibbles = np.append(nibbles, np.uint8(0))
        kind = TensorProto.INT4 if self.signed else TensorProto.UINT4
        return helper.make_tensor(name, kind, self.codes.shape, (nibbles[::2] | nibbles[1::2] << 4).tobytes(), raw=True)


@dataclasses.dataclass
class Case:
    op: str
    operands: list  # arrays, Packed, or None where one is left out
    attributes: dict = dataclasses.field(default_factory=dict)
    results: tuple = (True,)  # which results the node has
    domain: str = MICROSOFT
    codes: int = 0  # how many codes integer results may be apart
    tolerance: float = None  # of the range; None: by the type
    reference: object = None  # computes the results where ONNX Runtime's CPU build has no kernel
    constant: tuple = ()  # operands that are initializers
    narrow: bool = False  # results of 4 bits: cast to 8 to be read
    typed: tuple = ()  # results whose type is that of operand 0, where ONNX Runtime must be told
    number: int = dataclasses.field(default_factory=itertools.count().__next__)

    def __str__(self):
        shapes = ", ".join("-" if x is None else "4-bit" + str(list(x.codes.shape)) if isinstance(x, Packed)
                           else f"{x.dtype}{list(x.shape)}" for x in self.operands)
        return f"{self.op}({shapes}) {self.attributes}"

    def outputs(self):
        return [f"c{self.number}_r{index}" for index, wanted in enumerate(self.results) if wanted]

    def results_info(self):
        kind = {f"c{self.number}_r{index}": helper.np_dtype_to_tensor_dtype(self.operands[0].dtype) for index in self.typed}
        return [helper.make_tensor_value_info(name, kind[name], None) if name in kind else helper.make_empty_tensor_value_info(name)
                for name in self.outputs()]

    def feeds(self):
        return {f"c{self.number}_o{index}": x for index, x in enumerate(self.operands)
                if isinstance(x, np.ndarray) and index not in self.constant}

    def nodes(self):
        own = [f"c{self.number}_o{index}" if x is not None else "" for index, x in enumerate(self.operands)]
        given = [f"c{self.number}_r{index}" if wanted else "" for index, wanted in enumerate(self.results)]
        if not self.narrow:
            return [helper.make_node(self.op, own, given, name=f"case{self.number}", domain=self.domain, **self.attributes)]
        node = helper.make_node(self.op, own, ["n" + given[0]], name=f"case{self.number}", domain=self.domain, **self.attributes)
        return [node, helper.make_node("Cast", node.output, given, to=TensorProto.INT8)]

    def initializers(self):
        for index, x in enumerate(self.operands):
            name = f"c{self.number}_o{index}"
            if isinstance(x, Packed):
                yield x.initializer(name)
            elif index in self.constant and x is not None:
                yield numpy_helper.from_array(x, name)


def model(cases):
    """All cases as nodes of one graph."""
    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
              for case in cases for name, x in case.feeds().items()]
    outputs = [value for case in cases for value in case.results_info()]
    graph = helper.make_graph([node for case in cases for node in case.nodes()], "contrib", inputs, outputs,
                              [tensor for case in cases for tensor in case.initializers()])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


class Random:
    """Operands from a fixed seed."""

    def __init__(self, seed):
        self.source = np.random.default_rng(seed)

    def floats(self, *shape, kind=np.float32, scale=1.0):
        return (self.source.standard_normal(shape) * scale).astype(kind)

    def positive(self, *shape, kind=np.float32, low=0.01, high=0.2):
        return self.source.uniform(low, high, shape).astype(kind)

    def codes(self, kind, *shape):
        info = np.iinfo(kind)
        return self.source.integers(info.min, info.max + 1, shape).astype(kind)

    def below(self, limit, *shape, kind=np.int32):
        return self.source.integers(0, limit, shape).astype(kind)

    def pick(self, *options):
        return options[self.source.integers(len(options))]

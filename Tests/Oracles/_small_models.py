"""Small models with one family of operators each, for comparing what two quantizers write."""
from onnx import TensorProto, helper, numpy_helper

from _harness import *

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Small:
    """A model in the making: constants from a seed, nodes in order, one or more inputs."""

    def __init__(self, name, opset=17, seed=0):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.inputs, self.outputs, self.domains = [], [], [], [], set()

    def input(self, name, shape, kind=FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name, shape=None, kind=FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def weight(self, name, shape, scale=1.0):
        """Normal numbers, each last-axis channel of its own size."""
        array = self.random.standard_normal(shape) * scale
        array = array * np.exp(self.random.uniform(-1, 1, shape[-1:])) if shape else array
        return self.constant(name, array.astype(np.float32))

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, operands, results, domain="", **attributes):
        results = [results] if isinstance(results, str) else results
        if domain:
            self.domains.add(domain)
        name = attributes.pop("node_name", f"{results[0]}_{op}")
        self.nodes.append(helper.make_node(op, operands, results, name=name, domain=domain, **attributes))
        return results[0]

    def save(self, folder):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        imports = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid(domain, 1) for domain in sorted(self.domains)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=8)
        path = folder / f"{self.name}.onnx"
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        return path


def perceptron():
    """Products of two and three axes, plain and transposed Gemm, a shared activation."""
    m = Small("perceptron")
    x = m.input("x", ["n", 12])
    a = m.node("MatMul", [x, m.weight("w1", (12, 20))], "a")
    b = m.node("Add", [a, m.weight("b1", (20,))], "b")
    b = m.node("Relu", [b], "r")
    c = m.node("Gemm", [b, m.weight("w2", (8, 20)), m.weight("b2", (8,))], "c", transB=1)
    d = m.node("Gemm", [b, m.weight("w3", (20, 8)), m.weight("b3", (8,))], "d")
    e = m.node("Gemm", [b, m.weight("w4", (20, 8))], "e", alpha=0.5)
    f = m.node("Sum", [c, d, e], "f")
    m.node("MatMul", [f, m.weight("w5", (8, 5))], "y")
    m.output("y", ["n", 5])
    return m


def tokens():
    """Two tables, a product on what is gathered, transposed codes."""
    m = Small("tokens", seed=1)
    ids = m.input("ids", ["n", 6], INT64)
    a = m.node("Gather", [m.weight("words", (300, 16)), ids], "a")
    b = m.node("Gather", [m.weight("columns", (16, 300)), ids], "b", axis=1)
    b = m.node("Transpose", [b], "bt", perm=[1, 2, 0])
    c = m.node("Add", [a, b], "c")
    p = m.node("MatMul", [a, m.weight("wp", (16, 16))], "p")
    q = m.node("MatMul", [c, m.weight("wq", (16, 16))], "q")
    k = m.node("MatMul", [c, m.weight("wk", (16, 16))], "k")
    kt = m.node("Transpose", [k], "kt", perm=[0, 2, 1])
    s = m.node("MatMul", [q, kt], "s")
    s = m.node("Softmax", [s], "soft", axis=-1)
    v = m.node("MatMul", [s, p], "v")
    m.node("MatMul", [v, m.weight("wo", (16, 4))], "y")
    m.output("y", ["n", 6, 4])
    return m


def convolutions():
    """Convolutions with and without bias, grouped, and a product behind them."""
    m = Small("convolutions", seed=2)
    x = m.input("x", ["n", 3, 8, 8])
    a = m.node("Conv", [x, m.weight("w1", (8, 3, 3, 3)), m.weight("b1", (8,))], "a", pads=[1, 1, 1, 1])
    a = m.node("Relu", [a], "ar")
    b = m.node("Conv", [a, m.weight("w2", (8, 1, 3, 3))], "b", pads=[1, 1, 1, 1], group=8)
    c = m.node("GlobalAveragePool", [b], "c")
    c = m.node("Flatten", [c], "flat")
    m.node("Gemm", [c, m.weight("w3", (5, 8)), m.weight("b3", (5,))], "y", transB=1)
    m.output("y", ["n", 5])
    return m


def recurrent(directions=1):
    """An LSTM and a product on what it gives."""
    m = Small(f"recurrent{directions}", seed=3 + directions)
    x = m.input("x", [5, 2, 6])
    w, r = m.weight("w", (directions, 16, 6)), m.weight("r", (directions, 16, 4))
    b = m.weight("b", (directions, 32))
    direction = {"direction": "bidirectional"} if directions == 2 else {}
    h = m.node("LSTM", [x, w, r, b], ["h"], hidden_size=4, **direction)
    m.node("MatMul", [h, m.weight("wo", (4, 3))], "y")
    m.output("y", [5, directions, 2, 3])
    return m


def deep_weight():
    """A product with a weight of three axes."""
    m = Small("deep_weight", seed=6)
    x = m.input("x", ["n", 4, 8])
    m.node("MatMul", [x, m.weight("w", (2, 8, 5))], "y")
    m.output("y", [2, 4, 5])
    return m


def fused_attention():
    """com.microsoft's Attention as ONNX Runtime's transformer optimizer writes it."""
    m = Small("fused_attention", seed=7)
    x = m.input("x", [2, 5, 8])
    a = m.node("Attention", [x, m.weight("w", (8, 24)), m.weight("b", (24,))], "a", "com.microsoft", num_heads=2)
    m.node("MatMul", [a, m.weight("wo", (8, 8))], "y")
    m.output("y", [2, 5, 8])
    return m


def embedding():
    """com.microsoft's EmbedLayerNormalization and a product."""
    m = Small("embedding", seed=8)
    ids = m.input("ids", ["n", 4], TensorProto.INT32)
    kinds = m.input("kinds", ["n", 4], TensorProto.INT32)
    operands = [ids, kinds, m.weight("words", (50, 8)), m.weight("places", (10, 8)), m.weight("kind_table", (10, 8)),
                m.weight("gamma", (8,)), m.weight("beta", (8,))]
    m.node("EmbedLayerNormalization", operands, ["e", "mask"], "com.microsoft")
    m.node("MatMul", ["e", m.weight("w", (8, 3))], "y")
    m.output("y", ["n", 4, 3])
    return m

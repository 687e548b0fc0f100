"""What a converted model must be, apart from its numbers: types that every operator takes, and no superfluous casts."""
import numpy as np
import onnx
from onnx import TensorProto, helper

NAMES = {
    TensorProto.FLOAT: "float", TensorProto.UINT8: "uint8", TensorProto.INT8: "int8", TensorProto.UINT16: "uint16",
    TensorProto.INT16: "int16", TensorProto.INT32: "int32", TensorProto.INT64: "int64", TensorProto.STRING: "string",
    TensorProto.BOOL: "bool", TensorProto.FLOAT16: "float16", TensorProto.DOUBLE: "double", TensorProto.UINT32: "uint32",
    TensorProto.UINT64: "uint64", TensorProto.COMPLEX64: "complex64", TensorProto.COMPLEX128: "complex128",
    TensorProto.BFLOAT16: "bfloat16", TensorProto.FLOAT8E4M3FN: "float8e4m3fn", TensorProto.FLOAT8E5M2: "float8e5m2",
    TensorProto.UINT4: "uint4", TensorProto.INT4: "int4",
}
HALVES = {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}


def spelled(kind):
    """A TypeProto as a schema spells it; None where it is not known."""
    if kind.HasField("tensor_type"):
        name = NAMES.get(kind.tensor_type.elem_type)
        return name and f"tensor({name})"
    for field, word in (("sequence_type", "seq"), ("optional_type", "optional")):
        if kind.HasField(field):
            inner = spelled(getattr(kind, field).elem_type)
            return inner and f"{word}({inner})"
    return None


def subgraphs(node):
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            yield from attribute.graphs


def graphs(graph):
    yield graph
    for node in graph.node:
        for inner in subgraphs(node):
            yield from graphs(inner)


def type_faults(model):
    """Every place where a node is given, or gives, a type that its operator does not take at the model's opset."""
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    versions = {one.domain: one.version for one in model.opset_import}
    faults = []
    visit(model.graph, {}, versions, faults)
    return faults


def visit(graph, outer, versions, faults):
    types = dict(outer)
    for value in [*graph.value_info, *graph.input, *graph.output]:
        known = spelled(value.type)
        if known:
            types[value.name] = known
    for tensor in graph.initializer:
        types[tensor.name] = f"tensor({NAMES.get(tensor.data_type)})"
    for node in graph.node:
        check(node, types, versions, faults)
        for inner in subgraphs(node):
            visit(inner, types, versions, faults)


def check(node, types, versions, faults):
    if node.domain not in ("", "ai.onnx.ml") or not onnx.defs.has(node.op_type, versions[node.domain], node.domain):
        return
    schema = onnx.defs.get_schema(node.op_type, versions[node.domain], node.domain)
    allowed = {one.type_param_str: one.allowed_type_strs for one in schema.type_constraints}
    bound = {}
    for values, formals in ((node.input, schema.inputs), (node.output, schema.outputs)):
        for index, name in enumerate(values):
            formal = formals[min(index, len(formals) - 1)]
            known = types.get(name)
            if not name or not known:
                continue
            where = f"{node.op_type} '{node.name}': '{name}' is {known}"
            if known not in allowed.get(formal.type_str, [formal.type_str]):
                faults.append(where)
            elif formal.is_homogeneous and formal.type_str in allowed:
                if bound.setdefault(formal.type_str, known) != known:
                    faults.append(f"{where}, and others are {bound[formal.type_str]}")


def cast_pairs(model):
    """Casts whose operand is cast between float32 and a half type by a node that does nothing else."""
    floats = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16}
    pairs = []
    for graph in graphs(model.graph):
        targets = {node.output[0]: helper.get_node_attr_value(node, "to") for node in graph.node if node.op_type == "Cast"}
        for node in graph.node:
            if node.op_type == "Cast" and targets.get(node.input[0]) in floats and targets[node.output[0]] in floats:
                pairs.append(node.name)
    return pairs


def cast_count(model):
    return sum(node.op_type == "Cast" for graph in graphs(model.graph) for node in graph.node)


def nodes_of(model):
    return [node for graph in graphs(model.graph) for node in graph.node]


def output_types(model):
    return [spelled(value.type) for value in model.graph.output]


def signal_to_noise(got, wanted):
    """In decibels; infinite where nothing differs, and minus infinite where something is not finite that should be."""
    got, wanted = got.astype(np.float64).ravel(), wanted.astype(np.float64).ravel()
    same = np.isfinite(wanted) & np.isfinite(got)
    if not np.array_equal(got[~same], wanted[~same], equal_nan=True):
        return -np.inf
    noise, signal = np.sum((got[same] - wanted[same]) ** 2), np.sum(wanted[same] ** 2)
    if noise == 0:
        return np.inf
    return float(10 * np.log10(signal / noise)) if signal > 0 else -np.inf

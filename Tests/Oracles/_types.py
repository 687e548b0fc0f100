"""Types of values, as inference finds them, and which of two is more precise.

A type is what `Conformance --types` writes: None for unknown, {"element": number, "shape": [2, "N", None]} for a tensor (a
shape of None: not even the rank), {"sequence": type}, {"optional": type}, {"map": [number, type]}, {"sparse": tensor}.
"""
import collections
import re

# From the best to the worst.
VERDICTS = ("equal", "more precise", "less precise", "contradictory")
SYMBOL = re.compile(r"[^\W\d][\w.]*")


def of_proto(proto):
    """The type that a TypeProto says."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(proto, kind)
        shape = None
        if tensor.HasField("shape"):
            shape = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in tensor.shape.dim]
        found = {"element": tensor.elem_type or None, "shape": shape}
        return found if kind == "tensor_type" else {"sparse": found}
    if kind == "sequence_type":
        return {"sequence": of_proto(proto.sequence_type.elem_type)}
    if kind == "optional_type":
        return {"optional": of_proto(proto.optional_type.elem_type)}
    if kind == "map_type":
        return {"map": [proto.map_type.key_type, of_proto(proto.map_type.value_type)]}
    return None


def of_graph(graph, prefix="", own=()):
    """The types of a graph's computed values by name, those of subgraphs as RESULT/ATTRIBUTE/VALUE.

    `own` are names of values that some tool added; they are left out.
    """
    declared = {value.name: value.type for value in (*graph.value_info, *graph.output)}
    computed = [name for node in graph.node for name in node.output if name]
    types = {prefix + name: of_proto(declared[name]) for name in computed if name in declared and name not in own}
    for node in graph.node:
        first = next((name for name in node.output if name), node.name)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                types |= of_graph(attribute.g, f"{prefix}{first}/{attribute.name}/", own)
    return types


def forget(graph):
    """Removes every type that is not an input's: inference has to find the others itself."""
    del graph.value_info[:]
    for output in graph.output:
        output.ClearField("type")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                forget(attribute.g)


def symbolize(graph):
    """Puts a symbol in the place of each fixed extent above 1 of the inputs, the same for equal numbers."""
    for value in graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value > 1:
                dim.dim_param = f"d{dim.dim_value}"


def batch(graph):
    """Puts a symbol in the place of the first extent of each input where all of these are 1; tells whether they are."""
    shapes = [value.type.tensor_type.shape for value in graph.input if value.name not in {t.name for t in graph.initializer}]
    if not all(shape.dim and shape.dim[0].dim_value == 1 for shape in shapes):
        return False
    for shape in shapes:
        shape.dim[0].dim_param = "batch"
    return True


class Comparison:
    """How the types that we found for the values of one model compare with those of a reference.

    A symbol of the reference says that extents are equal to an input's, which must have the same symbol with us or be a
    number, or to each other: then they must be with us what the first of them is. A symbol that stands once and is no
    input's says nothing, and unknown is as precise.
    """

    def __init__(self, ours, reference, given):
        """`given` are the symbols that the model's inputs declare."""
        self.given = set(given)
        self.places = collections.defaultdict(list)
        for name in [name for name in reference if name in ours]:
            self.collect(ours[name], reference[name], name)
        self.verdicts = {name: self.worst(ours[name], reference[name], name)
                         for name in sorted(reference.keys() & ours.keys())}
        self.missing = sorted(reference.keys() - ours.keys())

    def collect(self, ours, reference, path):
        """Gathers what each symbol of the reference is with us."""
        if ours is None or reference is None or ours.keys() != reference.keys():
            return
        if "element" not in reference:
            for key, inner in reference.items():
                a, b = (ours[key], inner) if key != "map" else (ours[key][1], inner[1])
                self.collect(a, b, path)
        elif ours["shape"] is not None and reference["shape"] is not None:
            for axis, (a, b) in enumerate(zip(ours["shape"], reference["shape"])):
                if isinstance(b, str):
                    self.places[b].append(((path, axis), a))

    def worst(self, ours, reference, path):
        return VERDICTS[max(map(VERDICTS.index, self.parts(ours, reference, path)), default=0)]

    def parts(self, ours, reference, path):
        """The verdict on each part of a type."""
        if reference is None or ours is None:
            return ["equal" if ours == reference else "more precise" if reference is None else "less precise"]
        if ours.keys() != reference.keys():
            return ["contradictory"]
        if "element" not in reference:
            (key, inner), = reference.items()
            if key == "map":
                same = ours[key][0] == inner[0]
                return ["equal" if same else "contradictory", *self.parts(ours[key][1], inner[1], path)]
            return self.parts(ours[key], inner, path)
        found = [self.number(ours["element"], reference["element"])]
        a, b = ours["shape"], reference["shape"]
        if a is None or b is None:
            return found + ["equal" if a == b else "more precise" if b is None else "less precise"]
        if len(a) != len(b):
            return ["contradictory"]
        return found + [self.extent(x, y) for x, y in zip(a, b)]

    def number(self, ours, reference):
        if ours == reference:
            return "equal"
        return "more precise" if reference is None else "less precise" if ours is None else "contradictory"

    def extent(self, ours, reference):
        if isinstance(reference, str):
            return self.symbol(ours, reference)
        if isinstance(ours, str) and reference is not None:
            return "less precise"
        return self.number(ours, reference)

    def symbol(self, ours, reference):
        """The verdict on an extent that is a symbol or an expression in the reference."""
        if isinstance(ours, int):
            return "more precise"
        if reference in self.given:
            return "equal" if ours == reference else "less precise"
        says = self.given.intersection(SYMBOL.findall(reference)) or len({place for place, _ in self.places[reference]}) > 1
        if not says:
            return "equal" if ours is None else "more precise"
        return "less precise" if ours is None or ours != self.places[reference][0][1] else "equal"


def symbols_of(graph):
    """The symbols that the inputs of a graph declare."""
    return {dim.dim_param for value in graph.input for dim in value.type.tensor_type.shape.dim if dim.dim_param}

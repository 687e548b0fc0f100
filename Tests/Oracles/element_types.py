"""Every element type that ONNX's schemas allow is computed: the ONNX project's cases of each operator with their operands
converted to each type of each type constraint, against ONNX's reference evaluator where that computes the type, too."""
import collections
import warnings

from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

from _harness import *

warnings.simplefilter("ignore")
np.seterr(all="ignore")
checks = Checks()
CONFORMANCE = pathlib.Path(DECANT).parent / "Conformance"
TYPES = {f"tensor({name})": code for name, code in {
    "float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8, "bool": 9, "float16": 10,
    "double": 11, "uint32": 12, "uint64": 13, "complex64": 14, "complex128": 15, "bfloat16": 16, "float8e4m3fn": 17,
    "float8e4m3fnuz": 18, "float8e5m2": 19, "float8e5m2fnuz": 20, "uint4": 21, "int4": 22, "float4e2m1": 23,
    "float8e8m0": 24, "uint2": 25, "int2": 26}.items()}
TOLERANCE = {TensorProto.FLOAT16: "4e-3 4e-3", TensorProto.BFLOAT16: "3e-2 3e-2"}

# The case itself fixes the type: by an attribute, a subgraph, or another operand.
BOUND = {"BitCast": "'to' fixes the width", "LabelEncoder": "attributes fix the type of the keys", "Loop": "the body fixes the type",
         "Scan": "the body fixes the type", "SequenceInsert": "the sequence fixes the type",
         "TfIdfVectorizer": "attributes fix the type of the terms"}
# Refused, because the specification's own words give it no meaning.
MEANINGLESS = {("Col2Im", "bool"), ("Col2Im", "complex64"), ("Col2Im", "complex128"), ("Col2Im", "string"),
               ("GridSample", "complex64"), ("GridSample", "complex128"), ("GridSample", "string")}
# Decant's numbers or types are not those of the reference evaluator.
DIFFERENT = {
    "AffineGrid": "the reference gives float32 whatever comes in", "Det": "the reference gives float64 for bfloat16",
    "Dropout": "the reference's ratio decides its type", "LayerNormalization": "the statistics are of stash_type",
    "RMSNormalization": "the result is of the scale's type", "ReduceSumSquare": "the reference widens 32-bit integers",
    "Adam": "the reference computes in the rate's type", "Momentum": "the reference computes in the rate's type",
    "GridSample": "the reference rounds integers after each axis", "Resize": "the reference rounds integers to the nearest",
    "STFT": "the reference transforms halves in halves", "Shrink": "the reference gives floats",
    "QLinearMatMul": "what NaN of 8-bit floats is as an integer is not defined",
    "DequantizeLinear": "the reference takes the zero point of float4 for 0, and gives the scale's own type of powers of two",
    "QuantizeLinear": "the reference takes no zero points of 8-bit floats but 0",
}


def converted(array, code):
    """The array in another type; numbers pass through float32."""
    kind = helper.tensor_dtype_to_np_dtype(code)
    if code == TensorProto.STRING:
        return array.astype(str).astype(object)
    if array.dtype == object:
        return np.arange(array.size).reshape(array.shape).astype(kind)
    return (array.real if array.dtype.kind == "c" else array.astype(np.float32)).astype(kind)


def message(value, array):
    kind = value.type.WhichOneof("value")
    if isinstance(array, onnx.TensorProto):
        return array
    if kind == "sequence_type":
        return numpy_helper.from_list(array, value.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(array, value.name)
    return numpy_helper.from_array(np.asarray(array), value.name)


def write(folder, case, operands, bound, results, code):
    """One case whose operands `bound` and `results` are of type `code`; whether the reference computes it."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for value in [*model.graph.input, *model.graph.output]:
        if value.name in bound + results:
            own = value.type.optional_type.elem_type if value.type.HasField("optional_type") else value.type
            if own.HasField("tensor_type"):
                own.tensor_type.elem_type = code
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "tolerance.txt").write_text(TOLERANCE.get(code, "1e-3 1e-4") + "\n")
    for place, value in enumerate(model.graph.input):
        (data / f"input_{place}.pb").write_bytes(message(value, operands[value.name]).SerializeToString())
    try:
        wanted = ReferenceEvaluator(model).run(None, operands)
        for place, (value, array) in enumerate(zip(model.graph.output, wanted)):
            (data / f"output_{place}.pb").write_bytes(message(value, array).SerializeToString())
    except Exception:  # noqa: BLE001 - the reference does not compute every type
        pass


def write_all(folder):
    """The cases, by name: operator and type."""
    by_operator = collections.defaultdict(list)
    for case in collect_testcases():
        if len(case.model.graph.node) == 1:
            node = case.model.graph.node[0]
            by_operator[node.domain, node.op_type].append(case)
    written = {}
    for schema in onnx.defs.get_all_schemas():
        seen = set()
        for case in by_operator[schema.domain, schema.name]:
            version = {one.domain: one.version for one in case.model.opset_import}[schema.domain]
            node = case.model.graph.node[0]
            given = tuple(bool(name) for name in node.input)
            if version < schema.since_version or given in seen:
                continue
            seen.add(given)
            operands = dict(zip([value.name for value in case.model.graph.input], case.data_sets[0][0]))
            formal = lambda list, place: list[min(place, len(list) - 1)].type_str
            for constraint in schema.type_constraints:
                variable = constraint.type_param_str
                bound = [name for place, name in enumerate(node.input) if name and formal(schema.inputs, place) == variable]
                results = [name for place, name in enumerate(node.output) if formal(schema.outputs, place) == variable]
                if not bound or not all(isinstance(operands.get(name), (np.ndarray, np.generic)) for name in bound):
                    continue
                for kind in constraint.allowed_type_strs:
                    if kind not in TYPES:
                        continue
                    own = operands | {name: converted(np.asarray(operands[name]), TYPES[kind]) for name in bound}
                    name = f"{schema.domain or 'ai.onnx'} {schema.name} {variable} {kind[7:-1]} {len(seen)}"
                    write(folder / name, case, own, bound, results, TYPES[kind])
                    written[name] = (schema.name, kind[7:-1])
    return written


folder = workspace()
cases = write_all(folder / "types")
done = subprocess.run([CONFORMANCE, folder, "--table", folder / "table.md"], capture_output=True, text=True)
wrong = dict(line.partition(" (")[::2] for line in done.stdout.splitlines() if " (" in line)
print(f"{len(cases)} cases")
for name, (op, kind) in sorted(cases.items()):
    reason = wrong.get(name, "").partition("): ")[2]
    if not reason:
        checks.check(True, name)
    elif "there is no" in reason:
        checks.check(True, name, "computed; the reference does not")
    elif op in BOUND:
        print(f"left out {name}: {BOUND[op]}")
    elif (op, kind) in MEANINGLESS:
        checks.check("expected" in reason, f"{name} is refused", reason)
    else:
        checks.check(op in DIFFERENT and reason.startswith("output"), name, f"{DIFFERENT.get(op, '')}: {reason}")
checks.check(len(cases) > 2000, "cases of every operator", len(cases))
checks.finish()

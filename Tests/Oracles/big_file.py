"""A 1 GB ONNX file: inspect under 0.1 s and 100 MB; convert under twice cp and sync, and 1.2 GB with the mapping. And 2.4 GB
of external data taken from opset 18 to 11: the same weights, the same outputs, and a peak below what was mapped and 200 MB."""
from onnx import TensorProto, helper

from _harness import *

SIDE, LAYERS = 2048, 64
TABLES, ROWS, WIDTH = 9, 16384, 4096
checks = Checks()
folder = workspace()


def make(path):
    """64 matrices of 16 MiB, one MatMul each: 1.07 GB."""
    random = np.random.default_rng(3)
    weights, nodes, value = [], [], "x"
    for layer in range(LAYERS):
        bits = random.integers(0x3C000000, 0x3D000000, (SIDE, SIDE), dtype=np.uint32)
        weights.append(helper.make_tensor(f"w{layer}", TensorProto.FLOAT, [SIDE, SIDE], bits.tobytes(), raw=True))
        nodes.append(helper.make_node("MatMul", [value, f"w{layer}"], [f"h{layer}"], name=f"layer{layer}"))
        value = f"h{layer}"
    shape = ["N", SIDE]
    graph = helper.make_graph(
        nodes, "big", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def python_beside(path):
    """What Python's onnx takes to load the file, and to load and save it: for the report, not a check."""
    load = f"import onnx; m = onnx.load('{path}')"
    for what, code in (("load", load), ("load and save", f"{load}; onnx.save(m, '{folder / 'python.onnx'}')")):
        seconds, peak = measured(sys.executable, "-c", code)
        print(f"     Python's onnx, {what}: {seconds:.2f} s, {peak:.0f} MB")
    (folder / "python.onnx").unlink()


def inspect(path):
    seconds, peak = fastest(5, DECANT, "inspect", path)
    checks.check(seconds < 0.1, "inspect: time", f"{seconds * 1000:.1f} ms")
    checks.check(peak < 100, "inspect: resident", f"{peak:.0f} MB")


def convert(path):
    """Takes turns with cp, and the best of three each: disks differ from minute to minute."""
    copies, ours, peaks = [], [], []
    for turn in range(3):
        copy, converted = folder / f"copy{turn}.onnx", folder / f"converted{turn}.onnx"
        copies.append(measured("sh", "-c", f"cp {path} {copy} && sync {copy}")[0])
        copy.unlink()
        seconds, peak = measured(DECANT, "convert", path, "-o", converted)
        ours.append(seconds)
        peaks.append(peak)
        if turn == 0:
            same = initializers(path)
            got = initializers(converted)
            checks.check(same.keys() == got.keys() and all(same_bits(got[name], same[name]) for name in same), "convert: every weight, bit for bit")
        converted.unlink()
    checks.check(min(ours) < 2 * min(copies), "convert: time", f"{min(ours):.2f} s, cp and sync {min(copies):.2f} s (all: {ours}, {copies})")
    checks.check(max(peaks) < 1200, "convert: resident", f"{max(peaks):.0f} MB")


def make_past_limit(path):
    """Nine tables of 256 MiB in a file beside the model, and operators that opset 11 writes in other forms."""
    random = np.random.default_rng(4)
    tables, nodes, rows = [], [], []
    with open(path.with_suffix(".bin"), "wb") as data:
        for table in range(TABLES):
            tensor = TensorProto(name=f"table{table}", data_type=TensorProto.FLOAT, dims=[ROWS, WIDTH],
                                 data_location=TensorProto.EXTERNAL)
            for key, value in (("location", path.with_suffix(".bin").name), ("offset", data.tell()), ("length", ROWS * WIDTH * 4)):
                tensor.external_data.add(key=key, value=str(value))
            random.standard_normal((ROWS, WIDTH), np.float32).tofile(data)
            tables.append(tensor)
            nodes.append(helper.make_node("Gather", [tensor.name, "ids"], [f"rows{table}"], name=f"rows{table}"))
            nodes.append(helper.make_node("Unsqueeze", [f"rows{table}", "first"], [f"row{table}"], name=f"row{table}"))
            rows.append(f"row{table}")
    nodes.append(helper.make_node("Concat", rows, ["all"], name="all", axis=0))
    nodes.append(helper.make_node("ReduceSum", ["all", "first"], ["sum"], name="sum", keepdims=0))
    nodes.append(helper.make_node("LayerNormalization", ["sum", "scale"], ["y"], name="norm"))
    small = [onnx.numpy_helper.from_array(np.array([0]), "first"), onnx.numpy_helper.from_array(np.ones(WIDTH, np.float32), "scale")]
    graph = helper.make_graph(
        nodes, "tables", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["N"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", WIDTH])], tables + small)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def tables_of(path):
    """The large tensors of a model, mapped."""
    mapped = {}
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            where = {entry.key: entry.value for entry in tensor.external_data}
            mapped[tensor.name] = np.memmap(
                path.parent / where["location"], np.float32, "r", int(where.get("offset", 0)), tuple(tensor.dims))
    return mapped


def past_limit():
    source, target = folder / "tables.onnx", folder / "older" / "tables.onnx"
    target.parent.mkdir()
    make_past_limit(source)
    size = source.with_suffix(".bin").stat().st_size
    seconds, peak = measured(DECANT, "convert", source, "-o", target, "--opset", "11")
    print(f"     {size:,} bytes of external data to opset 11: {seconds:.1f} s, {peak:.0f} MB")
    checks.check(peak < size / 1e6 + 200, "past 2 GiB: resident", f"{peak:.0f} MB")
    model = onnx.load(target, load_external_data=False)
    checks.check([entry.version for entry in model.opset_import] == [11], "past 2 GiB: written at opset 11")
    onnx.checker.check_model(str(target))
    before, after = tables_of(source), tables_of(target)
    same = before.keys() <= after.keys() and all(np.array_equal(before[name].view(np.uint32), after[name].view(np.uint32)) for name in before)
    checks.check(same and len(before) == TABLES, "past 2 GiB: every weight, bit for bit")
    ids = np.array([3, ROWS - 1, 77])
    rows = sum(table[ids].astype(np.float64) for table in before.values())
    wanted = (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + 1e-5)
    decant("run", target, "--input", save_npz(folder / "ids.npz", {"ids": ids}), "--output", folder / "y.npz")
    for whose, got in (("Decant", load_npz(folder / "y.npz")), ("ONNX Runtime", run_ort(target, {"ids": ids}))):
        off = off_by(got["y"], wanted.astype(np.float32))
        checks.check(off < 1e-5, f"past 2 GiB: {whose} computes the same", f"off by {off:.1g} of the range")


big = folder / "big.onnx"
make(big)
print(f"     the file: {big.stat().st_size:,} bytes")
checks.attempt("inspect", lambda: inspect(big))
checks.attempt("convert", lambda: convert(big))
python_beside(big)
big.unlink()
checks.attempt("past 2 GiB", past_limit)
checks.finish()

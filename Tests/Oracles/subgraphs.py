"""Quantization inside the branches and bodies of If and Loop, and recurrent layers and attention on codes made float again: what
is written loads in ONNX Runtime and computes nearly what the float model does."""
from onnxruntime.quantization import quantize_dynamic

from _small_models import *

limit_memory()
checks = Checks()
folder = workspace()
OUT = folder / "out.onnx"


def branches():
    """If with a product and its weight in each branch; one branch holds another If."""
    random = np.random.default_rng(12)

    def weight(name):
        return numpy_helper.from_array(random.standard_normal((32, 32)).astype(np.float32) / 6, name)

    def branch(name, nodes, constants):
        return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(f"{name}_y", FLOAT, ["n", 32])], constants)

    inner = [branch(name, [helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_y"], name=f"{name}_product")], [weight(f"{name}_w")])
             for name in ("deep_yes", "deep_no")]
    yes = branch("yes", [helper.make_node("If", ["d"], ["yes_y"], name="deep", then_branch=inner[0], else_branch=inner[1])], [])
    no = branch("no", [helper.make_node("Gemm", ["x", "no_w", "no_b"], ["no_y"], name="no_product")],
                [weight("no_w"), numpy_helper.from_array(random.standard_normal(32).astype(np.float32), "no_b")])
    m = Small("branches")
    m.input("x", ["n", 32])
    m.input("c", [], TensorProto.BOOL)
    m.input("d", [], TensorProto.BOOL)
    m.node("If", ["c"], "h", node_name="choice", then_branch=yes, else_branch=no)
    m.node("MatMul", ["h", m.weight("w", (32, 32), 0.1)], "y")
    m.output("y", ["n", 32])
    return m


def shared():
    """Two branches that read one weight of the graph around them."""
    def branch(name):
        return helper.make_graph([helper.make_node("MatMul", ["x", "w"], [f"{name}_y"], name=f"{name}_product")], name, [],
                                 [helper.make_tensor_value_info(f"{name}_y", FLOAT, ["n", 32])])

    m = Small("shared")
    m.input("x", ["n", 32])
    m.input("c", [], TensorProto.BOOL)
    m.weight("w", (32, 32), 0.2)
    m.node("If", ["c"], "y", node_name="choice", then_branch=branch("yes"), else_branch=branch("no"))
    m.output("y", ["n", 32])
    return m


def loop():
    """A state that goes through one product in each of four rounds."""
    random = np.random.default_rng(13)
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("MatMul", ["s", "body_w"], ["p"], name="step"), helper.make_node("Tanh", ["p"], ["t"])],
        "body", [helper.make_tensor_value_info("i", INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_tensor_value_info("s", FLOAT, ["n", 32])],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("t", FLOAT, ["n", 32])],
        [numpy_helper.from_array(random.standard_normal((32, 32)).astype(np.float32) / 6, "body_w")])
    m = Small("loop")
    m.input("x", ["n", 32])
    m.node("Loop", [m.constant("rounds", np.array(4, np.int64)), m.constant("going", np.array(True)), "x"], "y", body=body, node_name="rounds_of")
    m.output("y", ["n", 32])
    return m


def operators(graph):
    """The operators of a graph and of all inside it."""
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from operators(attribute.g)


def distance(model, other, feeds):
    wanted, got = run_ort(model, feeds), run_ort(other, feeds)
    return max(float(np.linalg.norm(got[name] - wanted[name]) / np.linalg.norm(wanted[name])) for name in wanted)


def inside(model, cases, scheme, options, gone, limit):
    before = len([op for op in operators(onnx.load(model).graph) if op in ("MatMul", "Gemm")])
    said = decant_json("quantize", model, "-o", OUT, "--force", "--quiet", "--no-optimize" if scheme == "int8-dynamic" else "--strict", "--scheme", scheme, *options)
    after = list(operators(onnx.load(OUT).graph))
    found = sum(after.count(op) for op in gone)
    checks.check(found == before and not {"MatMul", "Gemm"} & set(after), f"{model.stem}, {scheme}: all {before} products, whatever graph they are in", f"{found}")
    kept = [one.name for one in onnx.load(OUT).graph.initializer if one.data_type == TensorProto.FLOAT and list(one.dims) == [32, 32]]
    checks.check(not kept, f"{model.stem}, {scheme}: no float matrix stays", f"{kept}")
    checks.check(said["weights"] == before and said["skipped"] == 0, f"{model.stem}, {scheme}: the report counts them", f"{said['weights']} weights")
    for feeds in cases:
        off = distance(model, OUT, feeds)
        checks.check(off < limit, f"{model.stem}, {scheme}: near the float model in ONNX Runtime", f"{off:.4f}")
        inputs, outputs = save_npz(folder / "in.npz", feeds), folder / "out.npz"
        decant("run", OUT, "--input", inputs, "--output", outputs, "--force")
        mine, theirs = load_npz(outputs), run_ort(OUT, feeds)
        off = max(float(np.abs(mine[name] - theirs[name]).max()) for name in theirs)
        checks.check(off < (1e-4 if scheme == "int8-dynamic" else 0.05), f"{model.stem}, {scheme}: Decant's engine agrees", f"{off:.1e}")


def selectors(model):
    said = decant_json("quantize", model, "-o", OUT, "--force", "--quiet", "--no-optimize", "--scheme", "int8-dynamic", "--exclude", "deep_no_product")
    found = [node["name"] for node in said["nodes"] if node["status"] == "excluded"]
    checks.check(found == ["choice / deep / deep_no_product"], "a node inside is left out by its name", f"{found}")


def restored(model, form):
    """ONNX Runtime's dynamic form of a layer, made float again."""
    theirs, ours = folder / "theirs.onnx", folder / "float.onnx"
    quantize_dynamic(str(model), str(theirs), per_channel=True)
    has = form in set(operators(onnx.load(theirs).graph))
    decant("dequantize", theirs, "-o", ours, "--force", "--quiet")
    after = set(operators(onnx.load(ours).graph))
    checks.check(has and form not in after and not {"DynamicQuantizeLinear", "MatMulInteger"} & after, f"{model.stem}: {form} becomes a float layer", f"{sorted(after)}")
    off = distance(model, ours, feeds_for(model))
    checks.check(off < 0.02, f"{model.stem}: near the float model that it was made from", f"{off:.4f}")


def silero():
    """Its LSTM is left alone unless it is asked for: with noise as sound one input in a hundred reaches far out."""
    model = shared_model("silero_vad_16k_op15.onnx")
    if model is None:
        return
    words = ["quantize", model, "-o", OUT, "--force", "--quiet", "--scheme", "int8-dynamic"]
    said = {node["op"]: node for node in decant_json(*words)["nodes"]}["LSTM"]
    checks.check(not said["quantized"] and "--include LSTM" in said["outcome"], "silero: the recurrent layer is left alone, and it is said how to have it", said["outcome"])
    said = decant_json(*words, "--include", "LSTM")
    checks.check(said["weights"] == 2, "silero: the weights of its recurrent layer are codes", f"{OUT.stat().st_size} of {model.stat().st_size} bytes")
    feeds = feeds_for(model)
    feeds["input"] = np.random.default_rng(2).standard_normal((2, 512)).astype(np.float32) * 0.1
    off = float(np.abs(run_ort(model, feeds)["output"] - run_ort(OUT, feeds)["output"]).max())
    print(f"silero, LSTM on codes: state off by {distance(model, OUT, feeds):.3f}, the probability by {off:.4f}")
    decant("dequantize", OUT, "-o", folder / "float.onnx", "--force", "--quiet")
    off = distance(model, folder / "float.onnx", feeds)
    checks.check(off < 0.2, "silero: made float again, its state is near the float model's", f"{off:.4f}")


x = np.random.default_rng(5).standard_normal((3, 32)).astype(np.float32)
truth = [{"x": x, "c": np.array(c), "d": np.array(d)} for c in (True, False) for d in (True, False)]
for model, cases in ((branches().save(folder), truth), (loop().save(folder), [{"x": x}]),
                     (shared().save(folder), [{"x": x, "c": np.array(c)} for c in (True, False)])):
    for scheme, options, gone, limit in (("int8-dynamic", [], ["MatMulInteger"], 0.06), ("w8", ["--block", "32"], ["MatMulNBits"], 0.06)):
        checks.attempt(f"{model.stem}, {scheme}", lambda: inside(model, cases, scheme, options, gone, limit))
checks.attempt("selectors", lambda: selectors(branches().save(folder)))
for make, form in ((lambda: recurrent(1), "DynamicQuantizeLSTM"), (lambda: recurrent(2), "DynamicQuantizeLSTM"), (fused_attention, "QAttention")):
    checks.attempt(form, lambda: restored(make().save(folder), form))
checks.attempt("silero", silero)
checks.finish()

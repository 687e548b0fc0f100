"""Plans against what comes of them: predicted sizes against written files, predicted pairs against ONNX Runtime's own
optimized graph, targets that change types and leave nodes, and plans that write nothing."""
from collections import Counter

from _small_models import *
from _static import calibration_samples

limit_memory()
checks = Checks()
folder = workspace()
OUT = folder / "out.onnx"


def residual():
    """Integer arithmetic between convolutions, a transposed one that nothing fuses, products that give floats."""
    m = Small("residual", seed=5)
    x = m.input("x", ["n", 8, 8, 8])
    a = m.node("Conv", [x, m.weight("w1", (8, 8, 3, 3)), m.weight("b1", (8,))], "a", pads=[1, 1, 1, 1])
    a = m.node("Relu", [a], "ar")
    b = m.node("Conv", [a, m.weight("w2", (8, 8, 3, 3)), m.weight("b2", (8,))], "b", pads=[1, 1, 1, 1])
    c = m.node("Relu", [m.node("Add", [a, b], "c")], "cr")
    d = m.node("LeakyRelu", [m.node("Concat", [c, a], "d", axis=1)], "dl", alpha=0.1)
    d = m.node("Sigmoid", [m.node("Conv", [d, m.weight("w3", (8, 16, 1, 1))], "e")], "s")
    d = m.node("AveragePool", [m.node("Mul", [d, c], "mm")], "ap", kernel_shape=[2, 2], strides=[2, 2])
    d = m.node("ConvTranspose", [d, m.weight("w4", (8, 8, 2, 2))], "ct", strides=[2, 2], node_name="up")
    d = m.node("MatMul", [m.node("Transpose", [d], "tp", perm=[0, 2, 3, 1]), m.weight("w5", (8, 8))], "f")
    d = m.node("Reshape", [d, m.constant("sh", np.array([0, -1, 8], np.int64))], "g")
    m.node("Softmax", [m.node("MatMul", [d, m.weight("w6", (8, 4))], "h")], "y", axis=-1)
    m.output("y")
    return m


def attention():
    """One head: products with weights between pairs, products of activations in float."""
    m = Small("attention", seed=9)
    x = m.input("x", ["n", 6, 16])
    h = m.node("LayerNormalization", [x, m.weight("g", (16,)), m.weight("be", (16,))], "h")
    q = m.node("Add", [m.node("MatMul", [h, m.weight("wq", (16, 16))], "q"), m.weight("bq", (16,))], "qb")
    k = m.node("Transpose", [m.node("MatMul", [h, m.weight("wk", (16, 16))], "k")], "kt", perm=[0, 2, 1])
    v = m.node("MatMul", [h, m.weight("wv", (16, 16))], "v")
    o = m.node("MatMul", [m.node("Softmax", [m.node("MatMul", [q, k], "sc")], "sm", axis=-1), v], "o")
    o = m.node("Reshape", [m.node("Transpose", [o], "ot", perm=[0, 2, 1]), m.constant("sh", np.array([0, 6, 16], np.int64))], "or")
    m.node("Add", [m.node("MatMul", [o, m.weight("wo", (16, 16))], "oo"), x], "y")
    m.output("y", ["n", 6, 16])
    return m


def lonely():
    """A depthwise and a first convolution without int8 neighbours."""
    m = Small("lonely", seed=4)
    a = m.node("Tanh", [m.node("Conv", [m.input("x", ["n", 3, 16, 16]), m.weight("w1", (8, 3, 3, 3))], "a", node_name="first")], "t")
    m.node("Conv", [a, m.weight("w2", (8, 1, 3, 3))], "y", group=8, node_name="deep")
    m.output("y")
    return m


def plan(model, *options):
    return decant_json("quantize", model, "-o", folder / "never.onnx", "--dry-run", "--quiet", *options)


def left(path):
    """The quantizing nodes in the graph that ONNX Runtime runs."""
    optimized = folder / "optimized.onnx"
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.optimized_model_filepath = str(optimized)
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    counts = Counter(node.op_type for node in onnx.load(optimized, load_external_data=False).graph.node)
    return counts["QuantizeLinear"], counts["DequantizeLinear"]


def pairs(model, data, *options):
    """The pairs that are left, in the plan, in the account of the run, and in ONNX Runtime."""
    what = f"{model.parent.name}/{model.stem} {' '.join(options)}"
    planned = plan(model, "--target", "ort-cpu-vnni", *options)["forecast"]["pairs"]
    done = decant_json("quantize", model, "-o", OUT, "--force", "--quiet", "--target", "ort-cpu-vnni", "--data", data, *options)["forecast"]["pairs"]
    wanted = left(OUT)
    for name, found in (("the plan", planned), ("the run", done)):
        got = (found["quantize_left"], found["dequantize_left"])
        checks.check(got == wanted, f"{what}: pairs left, {name}", f"{got}, in ONNX Runtime {wanted}, of {found['quantize']} and {found['dequantize']}")


def size(model, share, *options, data=None):
    planned = plan(model, *options)["planned_bytes"]
    words = ["--data", data] if data else []
    decant("quantize", model, "-o", OUT, "--force", "--quiet", *options, *words)
    written = OUT.stat().st_size
    checks.check(abs(planned - written) <= share * written, f"{model.stem} {' '.join(map(str, options))}: size", f"{planned} planned, {written} written")


def targets():
    model = residual().save(folder)
    data = save_npz(folder / "residual.npz", feeds_for(model, batch=4))
    told = {node["name"]: node for node in plan(model, "--target", "ort-cpu-vnni")["nodes"]}
    checks.check(told["up"]["rule"] == "target ort-cpu-vnni" and not told["up"]["quantized"], "what has no kernel stays in float, by rule", told["up"]["outcome"])
    told = {node["name"]: node for node in plan(model, "--target", "tflite")["nodes"]}
    checks.check(told["up"]["quantized"], "and not on a target that has one")
    told = {node["name"]: node for node in plan(lonely().save(folder), "--target", "ort-cpu-avx2")["nodes"]}
    checks.check(not told["first"]["quantized"] and not told["deep"]["quantized"], "lonely slow convolutions stay in float", told["deep"]["outcome"])
    for target, limit in (("ort-cpu-vnni", 127), ("ort-cpu-avx2", 64)):
        for scheme, words in (("int8", ["--data", data]), ("int8-dynamic", [])):
            decant("quantize", model, "-o", OUT, "--force", "--quiet", "--scheme", scheme, "--target", target, *words)
            codes = [numpy_helper.to_array(one) for one in onnx.load(OUT).graph.initializer if one.data_type == TensorProto.INT8 and one.name.endswith("_quantized")]
            found = max(int(np.abs(one.astype(int)).max()) for one in codes)
            checks.check(found == limit, f"{target}, {scheme}: codes of weights reach {limit}", f"{found}")
    for target, kind in (("ort-arm", TensorProto.INT8), ("ort-cpu-vnni", TensorProto.UINT8)):
        decant("quantize", model, "-o", OUT, "--force", "--quiet", "--target", target, "--data", data)
        points = {one.data_type for one in onnx.load(OUT).graph.initializer if one.name == "x_zero_point"}
        checks.check(points == {kind}, f"{target}: the type of activations")


def warnings():
    model = made_model("minilm.onnx")
    for options, wanted in ((["--scheme", "nf4"], "smaller, not faster"), (["--scheme", "fp16"], "smaller, not faster"),
                            (["--scheme", "w4"], "one row"), (["--scheme", "int8-dynamic"], None)):
        forecast = plan(model, "--target", "ort-cpu-vnni", *options)["forecast"]
        said = " ".join(forecast["warnings"])
        figures = f"{forecast['speed_one_row']:.2f}x, {forecast['speed_many_rows']:.2f}x"
        checks.check(wanted in said if wanted else not said, f"{options[-1]}: {wanted or 'no warning'}", f"{figures} {said}")


def refusals():
    model = perceptron().save(folder)
    for words in (["--target", "gpu"], ["--target", "ort-arm", "--compat", "ort"], ["--scheme", "mixed", "--bits", "4", "--dry-run"],
                  ["--scheme", "w4", "--block", "512", "--target", "ort-cpu-vnni"], ["--dry-run", "--report", str(folder / "r.html")]):
        done = subprocess.run([DECANT, "quantize", str(model), "-o", str(folder / "no.onnx"), *words], capture_output=True, text=True)
        checks.check(done.returncode == 64, f"refused: {' '.join(words)}", done.stderr.strip().splitlines()[0][:120])


small = [one.save(folder) for one in (perceptron(), convolutions(), residual(), attention())]
for model in filter(None, [SAMPLES / "digits/teacher.onnx", SAMPLES / "digits/student.onnx", shared_model("mnist.onnx"),
                           shared_model("rfb320_nopost.onnx"), *small, made_model("minilm.onnx")]):
    known = model not in small
    data = save_npz(folder / f"{model.stem}.npz", calibration_samples(model, 4) if known else feeds_for(model, batch=4))
    checks.attempt(f"{model.stem}: pairs", lambda: pairs(model, data, "--smooth", "off"))
    if not known:
        checks.attempt(f"{model.stem}: pairs of symmetric codes", lambda: pairs(model, data, "--smooth", "off", "--symmetric"))
    for share, options, samples in ((0.01, [] if known else ["--smooth", "off"], data), (0, ["--scheme", "int8-dynamic"], None), (0, ["--scheme", "w4", "--algorithm", "rtn"], None),
                                    (0, ["--scheme", "w8", "--form", "qdq"], None), (0, ["--scheme", "nf4"], None),
                                    (0, ["--scheme", "fp16"], None), (0, ["--scheme", "fp8-e4m3"], None), (0, ["--form", "qoperator", "--smooth", "off", "--no-equalize"], data)):
        checks.attempt(f"{model.stem} {options}: size", lambda: size(model, share, *options, data=samples))
checks.check(not (folder / "never.onnx").exists(), "plans write nothing")
for action in (targets, warnings, refusals):
    checks.attempt(action.__name__, action)
checks.finish()

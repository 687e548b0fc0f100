"""Forms of quantized models: operators on codes to the byte as quantize_static's, NF4 and FP4 as MatMulBnb4, conversions
between forms, dequantizing, and models that others quantized. Every file that is written runs in ONNX Runtime."""
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.quantization.matmul_bnb4_quantizer import MatMulBnb4Quantizer

from onnx import helper, numpy_helper

from _forms import *
from _minilm import embeddings

checks = Checks()
folder = workspace()
OPTIONS = [("", [], {}), ("reduced", ["--reduce-range"], {"reduce_range": True}),
           ("symmetric", ["--symmetric"], {"extra_options": {"ActivationSymmetric": True}}),
           ("asymmetric weights", ["--no-symmetric-weights"], {"extra_options": {"WeightSymmetric": False}}),
           ("no Conv", ["--exclude", "Conv"], {"exclude_type": "Conv"})]


def operators_as_theirs(model, cache, activations, weights, per_channel, option):
    """Scales, zero points, codes and biases to the byte, the same operators on codes, and one answer of both engines."""
    name, words, keywords = option
    what = f"{label(model)} qoperator, {activations}/{weights}, per {'channel' if per_channel else 'tensor'}{', ' * bool(name)}{name}"
    keywords = dict(keywords)
    excluded = keywords.pop("exclude_type", None)
    if excluded:
        keywords["nodes_to_exclude"] = [node.name for node in onnx.load(model).graph.node if node.op_type == excluded]
        if not keywords["nodes_to_exclude"]:
            return
    theirs, ours = folder / "theirs.onnx", folder / "ours.onnx"
    operator_quantize(model, theirs, cache, "minmax", activations, weights, per_channel, **keywords)
    decant("quantize", model, "-o", ours, "--scheme", "int8", "--form", "qoperator", "--compat", "ort", "--stats", cache,
           "--activation-type", activations, "--weight-type", weights, "--force", *words, *["--per-channel"] * per_channel)
    same_initializers(checks, what, theirs, ours, model)
    wanted, got = on_codes(theirs), on_codes(ours)
    checks.check(got == wanted, f"{what}: the operators on codes", f"{dict(got)}, theirs {dict(wanted)}" if got != wanted else "")
    agrees(ours, what)


def answers(path, feeds):
    """What Decant computes, by name."""
    save_npz(folder / "x.npz", feeds)
    decant("run", path, "--input", folder / "x.npz", "--output", folder / "y.npz", "--force", "--backend", "reference")
    return load_npz(folder / "y.npz")


def agrees(path, what):
    """Both engines give the same answer; but ONNX Runtime's softmax of codes sums exponentials from a rounded table."""
    limit = 1.01 / 255 if "QLinearSoftmax" in operators(path) else 0
    feeds = feeds_for(path, seed=5, batch=2)
    wanted, got = run_ort(path, feeds), answers(path, feeds)
    worst = max(off_by(got[name], value) for name, value in wanted.items())
    checks.check(worst <= limit, f"{what}: one answer of both engines", f"largest difference {worst:.1e} of the range" if worst else "")


models = [one.save(folder) for one in (perceptron(), tokens(), convolutions(), activations(), splits())]
models.append(SAMPLES / "digits/teacher.onnx")
for model in models:
    cache = folder / f"{model.stem}.json"
    samples = calibration_samples(model, 4) if model.parent.name == "digits" else feeds_for(model, batch=4)
    if model.parent.name != "digits" and next(iter(samples.values())).shape[0] == 1:
        samples = {name: np.concatenate([array] * 4) for name, array in samples.items()}
    operator_quantize(model, folder / "first.onnx", cache, samples=samples)
    plans = [(pair, per_channel, OPTIONS[0]) for pair in (("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8")) for per_channel in (False, True)]
    plans += [(("uint8", "int8"), per_channel, option) for option in OPTIONS[1:] for per_channel in (False, True)]
    for (activation, weight), per_channel, option in plans:
        what = f"{label(model)}, {activation}/{weight}, {per_channel}, {option[0]}"
        checks.attempt(what, lambda: operators_as_theirs(model, cache, activation, weight, per_channel, option))

def real_operators_as_theirs(model, per_channel):
    """On real models: the same bytes, the same operators on codes, and in ONNX Runtime the same outputs to the bit."""
    what = f"{label(model)} qoperator, per {'channel' if per_channel else 'tensor'}"
    cache, theirs, ours = folder / f"{model.stem}.json", folder / "theirs.onnx", folder / "ours.onnx"
    operator_quantize(model, theirs, cache, per_channel=per_channel, samples=calibration_samples(model, 2))
    decant("quantize", model, "-o", ours, "--scheme", "int8", "--form", "qoperator", "--compat", "ort", "--stats", cache,
           "--force", *["--per-channel"] * per_channel)
    same_initializers(checks, what, theirs, ours, model)
    checks.check(on_codes(ours) == on_codes(theirs), f"{what}: the operators on codes", str(dict(on_codes(ours))))
    feeds = calibration_samples(model, 1)
    wanted, got = run_ort(theirs, feeds), run_ort(ours, feeds)
    checks.check(all(same_bits(got[name], value) for name, value in wanted.items()), f"{what}: outputs to the bit as theirs")


for model, axes in ((shared_model("mnist.onnx"), (False, True)), (shared_model("rfb320_nopost.onnx"), (False, True)), (made_model("minilm.onnx"), (True,))):
    for per_channel in axes if model else ():
        checks.attempt(f"{label(model)} qoperator", lambda: real_operators_as_theirs(model, per_channel))
print_compared()


def a_factor_and_a_bias():
    """A fault of ONNX Runtime's tool that is not copied: the bias of a QGemm with a factor is multiplied by it, too."""
    model = scaled().save(folder)
    cache, theirs, ours = folder / "scaled.json", folder / "theirs.onnx", folder / "ours.onnx"
    feeds = feeds_for(model, batch=4)
    operator_quantize(model, theirs, cache, samples=feeds)
    decant("quantize", model, "-o", ours, "--form", "qoperator", "--compat", "ort", "--stats", cache, "--force")
    same_initializers(checks, "a factor and a bias", theirs, ours, model)
    wanted = run_ort(model, feeds)["y"]
    wrong, right = off_by(run_ort(theirs, feeds)["y"], wanted), off_by(run_ort(ours, feeds)["y"], wanted)
    checks.check(wrong > 0.05 and right < 0.02, "a factor and a bias: theirs is wrong, ours is left between pairs", f"{wrong:.3f} and {right:.3f}")


def a_relu_beside():
    """Another: a Relu behind codes is dropped though others read what it reads. --compat ort does so, too; the default does not."""
    model = beside().save(folder)
    cache, theirs, ours = folder / "beside.json", folder / "theirs.onnx", folder / "ours.onnx"
    feeds = feeds_for(model, batch=1)
    operator_quantize(model, theirs, cache, samples=feeds)
    wanted = run_ort(model, feeds)["y"]
    decant("quantize", model, "-o", ours, "--form", "qoperator", "--compat", "ort", "--stats", cache, "--force")
    copied, wrong = off_by(run_ort(ours, feeds)["y"], wanted), off_by(run_ort(theirs, feeds)["y"], wanted)
    decant("quantize", model, "-o", ours, "--form", "qoperator", "--data", save_npz(folder / "x.npz", feeds), "--force")
    right = off_by(run_ort(ours, feeds)["y"], wanted)
    agrees(ours, "a Relu beside others")
    checks.check(wrong > 0.1 and copied == wrong and right < 0.02, "a Relu beside others: dropped in --compat ort only", f"{wrong:.3f}, {copied:.3f} and {right:.3f}")


def convert(model, form, out="converted.onnx"):
    said = decant_json("convert", model, "-o", folder / out, "--form", form, "--force")
    return folder / out, said


def codes(path):
    """What a file holds in codes, whatever the names: types and bytes of every initializer of whole numbers."""
    whole = {onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.INT4, onnx.TensorProto.UINT4}
    found = set()
    for one in onnx.load(path).graph.initializer:
        if one.data_type in whole and np.prod(one.dims) > 1:
            found.add((one.data_type, tuple(one.dims), onnx.numpy_helper.to_array(one).tobytes()))
    return found


def pairs_to_operators_and_back(model):
    """qdq, qoperator, qdq again: the same codes, and to the bit the outputs of the first."""
    cache = folder / f"{model.stem}.json"
    first, back = folder / "qdq.onnx", None
    decant("quantize", model, "-o", first, "--stats", cache, "--force", "--compat", "ort", "--per-channel")
    middle, said = convert(first, "qoperator", "middle.onnx")
    checks.check(codes(first) == codes(middle), f"{label(model)} qdq to qoperator: the same codes", f"{said['converted']} nodes, {said['left']} left")
    agrees(middle, f"{label(model)} qdq to qoperator")
    back, said = convert(middle, "qdq", "back.onnx")
    feeds = feeds_for(first, seed=6)
    wanted, got = run_ort(first, feeds), run_ort(back, feeds)
    same = all(same_bits(got[name], value) for name, value in wanted.items())
    checks.check(same and codes(back) == codes(first), f"{label(model)} qoperator to qdq: outputs to the bit")
    checks.check(not on_codes(back), f"{label(model)} qoperator to qdq: nothing on codes is left", str(dict(on_codes(back))))


def moved(op, kind):
    """What only moves elements does it on codes, and ONNX Runtime has a kernel for that."""
    model = mover(op, kind).save(folder)
    out, said = convert(model, "qoperator")
    feeds = feeds_for(model, seed=3)
    wanted, got = run_ort(model, feeds), run_ort(out, feeds)
    same = all(same_bits(got[name], value) for name, value in wanted.items())
    checks.check(same and said["left"] == 0, f"{op} of {kind.__name__} codes")


def theirs_to_pairs(model):
    """What ONNX Runtime's tool wrote on codes, between pairs: a code or so apart; as floats: near the float model."""
    theirs, cache = folder / "theirs.onnx", folder / f"{model.stem}.json"
    operator_quantize(model, theirs, cache, per_channel=True)
    pairs, said = convert(theirs, "qdq", "pairs.onnx")
    feeds = calibration_samples(model, 2) if model.parent.name == "digits" else feeds_for(theirs, seed=7)
    wanted, got, truth = run_ort(theirs, feeds), run_ort(pairs, feeds), run_ort(model, feeds)
    worst = max(off_by(got[name], value) for name, value in wanted.items())
    checks.check(worst < 0.03 and not on_codes(pairs), f"{label(model)} theirs to qdq", f"{said['converted']} nodes, largest difference {worst:.1e}")
    floats, said = convert(theirs, "float", "floats.onnx")
    rounded = max(off_by(wanted[name], value) for name, value in truth.items())
    rest = max(off_by(value, wanted[name]) for name, value in run_ort(floats, feeds).items())
    bare = not {"QuantizeLinear", "DequantizeLinear"} & set(operators(floats)) and not on_codes(floats)
    checks.check(bare and rest <= 1.5 * rounded + 0.01, f"{label(model)} theirs to float", f"{rest:.4f} from the quantized, which is {rounded:.4f} from the float model")


def blocks(bits, symmetric, block):
    """matmulnbits, qdq, matmulnbits again: the same bytes; and as floats the same products."""
    model, first = products().save(folder), folder / "blocks.onnx"
    what = f"w{bits} {'symmetric' if symmetric else 'free'} block {block}"
    decant("quantize", model, "-o", first, "--force", "--scheme", f"w{bits}", "--block", block, "--accuracy-level", 0,
           "--symmetric-weights" if symmetric else "--no-symmetric-weights")
    pairs, said = convert(first, "qdq", "pairs.onnx")
    kinds = operators(pairs)
    checks.check("MatMulNBits" not in kinds and "GatherBlockQuantized" not in kinds and not said["left"], f"{what}: to qdq", f"{said['converted']} nodes")
    again, said = convert(pairs, "matmulnbits", "again.onnx")
    checks.check(codes(again) == codes(first) and operators(again)["MatMulNBits"] == 3, f"{what}: and back, the same bytes")
    floats, _ = convert(first, "float", "floats.onnx")
    feeds = feeds_for(first, seed=8)
    wanted = run_ort(first, feeds)["y"]
    for name, path in (("qdq", pairs), ("matmulnbits again", again), ("float", floats)):
        worst = off_by(run_ort(path, feeds)["y"], wanted)
        checks.check(worst < 1e-5, f"{what}: {name} computes the same", f"{worst:.1e}")
    checks.check(set(operators(floats)) == set(operators(model)) - {"Gemm"} | {"Add"}, f"{what}: float has the operators of the source")


def static_weights_to_blocks():
    """Weights of static int8 as blocks, activations still between pairs; what has no such form is left with a reason."""
    model = SAMPLES / "digits/teacher.onnx"
    first = folder / "int8.onnx"
    decant("quantize", model, "-o", first, "--stats", folder / "teacher.json", "--force")
    out, said = convert(first, "matmulnbits")
    reasons = [node["outcome"] for node in said["nodes"] if not node["converted"]]
    checks.check(operators(out)["MatMulNBits"] == 2 and reasons and all("convolutions" in one for one in reasons), "static int8 to matmulnbits", reasons[0])
    feeds = feeds_for(first, seed=9)
    worst = max(off_by(got, wanted) for got, wanted in zip(run_ort(out, feeds).values(), run_ort(first, feeds).values()))
    checks.check(worst < 0.02, "static int8 to matmulnbits computes the same", f"{worst:.1e}")


def codebook(kind, block, dtype):
    """NF4 and FP4 to the byte as ONNX Runtime's quantizer has them."""
    random = np.random.default_rng(31)
    weights = [random.standard_normal(shape).astype(dtype) for shape in ((64, 32), (96, 33), (33, 31), (128, 65))]
    weights[0][:, :2] = 0
    elem = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"y{i}"], name=f"n{i}") for i in range(len(weights))]
    graph = helper.make_graph(
        nodes, "codebook", [helper.make_tensor_value_info(f"x{i}", elem, [2, w.shape[0]]) for i, w in enumerate(weights)],
        [helper.make_tensor_value_info(f"y{i}", elem, [2, w.shape[1]]) for i, w in enumerate(weights)],
        [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)])
    model, source, ours = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), folder / "c.onnx", folder / "o.onnx"
    onnx.save(model, source)
    decant("quantize", source, "-o", ours, "--force", "--scheme", kind, "--block", block)
    quantizer = MatMulBnb4Quantizer(model, 0 if kind == "fp4" else 1, block)
    quantizer.process()
    onnx.save(quantizer.model.model, folder / "t.onnx")
    what = f"{kind} block {block} {np.dtype(dtype).name}"
    same_initializers(checks, what, folder / "t.onnx", ours, source)
    if dtype != np.float32:
        return
    feeds = feeds_for(ours, seed=10)
    wanted, got = run_ort(ours, feeds), answers(ours, feeds)
    worst = max(off_by(got[name], value) for name, value in wanted.items())
    floats, _ = convert(ours, "float", "floats.onnx")
    undone = max(off_by(value, wanted[name]) for name, value in run_ort(floats, feeds).items())
    checks.check(max(worst, undone) < 1e-5, f"{what} runs, and as floats computes the same", f"{worst:.1e}, {undone:.1e}")
    decant("quantize", source, "-o", ours, "--force", "--scheme", kind, "--block", block, "--double")
    twice, got = run_ort(ours, feeds), answers(ours, feeds)
    worst = max(off_by(got[name], value) for name, value in twice.items())
    apart = max(off_by(value, wanted[name]) for name, value in twice.items())
    checks.check(worst < 1e-5 and apart < 0.01, f"{what} doubled runs", f"{apart:.1e} from the single one")


def minilm():
    """The embeddings of held-out texts keep their direction with NF4 weights; coded magnitudes cost nothing but bytes."""
    model, out = made_model("minilm.onnx"), folder / "nf4.onnx"
    reference, sizes = embeddings(model), []
    seen = ["--algorithm", "gptq", "--data", made_model("texts_256.npz")]
    for least, words in ((0.97, []), (0.97, ["--double"]), (0.985, seen)):
        decant("quantize", model, "-o", out, "--force", "--scheme", "nf4", *words)
        mean = np.mean([cosine(a, b) for a, b in zip(reference, embeddings(out))])
        weights = sum(len(one.raw_data) for one in onnx.load(out).graph.initializer if "Bnb4" in one.name or "absmax" in one.name)
        sizes.append(weights)
        what = f"minilm nf4 {' '.join(map(str, words))}".strip()
        checks.check(mean >= least, what, f"cosine {mean:.4f} (bar {least}), {out.stat().st_size / 1e6:.1f} MB, products {weights / 1e6:.2f} MB")
    checks.check(sizes[1] < 0.93 * sizes[0], "minilm nf4 --double is smaller", f"{sizes[1] / sizes[0]:.3f} of the bytes of the products")


def imported(name, path, model):
    """inspect counts what others quantized; quantizing again is refused; dequantize gives a float model that quantizes."""
    said = decant_json("inspect", path)["quantized"]
    checks.check(sum(said.values()) > 0, f"{name}: inspect", str(said))
    done = subprocess.run([DECANT, "quantize", str(path), "-o", str(folder / "no.onnx"), "--scheme", "w4"], capture_output=True, text=True)
    checks.check(done.returncode == 69 and "dequantize" in done.stderr, f"{name}: quantizing twice is refused", done.stderr.splitlines()[0])
    floats = folder / "floats.onnx"
    left = decant_json("dequantize", path, "-o", floats, "--force")["left"]
    feeds = feeds_for(path, seed=12)
    wanted, got, truth = run_ort(path, feeds), run_ort(floats, feeds), run_ort(model, feeds)
    rest = max(off_by(got[key], value) for key, value in wanted.items())
    rounded = max(off_by(wanted[key], value) for key, value in truth.items())
    checks.check(left == 0 and rest <= 1.5 * rounded + 0.01, f"{name}: dequantize", f"{rest:.4f} from the quantized, which is {rounded:.4f} from the float model")
    checks.check(not decant_json("inspect", floats)["quantized"], f"{name}: nothing in codes is left")
    decant("quantize", floats, "-o", folder / "again.onnx", "--scheme", "int8-dynamic", "--force")
    session(folder / "again.onnx")


def every_import():
    for model in (models[0], models[1], models[2]):
        out = folder / "dynamic.onnx"
        for per_channel in (False, True):
            quantize_dynamic(str(model), str(out), per_channel=per_channel)
            imported(f"{label(model)} by quantize_dynamic, per {'channel' if per_channel else 'tensor'}", out, model)
        for weights in ("int8", "uint8"):
            ort_quantize(model, out, folder / f"{model.stem}.json", "minmax", weights=weights, per_channel=True)
            imported(f"{label(model)} by quantize_static, {weights}", out, model)


checks.attempt("a factor and a bias", a_factor_and_a_bias)
checks.attempt("a Relu beside others", a_relu_beside)
for model in models:
    checks.attempt(f"{label(model)} to operators and back", lambda: pairs_to_operators_and_back(model))
    checks.attempt(f"{label(model)} theirs", lambda: theirs_to_pairs(model))
for op in MOVERS:
    for kind in (np.uint8, np.int8):
        checks.attempt(op, lambda: moved(op, kind))
for bits, symmetric, block in ((4, True, 32), (4, False, 32), (4, False, 128), (8, True, 64), (8, False, 16), (2, False, 32)):
    checks.attempt("blocks", lambda: blocks(bits, symmetric, block))
checks.attempt("static weights to blocks", static_weights_to_blocks)
for kind in ("nf4", "fp4"):
    for block in (16, 64, 256):
        for dtype in (np.float32, np.float16):
            checks.attempt(kind, lambda: codebook(kind, block, dtype))
checks.attempt("imports", every_import)
checks.attempt("minilm", minilm)
checks.finish()

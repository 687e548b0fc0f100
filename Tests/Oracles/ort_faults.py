"""Faults of ONNX Runtime's quantizers: --compat ort reproduces them or says why not, and the default does better."""
import contextlib
import io
import logging

from onnxruntime.quantization import quantize_dynamic

from _small_models import *
from _static import ort_quantize

logging.disable(logging.WARNING)
checks = Checks()
folder = workspace()
COMPAT = ["--compat", "ort", "--force"]


def stats(model, samples):
    cache = folder / f"{model.stem}.json"
    ort_quantize(model, folder / "first.onnx", cache, "minmax", samples=samples)
    return cache


def quantize(model, *options, expect=0):
    out = folder / "out.onnx"
    decant("quantize", model, "-o", out, "--force", *options, expect=expect)
    return out


def refusal(model, *options, code):
    """What Decant says when it refuses, or nothing when it does not."""
    done = subprocess.run([DECANT, "quantize", str(model), "-o", str(folder / "no.onnx"), "--force", *map(str, options)],
                          capture_output=True, text=True)
    return done.stderr if done.returncode == code else ""


def entropy():
    model, data = SAMPLES / "digits/student.onnx", SAMPLES / "digits/train.npz"
    scales = {}
    for method in ("minmax", "entropy"):
        for style in ([], COMPAT):
            out = quantize(model, "--data", data, "--method", method, *style)
            scales[method, bool(style)] = {k: v.tobytes() for k, v in initializers(out).items() if k.endswith("_scale")}
    checks.check(scales["minmax", True] == scales["entropy", True], "3: compat's entropy has one candidate, the extremes")
    checks.check(scales["minmax", False] != scales["entropy", False], "3: the default's entropy searches")


def broken_weights():
    for value in (np.inf, np.nan):
        m = Small(f"broken_{value}")
        m.input("x", [2, 4])
        w = np.ones((4, 3), np.float32)
        w[2, 1] = value
        m.node("MatMul", ["x", m.constant("w", w)], "y")
        m.output("y", [2, 3])
        model = m.save(folder)
        for style in ([], COMPAT[:2]):
            said = refusal(model, "--scheme", "int8-dynamic", *style, code=65)
            checks.check("'w'" in said and "element 7" in said, f"6: {value} in a weight is refused{' in compat too, for all its codes would be 0' if style else ''}", said.strip()[:120])


def old_opset():
    m = Small("opset11", opset=11)
    m.input("x", [1, 3, 8, 8])
    m.node("Conv", ["x", m.weight("w", (4, 3, 3, 3)), m.weight("b", (4,))], "y")
    m.output("y", [1, 4, 6, 6])
    model = m.save(folder)
    cache = stats(model, feeds_for(model))
    with contextlib.redirect_stdout(io.StringIO()):
        ort_quantize(model, folder / "theirs.onnx", cache, "minmax", per_channel=True)
    try:
        session(folder / "theirs.onnx")
        loads = True
    except Exception:  # noqa: BLE001
        loads = False
    checks.check(not loads, "7: ONNX Runtime does not load its own model per channel at opset 11")
    for style in ([], COMPAT[:2]):
        out = quantize(model, "--stats", cache, "--per-channel", *style)
        session(out)
        version = onnx.load(out).opset_import[0].version
        checks.check(version >= 13, f"7: Decant{' in compat' if style else ''} raises the opset and the model loads", f"opset {version}")


def unknown_names():
    model = SAMPLES / "digits/student.onnx"
    for style in ([], COMPAT[:2]):
        said = refusal(model, "--scheme", "int8-dynamic", "--exclude", "no_such_node", *style, code=64)
        checks.check("no_such_node" in said, f"8: a name that chooses nothing is refused{' in compat too' if style else ''}", said.strip()[:80])


def deep_channels():
    model = deep_weight().save(folder)
    cache = stats(model, feeds_for(model))
    for style, wanted in (([], 5), (COMPAT[:2], 8)):
        out = quantize(model, "--stats", cache, "--per-channel", *style)
        found = initializers(out)["w_scale"].size
        checks.check(found == wanted, f"9: a weight of three axes has {wanted} scales {'in compat' if style else 'by default'}", f"{found}")


def subgraphs():
    """If with a document string: ONNX Runtime makes the node anew, without it."""
    def branch(name, sign):
        w = numpy_helper.from_array(np.full((4, 3), sign, np.float32), f"{name}_w")
        node = helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_y"], name=f"{name}_product")
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(f"{name}_y", FLOAT, ["n", 3])], [w])

    m = Small("branches")
    m.input("x", ["n", 4])
    m.input("c", [], TensorProto.BOOL)
    m.node("If", ["c"], "y", then_branch=branch("yes", 1.0), else_branch=branch("no", -1.0))
    m.nodes[-1].doc_string = "chooses"
    m.output("y", ["n", 3])
    model = m.save(folder)
    theirs = folder / "theirs.onnx"
    quantize_dynamic(str(model), str(theirs))

    def kept(path):
        return [node.doc_string for node in onnx.load(path).graph.node if node.op_type == "If"] == ["chooses"]

    checks.check(not kept(theirs), "13: ONNX Runtime drops the document string of a node with subgraphs")
    for style in ([], COMPAT[:2]):
        checks.check(kept(quantize(model, "--scheme", "int8-dynamic", *style)), f"13: Decant keeps it{' in compat too' if style else ''}")


def normalization():
    m = Small("normalized")
    m.input("x", ["n", 8])
    m.node("LayerNormalization", ["x", m.weight("gamma", (8,)), m.weight("beta", (8,))], "h", node_name="norm")
    m.node("MatMul", ["h", m.weight("w", (8, 3))], "y")
    m.output("y", ["n", 3])
    model = m.save(folder)
    cache = stats(model, feeds_for(model, batch=4))
    said = decant_json("quantize", model, "-o", folder / "out.onnx", "--stats", cache, "--per-channel", *COMPAT)
    outcome = {node["name"]: node["outcome"] for node in said["nodes"]}["norm"]
    checks.check("per tensor" in outcome, "15: compat says that the scale of a normalization is per tensor", outcome)
    said = decant_json("quantize", model, "-o", folder / "out.onnx", "--stats", cache, "--force")
    outcome = {node["name"]: node["outcome"] for node in said["nodes"]}["norm"]
    checks.check("left in float" in outcome, "15: the default leaves it in float and says so", outcome)


def beside_the_input():
    closed = folder / "closed"
    closed.mkdir()
    model = perceptron().save(closed)
    closed.chmod(0o555)
    before = sorted(closed.iterdir())
    quantize(model, "--scheme", "int8-dynamic")
    quantize(model, "--scheme", "int8-dynamic", *COMPAT[:2])
    checks.check(sorted(closed.iterdir()) == before, "11: nothing is written beside the input")
    closed.chmod(0o755)


def four_bits():
    for style in ([], COMPAT[:2]):
        said = refusal(perceptron().save(folder), "--scheme", "int8-dynamic", "--weight-type", "int4", *style, code=64)
        checks.check("weight-only" in said, f"14: 4-bit weights in dynamic int8 point at weight-only schemes{' in compat too' if style else ''}", said.strip()[:120])


for fault in (entropy, broken_weights, old_opset, unknown_names, deep_channels, subgraphs, normalization, beside_the_input, four_bits):
    checks.attempt(fault.__name__, fault)
checks.finish()

"""What quantize tells and measures: selectors in every scheme, --strict, values that are not finite, --sensitivity against
ONNX Runtime's own run of each model, and the HTML page with names that would break one that does not escape."""
import html.parser
import re
import shlex

from _small_models import *

limit_memory()
checks = Checks()
folder = workspace()
OUT = folder / "out.onnx"
HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "it's & <b>bold</b> $(rm) `x`", "e\u202etxt.exe", "re:("]
NODES = {"first", "middle/a", "middle/b", "last"}


def perceptron(name, names=("first", "middle/a", "middle/b", "last"), spoiled=None):
    """Products in a row, with a branch that only floats take; a spoiled weight has one value far out."""
    m = Small(name, seed=5)
    value = m.input("x", ["n", 32])
    for index, node in enumerate(names):
        weight = (m.random.standard_normal((32, 32)) / 6).astype(np.float32)
        if node == spoiled:
            weight[3, 7] = 40
        value = m.node("MatMul", [value, m.constant(f"w{index}", weight)], f"p{index}", node_name=node)
        value = m.node("Tanh", [value], f"t{index}", node_name=f"tanh{index}")
    m.output(value, ["n", 32])
    return m.save(folder)


def samples(name="data", rows=24, **broken):
    data = np.random.default_rng(9).standard_normal((rows, 32)).astype(np.float32)
    for place, value in broken.get("at", {}).items():
        data[place] = value
    return save_npz(folder / f"{name}.npz", {"x": data})


def quantize(path, *options, expect=0):
    return json.loads(decant("quantize", path, "-o", OUT, "--force", "--quiet", "--json", *options, expect=expect))


def said(path, *options, code):
    """What is said on standard error; an exception unless the exit code is `code`."""
    done = subprocess.run([DECANT, "quantize", str(path), "-o", str(folder / "no.onnx"), *map(str, options)],
                          capture_output=True, text=True, timeout=600)
    if done.returncode != code:
        raise CommandFailed(f"exit {done.returncode}, expected {code}: {done.stderr.strip()[-300:]}")
    return done.stderr + done.stdout


DATA = samples()
SCHEMES = {
    "int8": ["--data", DATA], "int8-dynamic": [], "w4": ["--block", "16"], "w8": ["--form", "qdq", "--block", "16"],
    "fp8-e4m3": [], "fp16": [], "bf16": [],
}


def selectors(scheme, options):
    path = perceptron("selectors")
    base = ["--scheme", scheme, *options]
    for selector, left in (
        ("middle/*", {"middle/a", "middle/b"}), ("name:first", {"first"}), ("re:^(first|last)$", {"first", "last"}),
        ("op:MatMul", NODES), ("first:2", {"first", "middle/a"}),
        ("last:1", {"last"}), ("between:t0..p2", {"middle/a", "middle/b"}), ("between:..p0", {"first"}),
    ):
        if left == NODES and scheme == "int8":
            said(path, *base, "--exclude", selector, code=69)
            continue
        nodes = quantize(path, *base, "--exclude", selector)["nodes"]
        excluded = {node["name"] for node in nodes if node["op"] == "MatMul" and node["status"] == "excluded"}
        quantized = {node["name"] for node in nodes if node["op"] == "MatMul" and node["status"] == "quantized"}
        checks.check(excluded == left and quantized == NODES - left, f"{scheme}: --exclude {selector}", f"{sorted(excluded)}")
        nodes = quantize(path, *base, "--include", selector)["nodes"]
        quantized = {node["name"] for node in nodes if node["op"] == "MatMul" and node["status"] == "quantized"}
        # A lone node in half floats may cost more casts than it gains.
        fits = quantized <= left if scheme in ("fp16", "bf16") else quantized == left
        checks.check(fits, f"{scheme}: --include {selector}", f"{sorted(quantized)}")
    text = said(path, *base, "--exclude", "midle/a", code=64)
    checks.check("'midle/a' chooses no node" in text and "did you mean 'middle/a'" in text, f"{scheme}: nothing chosen", text.strip().splitlines()[-1])


def functions(scheme, options):
    """What a function of the model multiplies is quantized like the rest."""
    weight = np.random.default_rng(2).standard_normal((32, 32)).astype(np.float32) / 6
    body = helper.make_function("own", "Dense", ["a", "w"], ["b"], [helper.make_node("MatMul", ["a", "w"], ["b"])],
                                [helper.make_opsetid("", 17)])
    graph = helper.make_graph(
        [helper.make_node("Dense", ["x", "w"], ["y"], name="call", domain="own")], "functions",
        [helper.make_tensor_value_info("x", FLOAT, ["n", 32])], [helper.make_tensor_value_info("y", FLOAT, ["n", 32])],
        [numpy_helper.from_array(weight, "w")])
    path = folder / "functions.onnx"
    onnx.save(helper.make_model(graph, functions=[body], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)], ir_version=8), path)
    nodes = quantize(path, "--scheme", scheme, *options)["nodes"]
    feeds = load_npz(DATA)
    quality = noise(run_ort(OUT, feeds)["y"], run_ort(path, feeds)["y"]) if scheme != "bf16" else 40
    checks.check(any(node["op"] == "MatMul" and node["quantized"] for node in nodes) and quality > 15, f"{scheme}: the body of a function", f"{quality:.1f} dB")


def labels():
    """The accuracy of a node alone is that of the model in which it alone is quantized."""
    digits = SAMPLES / "digits"
    # Which layers can be equalized depends on the nodes that are chosen: without that both models are prepared alike.
    base = ["--scheme", "int8", "--no-equalize", "--data", digits / "heldout.npz"]
    found = quantize(digits / "student.onnx", *base, "--sensitivity", "--labels", "label")["sensitivity"]
    layer = found["layers"][0]
    for wanted, options in ((found["accuracy"]["all"], []), (layer["accuracy"], ["--include", f"name:{layer['name']}"])):
        quantize(digits / "student.onnx", *base, *options)
        got = decant_json("eval", OUT, "--data", digits / "heldout.npz", "--labels", "label")["accuracy"]
        checks.check(got == wanted, f"accuracy of {options[-1] if options else 'all'}", f"{wanted:.4f}, by eval {got:.4f}")
    float_accuracy = decant_json("eval", digits / "student.onnx", "--data", digits / "heldout.npz", "--labels", "label")["accuracy"]
    checks.check(float_accuracy == found["accuracy"]["float"], "accuracy in float", f"{float_accuracy:.4f}")
    text = said(digits / "student.onnx", *base, "--sensitivity", "--labels", "none", code=64)
    checks.check("expected labels under 'none'" in text, "labels that are missing", text.strip().splitlines()[0])


def folded():
    m = Small("folded", seed=4)
    value = m.node("Conv", [m.input("x", ["n", 3, 8, 8]), m.weight("w", (4, 3, 3, 3))], "c", node_name="conv")
    parameters = [m.constant(name, np.ones(4, np.float32)) for name in ("scale", "shift", "mean", "variance")]
    m.output(m.node("BatchNormalization", [value, *parameters], "y", node_name="norm"))
    text = said(m.save(folder), "--scheme", "fp16", "--exclude", "norm", code=64)
    checks.check("folded away" in text and "--no-optimize" in text, "a node that is folded away is named as such", text.strip().splitlines()[0])


def strict():
    path = perceptron("strict")
    odd = Small("odd", seed=3)
    value = odd.node("Conv", [odd.input("x", ["n", 3, 8, 8]), odd.weight("w", (16, 3, 3, 3))], "c", node_name="conv")
    odd.output(value)
    odd = odd.save(folder)
    decant("quantize", path, "-o", OUT, "--force", "--quiet", "--strict", "--scheme", "w4", "--block", "16")
    checks.check(True, "strict: a model without skips is written")
    OUT.unlink()
    text = said(odd, "--scheme", "w4", "--strict", code=1)
    listed = re.search(r"^conv +Conv +skipped .*left in float", text, re.MULTILINE)
    checks.check(listed and not (folder / "no.onnx").exists(), "strict: a skip is exit code 1, listed, and nothing is written", text.strip().splitlines()[-1])
    decant("quantize", odd, "-o", OUT, "--force", "--quiet", "--strict", "--scheme", "w4", "--exclude", "conv")
    checks.check(True, "strict: what the user excludes is no skip")
    said(odd, "--scheme", "w4", code=0)
    (folder / "no.onnx").unlink()


def not_finite():
    path = perceptron("finite")
    bad = samples("bad", at={(17, 5): np.inf})
    worse = samples("worse", at={(2, 31): np.nan})
    for scheme, options in (("int8", []), ("w4", ["--algorithm", "gptq", "--block", "16"]), ("fp16", []), ("fp8-e4m3", ["--activations"])):
        for data, place in ((bad, "[17, 5]"), (worse, "[2, 31]")):
            text = said(path, "--scheme", scheme, *options, "--data", data, code=65)
            checks.check("'x'" in text and place in text, f"{scheme}: samples that are not finite", text.strip()[:140])
    for value in (np.nan, np.inf):
        m = Small(f"weight_{value}", seed=1)
        weight = np.ones((32, 32), np.float32)
        weight[2, 1] = value
        m.node("MatMul", [m.input("x", ["n", 32]), m.constant("w", weight)], "y")
        m.output("y", ["n", 32])
        broken = m.save(folder)
        for scheme, options in SCHEMES.items():
            try:
                text = said(broken, "--scheme", scheme, *options, code=65)
                checks.check("'w'" in text and "element 65" in text, f"{scheme}: {value} in a weight", text.strip()[:140])
            except CommandFailed as error:
                checks.check(False, f"{scheme}: {value} in a weight", str(error)[:200])


def noise(got, wanted):
    return float(10 * np.log10(np.sum(wanted.astype(float) ** 2) / np.sum((got.astype(float) - wanted) ** 2)))


def sensitivity(scheme, options):
    path = perceptron("spoiled", spoiled="middle/b")
    data = [] if "--data" in options else ["--data", DATA]
    found = quantize(path, "--scheme", scheme, *options, *data, "--sensitivity")["sensitivity"]
    layers = {layer["name"]: layer for layer in found["layers"] if layer["op"] == "MatMul"}
    checks.check(set(layers) == NODES, f"{scheme}: every product is measured", " ".join(layers))
    order = [layer["snr_db"] for layer in found["layers"]]
    checks.check(order == sorted(order), f"{scheme}: the most sensitive first")
    feeds = load_npz(DATA)
    wanted = run_ort(path, feeds)["t3"]
    for name, layer in layers.items():
        quantize(path, "--scheme", scheme, *options, "--include", f"name:{name}")
        own = noise(run_ort(OUT, feeds)["t3"], wanted)
        checks.check(abs(own - layer["snr_db"]) < 1.5, f"{scheme}: '{name}' alone", f"{layer['snr_db']:.2f} dB, in ONNX Runtime {own:.2f}")


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br", "rect", "line", "polyline"}
    KNOWN = set("html head meta title style body h1 h2 p code div b table tr th td ul li pre figure figcaption br span svg g text rect line polyline circle".split())

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.pre = [], [], ""

    def handle_starttag(self, tag, attributes):
        if tag not in self.KNOWN:
            self.faults.append(f"<{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href") or "url(" in (value or "") or "://" in (value or ""):
                self.faults.append(f"{tag} {name}={value}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open and self.open[-1] == "pre":
            self.pre += data


def page(scheme, options):
    path = perceptron("hostile", [*HOSTILE, "plain"])
    data = [] if "--data" in options else ["--data", DATA]
    out = folder / "page.html"
    quantize(path, "--scheme", scheme, *options, *data, "--report", out, *(["--sensitivity"] if scheme not in ("fp16", "bf16") else []))
    text = out.read_text()
    read = Page()
    read.feed(text)
    read.close()
    checks.check(not read.faults and not read.open, f"{scheme}: the page is whole, and takes nothing from elsewhere", "; ".join(read.faults[:3]) or f"{len(text):,} characters")
    checks.check("<script" not in text and "\u202e" not in text, f"{scheme}: names are escaped")
    if scheme in ("fp16", "bf16"):
        return
    words = shlex.split(read.pre)
    checks.check(words[::2] == ["--exclude"] * (len(words) // 2) and len(words) >= 2, f"{scheme}: the exclude list is a shell's", read.pre[:80])
    left = [node["name"] for node in quantize(path, "--scheme", scheme, *options, *words)["nodes"] if node["status"] == "excluded"]
    named = {word.removeprefix("name:") for word in words[1::2]} - {"e???txt.exe"}
    checks.check(len(left) == len(words) // 2 and named <= set(left), f"{scheme}: and takes out what it names", f"{sorted(left)}")
    if scheme == "int8":
        checks.check(text.count("class=\"clip\"") >= 8 and text.count("<figure>") >= 8, "int8: distributions with clip lines", f"{text.count('<figure>')} figures")


for scheme, options in SCHEMES.items():
    checks.attempt(f"{scheme}: selectors", lambda: selectors(scheme, options))
    checks.attempt(f"{scheme}: functions", lambda: functions(scheme, options))
    checks.attempt(f"{scheme}: page", lambda: page(scheme, options))
    if scheme not in ("fp16", "bf16"):
        checks.attempt(f"{scheme}: sensitivity", lambda: sensitivity(scheme, options))
checks.attempt("strict", strict)
checks.attempt("folded", folded)
checks.attempt("labels", labels)
checks.attempt("not finite", not_finite)
text = said(perceptron("alone"), "--scheme", "fp16", "--data", DATA, "--sensitivity", code=64)
checks.check("--sensitivity" in text, "fp16 has no nodes to try alone", text.strip()[:120])
text = said(perceptron("alone"), "--scheme", "w4", "--block", "16", "--report", folder / "no.onnx", code=64)
checks.check("expected two files" in text, "the page does not take the model's place")
(folder / "there.html").write_text("kept")
said(perceptron("alone"), "--scheme", "w4", "--block", "16", "--report", folder / "there.html", code=73)
checks.check((folder / "there.html").read_text() == "kept", "a page that exists is kept")
checks.finish()

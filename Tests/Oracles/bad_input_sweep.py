"""Every prefix and every single-bit flip of five small models, through the commands: never a signal, never over 2 s or
256 MiB, never a file left behind by a command that failed."""
import collections
import threading

import numpy

from _harness import *
from _hostile import FLOAT, graph, model, save, value, weight

INT64, BOOL = onnx.TensorProto.INT64, onnx.TensorProto.BOOL
checks = Checks()
node = onnx.helper.make_node


def convolutional():
    """Weights in each form, a normalization to fold, a shape to compute."""
    nodes = [node("Conv", ["x", "k"], ["c"], "c"), node("BatchNormalization", ["c", "s", "b", "b", "s"], ["n"], "n"),
             node("Reshape", ["n", "r"], ["y"], "r")]
    weights = [weight((1, 1, 1, 1), [2.0], "k"), weight((1,), [1.5], "s"), weight((1,), [0.5], "b"), weight((2,), [1, -1], "r", INT64)]
    return model(nodes, weights, inputs=[value("x", (1, 1, 2, 2))], outputs=[value("y", (1, 4))])


def recurrent():
    """A loop with a body that captures, of constant length."""
    body = onnx.helper.make_graph(
        [node("Identity", ["g"], ["h"], "i"), node("Add", ["s", "w"], ["t"], "a")], "b",
        [value("i", [], INT64), value("g", [], BOOL), value("s", [2])], [value("h", [], BOOL), value("t", [2])])
    return model([node("Loop", ["m", "", "x"], ["y"], "l", body=body)], [weight((), [3], "m", INT64), weight((2,), name="w")],
                 inputs=[value("x", [2])], outputs=[value("y", [2])])


def quantized():
    """Integers in four bits with scales and zero points."""
    kind = onnx.TensorProto.INT4
    weights = [onnx.helper.make_tensor("q", kind, [2, 2], [1, 2, 3, 4]), weight((2,), [0.5, 0.25], "s"), onnx.helper.make_tensor("z", kind, [2], [0, 1])]
    nodes = [node("DequantizeLinear", ["q", "s", "z"], ["d"], "d", axis=0), node("MatMul", ["x", "d"], ["y"], "m")]
    return model(nodes, weights, inputs=[value("x", (1, 2))], outputs=[value("y", (1, 2))])


def functional():
    """A function of the model's own with a reference to an attribute, unknown fields, and metadata."""
    inner = node("LeakyRelu", ["a"], ["b"], "r")
    inner.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="p")
    function = onnx.helper.make_function("l", "f", ["a"], ["b"], [inner], [onnx.helper.make_opsetid("", 21)], ["p"])
    made = model([node("f", ["x"], ["y"], "c", domain="l", p=0.5)], functions=[function], domains=["l"],
                 inputs=[value("x", ("n", 2))], outputs=[value("y", ("n", 2))])
    made.metadata_props.add(key="k", value="v")
    return made


def shaping():
    """Arithmetic on shapes, the sizes of which the file gives."""
    nodes = [node("Shape", ["x"], ["s"], "s"), node("ConstantOfShape", ["e"], ["c"], "c"), node("Expand", ["c", "s"], ["t"], "e"),
             node("Tile", ["t", "k"], ["u"], "t"), node("Slice", ["u", "k", "e"], ["y"], "l")]
    return model(nodes, [weight((2,), [1, 2], "e", INT64), weight((2,), [1, 1], "k", INT64)],
                 inputs=[value("x", (2, 2))], outputs=[value("y", ("a", "b"))])


def sweep(made, about):
    data = made.SerializeToString()
    folder = workspace()
    shapes = {one.name: [d.dim_value or 1 for d in one.type.tensor_type.shape.dim] for one in made.graph.input}
    random = numpy.random.default_rng(0)
    (folder / "data.npz").unlink(missing_ok=True)
    numpy.savez(folder / "data.npz", **{name: random.standard_normal(shape).astype("f4") for name, shape in shapes.items()})
    save(folder, made, "whole.onnx")
    tool, bad = str(pathlib.Path(DECANT).resolve()), "bad.onnx"
    commands = [
        [tool, "optimize", bad, "-o", "out.onnx"], [tool, "inspect", bad, "--json"], [tool, "dump", bad, "-o", "out.txt"],
        [tool, "run", bad, "--input", "data.npz", "--output", "out.npz"],
        [tool, "quantize", bad, "-o", "out.onnx", "--data", "data.npz"], [tool, "convert", bad, "-o", "out.onnx", "--opset", "17"],
        [tool, "bundle", "create", bad, "-o", "out.decant"], [tool, "compare", "whole.onnx", bad, "--data", "data.npz"],
    ]
    shares = os.cpu_count() or 1
    results = [None] * shares

    def work(share):
        own = folder / f"share{share}"
        own.mkdir()
        for name in ("data.npz", "whole.onnx"):
            shutil.copy(folder / name, own)
        job = {"data": data.hex(), "folder": str(own), "name": bad, "share": share, "shares": shares, "commands": commands,
               "kept": ["data.npz", "whole.onnx"]}
        script = pathlib.Path(__file__).with_name("_meter.py")
        done = subprocess.run([sys.executable, "-S", "-E", str(script)], input=json.dumps(job) + "\n", capture_output=True, text=True)
        results[share] = json.loads(done.stdout) if done.returncode == 0 else {"violations": [done.stderr[-600:]], "totals": {}, "worst": {}}

    threads = [threading.Thread(target=work, args=[share]) for share in range(shares)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = collections.Counter()
    for result in results:
        totals.update(result["totals"])
    violations = [one for result in results for one in result["violations"]]
    worst = {key: max(result["worst"].get(key, 0) for result in results) for key in ("seconds", "peak")}
    codes = ", ".join(f"{count} x {code}" for code, count in sorted(totals.items(), key=lambda pair: int(pair[0])))
    checks.check(not violations, f"{about}, {len(data)} bytes, {sum(totals.values())} commands",
                 f"exit codes {codes}; at most {worst['seconds']:.2f} s and {worst['peak']:.0f} MiB; {len(violations)} violations")
    for one in violations[:20]:
        print("     " + one)


for make in (convolutional, recurrent, quantized, functional, shaping):
    checks.attempt(make.__name__, lambda: sweep(make(), make.__name__))
checks.finish()

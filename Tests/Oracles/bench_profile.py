"""'bench' says what it measured: figures agree with each other, profiles account for every node, and operations are counted right."""
from _harness import *

checks = Checks()
folder = workspace()
teacher = SAMPLES / "digits/teacher.onnx"


def bench(*words):
    return decant_json("bench", *words, "--seconds", "0.2")


def convolutions_by_hand(path):
    """The multiply-adds of the digits' teacher for one image, twice: convolutions over 8x8 and 4x4 pixels, then two layers."""
    shapes = {name: array.shape for name, array in initializers(path).items()}
    model = onnx.load(path)
    pixels, total = 64, 0
    for node in model.graph.node:
        if node.op_type == "MaxPool":
            pixels //= 4
        elif node.op_type == "Conv":
            total += 2 * pixels * int(np.prod(shapes[node.input[1]]))
        elif node.op_type == "Gemm":
            total += 2 * int(np.prod(shapes[node.input[1]]))
    return total


def one_thread():
    found = bench(teacher, "--threads", 1)
    checks.check(found["at_once"] == 1, "one thread runs one at a time")
    checks.check(0 < found["median_ms"] <= found["p90_ms"], "the median is at most the 90th percentile", f"{found['median_ms']:.3f} ms, {found['p90_ms']:.3f} ms")
    checks.check(abs(found["samples_per_s"] * found["median_ms"] / 1e3 - 1) < 1e-6, "samples a second follow from the median")
    checks.check(0 < found["activation_bytes"] < found["peak_bytes"], "activations are part of the peak")


def batches():
    found = bench(teacher, "--batch", 8, "--threads", 2, "--samples", 64)
    checks.check(found["batch"] == 8 and found["at_once"] == 2, "batches of 8, two at once", f"{found['samples_per_s']:.0f} samples/s")
    data = bench(teacher, "--batch", 4, "--input", SAMPLES / "digits/heldout.npz", "--threads", 1)
    checks.check(data["batch"] == 4, "batches of 4 from a file")


def profile(backend):
    found = bench(teacher, "--profile", "--nodes", "--threads", 1, "--backend", backend)
    nodes, operators = found["nodes"], found["operators"]
    summed = sum(node["ms"] for node in nodes) + found["other_ms"]
    checks.check(abs(summed - found["profiled_ms"]) <= 0.25 * found["profiled_ms"], f"{backend}: the parts make the whole", f"{summed:.3f} ms of {found['profiled_ms']:.3f} ms")
    checks.check(abs(sum(one["ms"] for one in operators) - sum(node["ms"] for node in nodes)) < 1e-6, f"{backend}: operators sum up nodes")
    checks.check([one["ms"] for one in operators] == sorted((one["ms"] for one in operators), reverse=True), f"{backend}: the costliest come first")
    wanted = convolutions_by_hand(teacher)
    got = sum(node["operations"] for node in nodes)
    checks.check(got == wanted, f"{backend}: operations of the digits' teacher", f"{got:.0f}, by hand {wanted}")
    checks.check(all(node["bytes"] > 0 and node["calls"] == 1 for node in nodes), f"{backend}: every node reads and writes, once a run")
    counted = sum(len(node["operators"].split("+")) for node in nodes)
    kept = [node for node in onnx.load(teacher).graph.node if node.op_type not in ("Identity", "Constant", "BatchNormalization", "Dropout")]
    least = 1 if backend != "reference" else len(kept)
    checks.check(counted >= least, f"{backend}: every node is accounted for", f"{counted} of at least {least}")
    checks.check(all(rate > 0 for key, rate in found["ceilings"].items() if key != "byte_operations_per_s"), f"{backend}: ceilings are measured")


def on_request():
    words = [DECANT, "bench", teacher, "--on-request", "--quiet", "--threads", "1"]
    done = subprocess.run(words, input="0.05\n0\n", capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    checks.check(done.returncode == 0 and lines[0] == {} and len(lines) == 3, "an answer for each request", done.stderr.strip())
    checks.check(lines[1]["runs"] >= 3 and lines[2]["runs"] == 3, "requests say for how long")
    wrong = subprocess.run(words, input="soon\n", capture_output=True, text=True, timeout=60)
    checks.check(wrong.returncode == 64 and "'soon'" in wrong.stderr, "a request that is no number is refused")


def refused():
    for words, said in ((["--batch", "0"], "--batch"), (["--samples", "0"], "--samples"), (["--nodes"], "--profile")):
        done = subprocess.run([DECANT, "bench", teacher, *words], capture_output=True, text=True, timeout=60)
        checks.check(done.returncode == 64 and said in done.stderr, f"refused: {' '.join(words)}")


for test in (one_thread, batches, lambda: profile("onednn"), lambda: profile("reference"), on_request, refused):
    checks.attempt("measured", test)
checks.finish()

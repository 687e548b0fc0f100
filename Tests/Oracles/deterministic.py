"""The same bytes twenty times, on 1, 2 and 8 threads: static int8 with calibration, GPTQ, bits under a budget, half floats."""
import hashlib

from _small_models import *

limit_memory()
checks = Checks()
folder = workspace()
RUNS, THREADS = 20, (1, 2, 8)
SCHEMES = {
    "int8": ["--scheme", "int8"], "w4 gptq": ["--scheme", "w4", "--algorithm", "gptq", "--block", "16"],
    "mixed": ["--scheme", "mixed", "--bits", "4", "--block", "16", "--measure-runs", "2"], "fp16": ["--scheme", "fp16"],
}


def attentive():
    """A layer of a transformer with outlier channels, small enough to be quantized eighty times."""
    m = Small("attentive", seed=21)
    h = m.node("LayerNormalization", [m.input("x", ["n", 6, 32]), m.weight("g", (32,), 4), m.weight("be", (32,))], "h")
    q, k, v = (m.node("MatMul", [h, m.weight(f"w{one}", (32, 32))], one) for one in "qkv")
    s = m.node("Softmax", [m.node("MatMul", [q, m.node("Transpose", [k], "kt", perm=[0, 2, 1])], "s")], "p", axis=-1)
    a = m.node("MatMul", [m.node("MatMul", [s, v], "o"), m.weight("wo", (32, 32))], "a")
    f = m.node("Relu", [m.node("Gemm", [m.node("Reshape", [a, m.constant("flat", np.array([-1, 32]))], "r"), m.weight("w1", (32, 64)), m.weight("b1", (64,))], "f")], "fr")
    m.node("MatMul", [f, m.weight("w2", (64, 32))], "y")
    m.output("y")
    return m


def hashes(model, data, options):
    found = set()
    for run in range(RUNS):
        out = folder / "out.onnx"
        decant("quantize", model, "-o", out, "--force", "--quiet", "--data", data, "--threads", THREADS[run % len(THREADS)], *options)
        found.add(hashlib.sha256(out.read_bytes()).hexdigest())
    return found


model = attentive().save(folder)
samples = np.random.default_rng(3).standard_normal((24, 6, 32)).astype(np.float32)
data = save_npz(folder / "data.npz", {"x": samples})
for name, options in SCHEMES.items():
    found = checks.attempt(name, lambda: hashes(model, data, options))
    if found is not None:
        checks.check(len(found) == 1, f"{name}: {RUNS} runs on {', '.join(map(str, THREADS))} threads give one file", f"{sorted(one[:12] for one in found)}")
checks.finish()

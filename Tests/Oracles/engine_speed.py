"""Latency, memory, time to the first result and throughput beside ONNX Runtime, against the bars of the engine.

The models are those of Sources/DecantBench/Runtime/suite.py, which says where they come from; what is missing is named there.
"""
from _harness import *

RUNTIME = ROOT / "Sources/DecantBench/Runtime"
# The geometric mean of the ratios of latency, and the worst of them.
BARS = {"float32": (0.95, 1.15), "int8": (0.95, 1.15), "int4": (1.0, 1.0)}

checks = Checks()
folder = workspace()


def mean(values):
    return float(np.exp(np.mean(np.log(values))))


def latency():
    figures = folder / "latency.json"
    subprocess.run([sys.executable, RUNTIME / "compare_runtime.py", "--decant", DECANT, "--json", figures])
    rows = json.loads(figures.read_text())
    for group, (bar, worst) in BARS.items():
        some = [row for row in rows if row["group"] == group]
        if not some:
            checks.check(False, f"{group}: no models at hand")
            continue
        ratios = [row["ratio"] for row in some]
        checks.check(all(row["agrees"] for row in some), f"{group}: outputs agree")
        checks.check(mean(ratios) <= bar, f"{group}: latency", f"{mean(ratios):.3f}, at most {bar}")
        checks.check(max(ratios) <= worst, f"{group}: the slowest", f"{max(ratios):.3f}, at most {worst}")
    for row in rows:
        name = f"{row['case']}, {row['threads']} threads"
        checks.check(row["decant_mb"] <= row["ort_mb"], f"{name}: memory", f"{row['decant_mb']:.0f} MB, {row['ort_mb']:.0f} MB")
        checks.check(row["decant_first_ms"] <= row["ort_first_ms"] / 2, f"{name}: first result", f"{row['decant_first_ms']:.1f} ms, {row['ort_first_ms']:.1f} ms")


def throughput():
    done = subprocess.run([sys.executable, RUNTIME / "compare_throughput.py", "--decant", DECANT], capture_output=True, text=True)
    print(done.stdout, done.stderr[-600:], sep="")
    least = [line for line in done.stdout.splitlines() if line.startswith("geometric mean")]
    ratio = float(least[0].split()[2].rstrip(",")) if least else 0
    checks.check(ratio >= 1.1, "throughput over 256 samples", f"{ratio:.3f}, at least 1.1")


checks.attempt("latency", latency)
checks.attempt("throughput", throughput)
checks.finish()

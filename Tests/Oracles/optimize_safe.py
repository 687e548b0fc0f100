"""optimize changes no output by more than 1e-5 of its range, and ONNX Runtime loads what it leaves."""
from _harness import *

TOLERANCE = 1e-5
checks = Checks()
folder = workspace()


def nodes(path):
    return len(onnx.load(path, load_external_data=False).graph.node)


def check(path):
    optimized = folder / "optimized.onnx"
    decant("optimize", path, "-o", optimized, "--force")
    onnx.checker.check_model(str(optimized), full_check=True)
    before, after = nodes(path), nodes(optimized)
    checks.check(after <= before, f"{label(path)}: nodes", f"{before} to {after}")
    for seed, batch in ((0, 1), (1, 3)):
        feeds = feeds_for(path, seed, batch)
        wanted, got = run_ort(path, feeds), run_ort(optimized, feeds)
        checks.check(list(got) == list(wanted), f"{label(path)}: the outputs' names and order")
        for name in wanted.keys() & got.keys():
            off = off_by(got[name], wanted[name])
            checks.check(off <= TOLERANCE, f"{label(path)}: {name}, seed {seed}", f"{off:.1e} of its range")
        run_ort(optimized, feeds, optimize=True)


def again(path):
    """Optimizing twice writes the same bytes twice."""
    once, twice = folder / "once.onnx", folder / "twice.onnx"
    decant("optimize", path, "-o", once, "--force")
    decant("optimize", path, "-o", twice, "--force")
    checks.check(once.read_bytes() == twice.read_bytes(), f"{label(path)}: the same bytes each time")


for model in every_model():
    checks.attempt(label(model), lambda: check(model))
    checks.attempt(label(model), lambda: again(model))
checks.finish()

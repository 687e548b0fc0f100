"""dump, parsed back, dumps identically; convert leaves every output as it was, bit for bit in ONNX Runtime."""
from _harness import *

checks = Checks()
folder = workspace()


def same_outputs(what, original, copy):
    for optimize in (False, True):
        feeds = feeds_for(original, seed=1)
        wanted = run_ort(original, feeds, optimize)
        got = run_ort(copy, feeds, optimize)
        same = wanted.keys() == got.keys() and all(same_bits(got[name], wanted[name]) for name in wanted)
        checks.check(same, f"{what}, ONNX Runtime {'with' if optimize else 'without'} optimizations")


def check(path):
    name = label(path)
    first, second = folder / "first.txt", folder / "second.txt"
    decant("dump", path, "-o", first)
    decant("dump", first, "-o", second)
    checks.check(first.read_bytes() == second.read_bytes(), f"{name}: the dump dumps identically")

    converted = folder / "converted.onnx"
    decant("convert", path, "-o", converted, "--force")
    same_outputs(f"{name}: converted", path, converted)
    onnx.checker.check_model(str(converted))

    weights = folder / "weights"
    shutil.rmtree(weights, ignore_errors=True)
    decant("dump", path, "-o", second, "--weights", weights, "--force")
    decant("convert", second, "--weights-from", weights, "-o", converted, "--force")
    same_outputs(f"{name}: through the text form", path, converted)


for model in every_model():
    for left in ("first.txt", "second.txt"):
        (folder / left).unlink(missing_ok=True)
    checks.attempt(label(model), lambda: check(model))
checks.finish()

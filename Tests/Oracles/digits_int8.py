"""Digits: int8 accuracy stays within 0.5 points of float for every calibration, in Decant and in ONNX Runtime."""
from _harness import *

POINTS = 0.005
digits = SAMPLES / "digits"
held = digits / "heldout.npz"
checks = Checks()
folder = workspace()
data = load_npz(held)


def accuracy_in_ort(path):
    logits, = run_ort(path, {"input": data["input"]}, optimize=True).values()
    return float((logits.argmax(1) == data["label"]).mean())


def accuracy_in_decant(path):
    return decant_json("eval", path, "--data", held, "--labels", "label")["accuracy"]


def check(model, method, options):
    small = folder / "int8.onnx"
    decant("quantize", model, "-o", small, "--scheme", "int8", "--data", digits / "train.npz", "--calibration", method, "--force", *options)
    for where, accuracy in (("Decant", accuracy_in_decant), ("ONNX Runtime", accuracy_in_ort)):
        before, after = accuracy(model), accuracy(small)
        checks.check(before - after <= POINTS, f"{label(model)}, {method} {' '.join(options)} in {where}", f"{before:.4f} to {after:.4f}")
    smaller = small.stat().st_size / model.stat().st_size
    checks.check(smaller < 0.35 or model.stem == "student", f"{label(model)}, {method} {' '.join(options)}: size", f"{smaller:.2f} of float")


teacher = digits / "teacher.onnx"
checks.attempt("the teacher", lambda: checks.check(accuracy_in_decant(teacher) >= 0.985, "the teacher's accuracy", f"{accuracy_in_decant(teacher):.4f}"))
for model in (teacher, digits / "student.onnx"):
    for method in ("minmax", "percentile", "entropy", "mse"):
        for options in ([], ["--no-per-channel"]):
            checks.attempt(f"{label(model)}, {method}", lambda: check(model, method, options))
checks.finish()

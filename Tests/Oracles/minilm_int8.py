"""Static int8 of MiniLM by Decant's defaults keeps the sentence embedding at a cosine of at least 0.98."""
from _minilm import *

LEAST = 0.98
checks = Checks()
folder = workspace()


def check(model, options):
    small = folder / "int8.onnx"
    calibration = made_model("texts_calibration.npz")
    decant("quantize", model, "-o", small, "--scheme", "int8", "--data", calibration, "--force", *options)
    found = cosines(model, small)
    what = f"{model.name} {' '.join(options)}"
    figures = f"mean {found.mean():.4f}, least {found.min():.4f}, {len(found)} texts, {model.stat().st_size:,} to {small.stat().st_size:,} bytes"
    if options:
        print(f"     {what}: {figures}")
    else:
        checks.check(found.mean() >= LEAST, f"{what}: the embedding's cosine", figures)


for name in ("minilm.onnx", "minilm_dynamo.onnx"):
    for options in ([], ["--no-per-channel"]):
        checks.attempt(name, lambda: check(made_model(name), options))
checks.finish()

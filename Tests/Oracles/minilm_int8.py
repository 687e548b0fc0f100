"""Static int8 of MiniLM by Decant's defaults keeps the sentence embedding at a cosine of at least 0.98."""
from _harness import *

LEAST = 0.98
checks = Checks()
folder = workspace()
texts = load_npz(made_model("texts_heldout.npz"))


def embeddings(path):
    """Mean-pooled sentence embeddings of the held-out texts."""
    running = session(path, optimize=True)
    rows = []
    for i in range(0, len(texts["input_ids"]), 8):
        batch = {name: array[i:i + 8] for name, array in texts.items()}
        hidden, = running.run(None, batch)
        mask = batch["attention_mask"][..., None].astype(np.float32)
        rows.append((hidden * mask).sum(1) / mask.sum(1))
    return np.concatenate(rows)


def check(model, options):
    small = folder / "int8.onnx"
    calibration = made_model("texts_calibration.npz")
    decant("quantize", model, "-o", small, "--scheme", "int8", "--data", calibration, "--force", *options)
    pairs = zip(embeddings(model), embeddings(small))
    found = np.array([cosine(a, b) for a, b in pairs])
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

"""Dynamic int8 of MiniLM keeps the sentence embedding at a cosine of at least 0.994 in 23.5 MB, and agrees in Decant."""
import time

from _minilm import *

LEAST, LEAST_SEEN, LEAST_WITH_OUTLIERS, MOST_BYTES = 0.994, 0.998, 0.995, 23_500_000
checks = Checks()
folder = workspace()


def milliseconds(path):
    """The least time of one sentence of 128 tokens on one thread; printed only."""
    running = session(path, optimize=True)
    random = np.random.default_rng(0)
    feeds = {"input_ids": random.integers(1000, 20000, (1, 128)), "attention_mask": np.ones((1, 128), np.int64)}
    feeds = {value.name: feeds.get(value.name, np.zeros((1, 128), np.int64)) for value in running.get_inputs()}
    times = []
    for _ in range(15):
        start = time.perf_counter()
        running.run(None, feeds)
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def check(model, options, bars):
    small = folder / "int8.onnx"
    decant("quantize", model, "-o", small, "--scheme", "int8-dynamic", "--force", *options)
    what = f"{model.name} {' '.join(options)}".strip()
    found = cosines(model, small)
    size = small.stat().st_size
    figures = f"mean {found.mean():.4f}, least {found.min():.4f}, {len(found)} texts, {model.stat().st_size:,} to {size:,} bytes"
    if not bars:
        print(f"     {what}: {figures}")
        return
    checks.check(found.mean() >= LEAST, f"{what}: the embedding's cosine", figures)
    checks.check(size <= MOST_BYTES, f"{what}: its size", f"{size:,} bytes")
    before, after = milliseconds(model), milliseconds(small)
    print(f"     {what}: {before:.1f} ms in float, {after:.1f} ms in int8 for 1x128 in ONNX Runtime, {before / after:.2f} times as fast")
    feeds = {name: array[:2] for name, array in texts.items()}
    wanted, = run_ort(small, feeds).values()
    inputs, outputs = save_npz(folder / "in.npz", feeds), folder / "out.npz"
    decant("run", small, "--input", inputs, "--output", outputs, "--force")
    got, = load_npz(outputs).values()
    # A last bit before a rounding moves a code, and a zero point all codes: engines agree as far as codes do, no further.
    near = cosine(got, wanted)
    checks.check(near >= 0.99, f"{what}: Decant's outputs beside ONNX Runtime's", f"cosine {near:.4f}, {off_by(got, wanted):.1e} of the range apart")


def check_outliers(model):
    """Columns that reach far, as large language models have them: found on samples, evened out or multiplied in float."""
    spoiled, small = with_outliers(model, folder / "outliers.onnx"), folder / "int8.onnx"

    def mean(source, *options):
        told = decant_json("quantize", source, "-o", small, "--scheme", "int8-dynamic", "--force", *options)
        split = sum("in float" in step["outcome"] for step in told["steps"])
        return cosines(model, small).mean(), f"{split} of {len(told['steps'])} inputs have columns in float"

    seen = ["--data", made_model("texts_calibration.npz"), "--outliers"]
    before, _ = mean(spoiled)
    after, how = mean(spoiled, *seen, 8)
    checks.check(after >= LEAST_WITH_OUTLIERS and after > before, "injected outliers: the embedding's cosine", f"{after:.4f}, {how}; without samples {before:.4f}")
    plain, how = mean(model, *seen, 4)
    checks.check(plain >= LEAST_SEEN, "the model's own outliers: the embedding's cosine", f"{plain:.4f}, {how}")
    decant("quantize", model, "-o", small, "--scheme", "int8-dynamic", "--force", "--outliers", 4, expect=64)


for name in ("minilm.onnx", "minilm_dynamo.onnx"):
    checks.attempt(name, lambda: check(made_model(name), [], True))
checks.attempt("minilm.onnx", lambda: check(made_model("minilm.onnx"), ["--no-per-channel"], False))
checks.attempt("outliers", lambda: check_outliers(made_model("minilm.onnx")))
checks.finish()

"""A bundle of MiniLM is at most 0.825 (float) and 0.67 (bfloat16) of the raw weights, made at 1 GB/s and extracted at
2 GB/s, bit-exact; and verify catches any one flipped byte."""
from _harness import *

checks = Checks()
shm = pathlib.Path("/dev/shm")
folder = workspace() if not shm.is_dir() else pathlib.Path(tempfile.mkdtemp(prefix="decant-oracle.", dir=shm))
atexit.register(shutil.rmtree, folder, ignore_errors=True)


def weight_bytes(path):
    return sum(len(one.raw_data) or one.ByteSize() for one in onnx.load(path).graph.initializer)


def check(name, ratio):
    model = folder / name
    shutil.copy(made_model(name), model)
    bundle, out = folder / "model.decant", folder / "out"
    raw = weight_bytes(model)
    create = min(measured(DECANT, "bundle", "create", model, "-o", bundle, "--force")[0] for _ in range(5))
    checks.check(bundle.stat().st_size <= ratio * raw, f"{name}: size", f"{bundle.stat().st_size / raw:.4f} of {raw:,} bytes of weights")
    checks.check(raw / create >= 1e9, f"{name}: created at", f"{raw / create / 1e9:.2f} GB/s ({create * 1000:.0f} ms)")
    runs = []
    for _ in range(5):
        shutil.rmtree(out, ignore_errors=True)
        runs.append(measured(DECANT, "bundle", "extract", bundle, "-o", out)[0])
    checks.check(raw / min(runs) >= 2e9, f"{name}: extracted at", f"{raw / min(runs) / 1e9:.2f} GB/s ({min(runs) * 1000:.0f} ms)")
    extracted, = out.glob("**/*.onnx")
    before, after = initializers(model), initializers(extracted)
    same = before.keys() == after.keys() and all(same_bits(after[one], before[one]) for one in before)
    checks.check(same, f"{name}: extracted bit-exact", f"{len(before)} tensors")
    first = bundle.read_bytes()
    decant("bundle", "create", model, "-o", bundle, "--force")
    checks.check(bundle.read_bytes() == first, f"{name}: the same bytes each time")


def flips(tries):
    """Flips one byte at a time of a small bundle with an extra file, anywhere in it."""
    bundle, torn = folder / "small.decant", folder / "torn.decant"
    digits = SAMPLES / "digits"
    decant("bundle", "create", digits / "student.onnx", "-o", bundle, "--extra", digits / "labels.txt", "--force")
    decant("bundle", "verify", bundle)
    whole = bundle.read_bytes()
    random = np.random.default_rng(9)
    codes = {}
    for place, change in zip(random.integers(0, len(whole), tries), random.integers(1, 256, tries)):
        torn.write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1:])
        code = subprocess.run([DECANT, "bundle", "verify", str(torn)], capture_output=True).returncode
        codes[code] = codes.get(code, 0) + 1
    caught = tries - codes.get(0, 0)
    checks.check(caught == tries, "flipped bytes caught", f"{caught} of {tries}; exit codes {codes}")
    checks.check(all(0 < code < 128 for code in codes if code), "no flipped byte ends in a signal")


for name, ratio in (("minilm.onnx", 0.825), ("minilm_bf16.onnx", 0.67)):
    checks.attempt(name, lambda: check(name, ratio))
checks.attempt("flips", lambda: flips(1000))
checks.finish()

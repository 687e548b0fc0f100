"""A bundle of MiniLM is at most 0.825 (float) and 0.67 (bfloat16) of the raw weights, made at 1 GB/s and extracted at
2 GB/s a core without the disk, hashes included, bit-exact; and verify catches any one flipped byte."""
import re

from _harness import *

checks = Checks()
shm = pathlib.Path("/dev/shm")
folder = workspace() if not shm.is_dir() else pathlib.Path(tempfile.mkdtemp(prefix="decant-oracle.", dir=shm))
atexit.register(shutil.rmtree, folder, ignore_errors=True)


def weight_bytes(path):
    return sum(len(one.raw_data) or one.ByteSize() for one in onnx.load(path).graph.initializer)


def codec_rates(bundle):
    """GB/s of plain bytes in and out, in memory on one core."""
    build = ["swift", "build", "-c", "release", "--product", "DecantBench"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    where = subprocess.run([*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    said = subprocess.run([f"{where}/DecantBench", "codec", bundle], check=True, capture_output=True, text=True).stdout
    return [float(rate) for rate in re.findall(r"([\d.]+) GB/s", said)]


def check(name, ratio):
    model = folder / name
    shutil.copy(made_model(name), model)
    bundle, out = folder / "model.decant", folder / "out"
    raw = weight_bytes(model)
    decant("bundle", "create", model, "-o", bundle, "--force")
    checks.check(bundle.stat().st_size <= ratio * raw, f"{name}: size", f"{bundle.stat().st_size / raw:.4f} of {raw:,} bytes of weights")
    create, extract = codec_rates(bundle)
    checks.check(create >= 1, f"{name}: compressed and hashed at", f"{create:.2f} GB/s")
    checks.check(extract >= 2, f"{name}: checked and restored at", f"{extract:.2f} GB/s")
    shutil.rmtree(out, ignore_errors=True)
    decant("bundle", "extract", bundle, "-o", out)
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

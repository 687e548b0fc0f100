"""Weights alone in 8 to 2 bits: codes to the bit as ONNX Runtime's, outputs as ONNX Runtime computes them, and MiniLM's bars."""
import contextlib
import io
import logging

import ml_dtypes
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import QuantFormat
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig, KQuantWeightOnlyQuantConfig, MatMulNBitsQuantizer, RTNWeightOnlyQuantConfig)

from _harness import *
from _minilm import embeddings

logging.disable(logging.WARNING)
checks = Checks()
folder = workspace()
random = np.random.default_rng(11)
# In whole bytes of codes: past the last input ONNX Runtime leaves in its last byte whatever it read there.
SHAPES = [(64, 32), (252, 31), (384, 96), (16, 16), (132, 40), (32, 513)]
compared = differing = combinations = 0


def products(dtype, shapes=SHAPES):
    """One input for each weight, so that each stands alone; one weight has zeros, a block of one value, ties and extremes."""
    nodes, inputs, outputs, weights = [], [], [], []
    elem = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    for index, (k, n) in enumerate(shapes):
        w = random.normal(size=(k, n)).astype(np.float32)
        if index == 0:
            w[:, 0], w[:, 1], w[::2, 2] = 0, 0.5, 0
            w[:, 3] = (np.arange(k) % 31 - 15) / 2
        weights.append(numpy_helper.from_array(w.astype(dtype), f"w{index}"))
        inputs.append(helper.make_tensor_value_info(f"x{index}", elem, [2, k]))
        outputs.append(helper.make_tensor_value_info(f"y{index}", elem, [2, n]))
        nodes.append(helper.make_node("MatMul", [f"x{index}", f"w{index}"], [f"y{index}"], name=f"n{index}"))
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def arrays(model):
    return {one.name: (one.data_type, tuple(one.dims), one.raw_data) for one in model.graph.initializer}


def parity(dtype, bits, symmetric, block, form):
    """Every tensor that ONNX Runtime's quantizer writes has the same type, extents and bytes in Decant's file."""
    global compared, differing, combinations
    model = products(dtype)
    source, out = folder / "in.onnx", folder / "out.onnx"
    onnx.save(model, source)
    quantizer = MatMulNBitsQuantizer(model, algo_config=DefaultWeightOnlyQuantConfig(
        block_size=block, is_symmetric=symmetric, bits=bits, accuracy_level=4,
        quant_format=QuantFormat.QOperator if form == "matmulnbits" else QuantFormat.QDQ))
    quantizer.process()
    theirs = arrays(quantizer.model.model)
    decant("quantize", source, "-o", out, "--force", "--scheme", f"w{bits}", "--algorithm", "rtn", "--block", block, "--form", form,
           "--symmetric-weights" if symmetric else "--no-symmetric-weights")
    ours = arrays(onnx.load(out))
    wrong = []
    for name, value in theirs.items():
        compared += 1
        if ours.get(name) != value:
            wrong.append(f"{name}: {ours.get(name, ('missing',))[:2]} and {value[:2]}")
    differing += len(wrong)
    combinations += 1
    checks.check(not wrong, f"{np.dtype(dtype).name} {bits} bits {'symmetric' if symmetric else 'free'} block {block} {form}", "; ".join(wrong[:3]))


def parity_named(algorithm, dtype, bits, symmetric, block):
    """The bytes of ONNX Runtime's `RTN` and `k_quant`, which write other names."""
    global compared, differing, combinations
    # Rows of an even number of blocks: of others ONNX Runtime packs the zero points of one row into the bytes of the next.
    shapes = [(2 * block, 32), (2 * block - 4, 31), (4 * block, 48), (6 * block, 17)]
    model = products(dtype, shapes)
    source, out = folder / "in.onnx", folder / "out.onnx"
    onnx.save(model, source)
    custom = {f"n{i}": {"bits": bits, "group_size": block, "scheme": "sym" if symmetric else "asym"} for i in range(len(shapes))}
    config = {"rtn": RTNWeightOnlyQuantConfig, "k-quant": KQuantWeightOnlyQuantConfig}[algorithm](customized_weight_config=custom)
    # Both write the progress of their work to the screen.
    with contextlib.redirect_stdout(io.StringIO()):
        quantizer = MatMulNBitsQuantizer(model, block_size=block, is_symmetric=symmetric, algo_config=config)
        quantizer.process()
    theirs = arrays(quantizer.model.model)
    decant("quantize", source, "-o", out, "--force", "--scheme", f"w{bits}", "--algorithm", algorithm, "--compat", "ort", "--block", block,
           "--symmetric-weights" if symmetric else "--no-symmetric-weights")
    ours = arrays(onnx.load(out))
    wrong = []
    for i, (k, n) in enumerate(shapes):
        for mine, its in ((f"w{i}_Q{bits}", f"w{i}_Q{bits}G{block}"), (f"w{i}_scales", f"w{i}_scale"), (f"w{i}_zero_points", f"w{i}_zp")):
            if its not in theirs and mine not in ours:
                continue
            compared += 1
            (_, _, found), (_, _, expected) = ours.get(mine, (0, 0, b"")), theirs.get(its, (0, 0, b""))
            if "_Q" in mine:
                # Past the last input there are no codes: ONNX Runtime has zero points there, Decant nothing.
                found, expected = (np.frombuffer(one, np.uint8).reshape(n, -1)[:, :k * bits // 8].tobytes() for one in (found, expected))
            if found != expected:
                differing += 1
                count = sum(a != b for a, b in zip(found, expected)) if len(found) == len(expected) else "all"
                wrong.append(f"{mine}: {count} of {len(expected)} bytes")
    combinations += 1
    checks.check(not wrong, f"{algorithm} {np.dtype(dtype).name} {bits} bits {'symmetric' if symmetric else 'free'} block {block}",
                 "; ".join(wrong[:3]))


def outputs(form, bits, block, symmetric, least_db):
    """ONNX Runtime and Decant compute the same from a file that Decant wrote, and both what the float model does but for rounding."""
    source, out = folder / "in.onnx", folder / "out.onnx"
    onnx.save(products(np.float32), source)
    decant("quantize", source, "-o", out, "--force", "--scheme", f"w{bits}", "--block", block, "--form", form, "--accuracy-level", 0,
           "--symmetric-weights" if symmetric else "--no-symmetric-weights")
    feed = {f"x{i}": random.normal(size=(2, k)).astype(np.float32) for i, (k, _) in enumerate(SHAPES)}
    exact = session(source, optimize=False).run(None, feed)
    # ONNX Runtime 1.31 has no DequantizeLinear of 2 bits.
    engine = ReferenceEvaluator(onnx.load(out)) if form == "qdq" and bits == 2 else session(out, optimize=False)
    expected = engine.run(None, feed)
    save_npz(folder / "x.npz", feed)
    decant("run", out, "--input", folder / "x.npz", "--output", folder / "y.npz", "--force")
    found = load_npz(folder / "y.npz")
    worst = max(np.abs(found[f"y{i}"] - one).max() / np.abs(one).max() for i, one in enumerate(expected))
    db = min(10 * np.log10((a ** 2).sum() / ((a - b) ** 2).sum()) for a, b in zip(exact, expected))
    checks.check(worst < 1e-5 and db >= least_db, f"{form} {bits} bits block {block} {'symmetric' if symmetric else 'free'} runs",
                 f"engines {worst:.1e} of the range apart; {db:.1f} dB to float, at least {least_db}")


def minilm(least, least_db, largest_mb, *options):
    """The embeddings of held-out texts keep their direction, in a file of that size."""
    model, out = made_model("minilm.onnx"), folder / "small.onnx"
    decant("quantize", model, "-o", out, "--force", *options)
    pairs = list(zip(reference, embeddings(out)))
    mean = np.mean([cosine(a, b) for a, b in pairs])
    noise = sum(((a - b) ** 2).sum() for a, b in pairs)
    db = 10 * np.log10(sum((a ** 2).sum() for a, _ in pairs) / noise)
    size = out.stat().st_size / 1e6
    good = mean >= least and db >= least_db and size <= largest_mb
    checks.check(good, f"minilm {' '.join(map(str, options))}", f"cosine {mean:.4f} (bar {least}), {db:.1f} dB, {size:.1f} MB")


for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
    for bits in (2, 4, 8):
        # With bfloat16 weights ONNX Runtime rounds its scales after it has chosen the codes; Decant's codes go with the stored scales.
        for symmetric in (True,) if dtype == ml_dtypes.bfloat16 else (True, False):
            for block in (16, 32, 64, 128):
                checks.attempt("parity", lambda: parity(dtype, bits, symmetric, block, "matmulnbits"))
    if dtype != ml_dtypes.bfloat16:
        for symmetric in (True, False):
            for block in (16, 32, 64, 128):
                checks.attempt("parity", lambda: parity(dtype, 4, symmetric, block, "qdq"))
for dtype in (np.float32, np.float16):
    for bits in (4, 8):
        for block in (16, 32, 64, 128, 256):
            checks.attempt("k-quant", lambda: parity_named("k-quant", dtype, bits, False, block))
            for symmetric in (True, False):
                checks.attempt("rtn", lambda: parity_named("rtn", dtype, bits, symmetric, block))
for options in (["--scheme", "w4"], ["--scheme", "w4", "--algorithm", "rtn", "--form", "qdq"], ["--scheme", "w3", "--algorithm", "rtn"]):
    checks.attempt("refusal", lambda: decant("quantize", folder / "in.onnx", "-o", folder / "out.onnx", "--force", "--compat", "ort", *options, expect=64))
print(f"{combinations} combinations, {compared} tensors compared, {differing} differ")
for form in ("matmulnbits", "qdq"):
    for bits, block, least_db in ((2, 32, 3), (3, 32, 10), (4, 16, 17), (4, 128, 15), (8, 64, 38)):
        for symmetric in (True, False):
            checks.attempt(form, lambda: outputs(form, bits, block, symmetric, least_db))

def scaling(bits, least):
    """Inputs scaled as AWQ has it: nearer than by rounding, in files of either form that ONNX Runtime runs."""
    model, rounded, scaled = made_model("minilm.onnx"), folder / "rounded.onnx", folder / "scaled.onnx"
    plain = ["--scheme", f"w{bits}", "--block", 64, "--no-tables", "--force"]
    decant("quantize", model, "-o", rounded, *plain, "--algorithm", "rtn")
    told = decant_json("quantize", model, "-o", scaled, *plain, "--algorithm", "awq", "--data", made_model("texts_256.npz"),
                       "--form", "qdq" if bits == 4 else "matmulnbits")
    before, after = (np.mean([cosine(a, b) for a, b in zip(reference, embeddings(path))]) for path in (rounded, scaled))
    how = [step["outcome"] for step in told["steps"] if step["outcome"].startswith("exponent")]
    folded = sum("folded into the product before it" in one for one in how)
    checks.check(after >= least and after > before, f"minilm awq {bits} bits", f"cosine {after:.4f} (bar {least}), by rounding {before:.4f}")
    checks.check(len(told["steps"]) == 24 and folded == 6, f"minilm awq {bits} bits: what was scaled",
                 f"{len(how)} of {len(told['steps'])} inputs, {folded} folded into the values that attention mixes")


def sequence():
    """GPTQ layer by layer on what the codes before it give; two of six layers and few sentences, for each input runs them anew."""
    model, few, found = made_model("minilm.onnx"), folder / "few.npz", []
    save_npz(few, {name: array[:96] for name, array in load_npz(made_model("texts_256.npz")).items()})
    common = ["--force", "--scheme", "w2", "--block", 32, "--include", "first:12"]
    for options in ([], ["--true-sequential"]):
        decant("quantize", model, "-o", folder / "out.onnx", *common, "--algorithm", "gptq", "--data", few, *options)
        found.append(np.mean([cosine(a, b) for a, b in zip(reference, embeddings(folder / "out.onnx"))]))
    checks.check(found[1] >= found[0] - 0.01, "minilm gptq 2 bits in sequence", f"cosine {found[1]:.4f}, at once {found[0]:.4f}")
    decant("quantize", model, "-o", folder / "out.onnx", *common, "--true-sequential", expect=64)


def descent():
    """AutoRound's codes of 3 bits are nearer than rounding's on the ranges of least error, for two layers of MiniLM and for digits."""
    few = save_npz(folder / "few.npz", {name: array[:64] for name, array in load_npz(made_model("texts_256.npz")).items()})
    common, found = ["--force", "--scheme", "w3", "--block", 64, "--include", "first:12"], []
    for options in (["--algorithm", "rtn"], ["--algorithm", "mse"], ["--algorithm", "autoround", "--data", few]):
        decant("quantize", made_model("minilm.onnx"), "-o", folder / "out.onnx", *common, *options)
        found.append(np.mean([cosine(a, b) for a, b in zip(reference, embeddings(folder / "out.onnx"))]))
    checks.check(found[2] >= 0.98 and found[2] > max(found[:2]), "minilm autoround 3 bits, two layers",
                 f"cosine {found[2]:.4f}, mse {found[1]:.4f}, rtn {found[0]:.4f}")
    digits, noise = SAMPLES / "digits", []
    for options in (["--algorithm", "rtn"], ["--algorithm", "mse"], ["--algorithm", "autoround", "--data", digits / "train.npz"]):
        decant("quantize", digits / "teacher.onnx", "-o", folder / "out.onnx", "--force", "--scheme", "w3", "--block", 16, *options)
        told = decant_json("compare", digits / "teacher.onnx", folder / "out.onnx", "--data", digits / "heldout.npz")
        noise.append(min(output["snr_db"] for output in told["outputs"]))
    checks.check(noise[2] > max(noise[:2]), "digits autoround 3 bits", f"{noise[2]:.2f} dB, mse {noise[1]:.2f}, rtn {noise[0]:.2f}")


reference = embeddings(made_model("minilm.onnx"))
seen = ["--algorithm", "gptq", "--data", made_model("texts_256.npz")]
for least, least_db, largest, options in (
    (0.990, 15, 55, ["--scheme", "w4", "--block", 64, "--no-tables", *seen]),
    (0.990, 15, 55, ["--scheme", "w4", "--block", 32, "--no-tables", *seen]),
    (0.980, 13, 17, ["--scheme", "w4", "--block", 64, *seen]),
    (0.955, 10, 55, ["--scheme", "w3", "--block", 64, "--no-tables", *seen]),
    (0.960, 10, 14, ["--scheme", "w4", "--block", 64]),
    (0.999, 25, 26, ["--scheme", "w8", "--block", 64])):
    checks.attempt("minilm", lambda: minilm(least, least_db, largest, *options))
for bits, least in ((3, 0.92), (4, 0.975)):
    checks.attempt("awq", lambda: scaling(bits, least))
checks.attempt("sequence", sequence)
checks.attempt("descent", descent)
checks.finish()

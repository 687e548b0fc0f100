"""Operators of com.microsoft agree with ONNX Runtime (CPU, its optimizations off) on the reference backend.

All cases of an operator are nodes of one model. Integers agree exactly, except by one code where a case says so; floats
within 1e-4 of a result's range, halves 2e-3. Where the CPU build has no kernel, NumPy computes what the documentation says.

  contrib_ops.py [OPERATOR...]     only these operators
"""
import collections

from _contrib import model
from _harness import *

import _contrib_attention
import _contrib_blocks
import _contrib_decoders
import _contrib_float
import _contrib_general
import _contrib_images
import _contrib_quantized

TOLERANCES = {"float32": 1e-4, "float64": 1e-4, "float16": 2e-3}
checks = Checks()
folder = workspace()
rows = collections.defaultdict(collections.Counter)


def by_ort(cases):
    """The results by name; a case that ONNX Runtime refuses is run alone, so that the others count."""
    feeds = {name: x for case in cases for name, x in case.feeds().items()}
    (folder / "ort.onnx").write_bytes(model(cases).SerializeToString())
    return run_ort(folder / "ort.onnx", feeds)


def by_decant(cases):
    feeds = {name: x for case in cases for name, x in case.feeds().items()}
    (folder / "decant.onnx").write_bytes(model(cases).SerializeToString())
    given = save_npz(folder / "given.npz", feeds)
    decant("run", folder / "decant.onnx", "--input", given, "--output", folder / "got.npz", "--backend", "reference", "--force")
    return load_npz(folder / "got.npz")


def one_by_one(run, cases):
    """The results of all cases at once, or of each alone where that fails: its error stands for its results."""
    try:
        return run(cases)
    except Exception as error:  # noqa: BLE001 - the report is the point
        if len(cases) == 1:
            return {name: error for name in cases[0].outputs()}
    return {name: x for case in cases for name, x in one_by_one(run, [case]).items()}


def difference(case, got, wanted):
    """What is wrong with a result; None when it agrees."""
    for side, x in (("decant", got), ("the oracle", wanted)):
        if isinstance(x, Exception):
            return f"{side}: {str(x)[-300:]}"
    if got.dtype != wanted.dtype or got.shape != wanted.shape:
        return f"{got.dtype}{got.shape} for {wanted.dtype}{wanted.shape}"
    if wanted.dtype.kind == "f":
        limit = case.tolerance or TOLERANCES[wanted.dtype.name]
        off = off_by(got, wanted)
        return None if off <= limit else f"{off:.1e} of its range, {limit:.0e} allowed"
    apart = np.abs(got.astype(np.int64) - wanted.astype(np.int64))
    rows[case.op]["elements"] += apart.size
    rows[case.op]["apart"] += int(np.count_nonzero(apart))
    return None if apart.size == 0 or apart.max() <= case.codes else f"{apart.max()} codes apart in {np.count_nonzero(apart)} of {apart.size}"


def check(op, cases):
    known = [case for case in cases if case.reference is None]
    wanted = one_by_one(by_ort, known) if known else {}
    for case in cases:
        if case.reference is not None:
            wanted |= dict(zip(case.outputs(), case.reference()))
    got = one_by_one(by_decant, cases)
    for case in cases:
        found = [difference(case, got[name], wanted[name]) for name in case.outputs()]
        faults = [f"result {name.rsplit('r', 1)[1]}: {fault}" for name, fault in zip(case.outputs(), found) if fault]
        rows[op]["numpy" if case.reference is not None else "ort"] += 1
        rows[op]["failed"] += bool(faults)
        if faults:
            checks.check(False, str(case), "; ".join(faults))
        else:
            checks.passed += 1


groups = collections.defaultdict(list)
for module in (_contrib_attention, _contrib_blocks, _contrib_decoders, _contrib_float, _contrib_general, _contrib_images, _contrib_quantized):
    for generate in module.GROUPS:
        for case in generate():
            groups[case.op].append(case)
for op in sorted(groups):
    if len(sys.argv) == 1 or op in sys.argv[1:]:
        check(op, groups[op])

print(f"{'operator':34} {'ort':>5} {'numpy':>5} {'failed':>6}  integer elements one code apart")
for op, row in sorted(rows.items()):
    apart = f"{row['apart']} of {row['elements']}" if row["elements"] else ""
    print(f"{op:34} {row['ort']:5} {row['numpy']:5} {row['failed']:6}  {apart}")
checks.finish()

"""Types that Decant infers are at least as precise as onnx.shape_inference's and ONNX Runtime's, and contradict neither.

The models: ONNX's own backend suite (2,024 cases), each once more with symbols for the extents of its inputs; the real models
at hand (Samples, DECANT_MODELS, MiniLM), those of one sample once more with a symbol for the batch; and the
contrib operators, with numbers and with symbols. All types but those of inputs are cleared first, in the file that both sides get: every type is inferred, none is
read. Each model keeps its opset; Decant upgrades it on reading, and values that this renames or removes are counted apart.
Strict mode with data propagation for ONNX; auto_merge for ONNX Runtime (which needs SymPy: PyTorch brings it), but not for
the cases with symbols, where it would guess that different ones are equal.

  inference_agrees.py [NAME...]        only models whose name holds one of these
"""
import collections
import contextlib
import io
import re

from onnx import shape_inference
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

import _contrib
import _contrib_blocks
import _contrib_float
import _contrib_quantized
from _harness import *
from _types import VERDICTS, Comparison, batch, forget, of_graph, symbolize, symbols_of

SUITE = MADE.parent / "onnx-suite"
CONFORMANCE = pathlib.Path(DECANT).parent / "Conformance"
# Where a reference is wrong or guesses: the reference, a pattern of "CASE VALUE", and why. What the suite's cases compute
# agrees with what Decant infers; that is checked here.
WRONG = [
    ("onnx", r"affine_grid_3d\w*_expanded .*/then_branch/", "extents of 2 and -1 for parts of 1 and 0, in a branch that is not taken"),
    ("onnx", r"test_loop13_seq seq_res", "believes the body's declaration of scalars; the elements are vectors"),
    ("onnx", r"symbolic_test_attention\S* (qk_matmul_output|Y)$", "takes an extent that is a symbol for 0"),
    ("onnxruntime", r"symbolic_test_split_equal_parts_(1d_opset18|2d|default_axis_opset18) ",
     "takes the parts of a symbol to be equal; as the operator is at opset 18, the last may be shorter"),
    ("onnx|onnxruntime", r"test_loop11 ", "takes the carried value to be changed by an iteration: without one it stays as it was"),
    ("onnxruntime", r"test_split_(variable|zero|1d_uneven|2d_uneven)", "parts of equal size, whatever the operand 'split' says"),
    ("onnxruntime", r"test_squeeze_negative_axes y|symbolic_test_squeeze y", "drops extents of 1, whatever 'axes' says"),
    ("onnxruntime", r"symbolic_test_(average|max)pool\S*(_ceil|_large)\S* ", "forgets that the last window has to start inside"),
    ("onnxruntime", r"symbolic_test_causal_conv\S*_expanded present_state", "a slice from 1 - k on is of k - 1, but of all for 1"),
    ("onnxruntime", r"test_sce_\w*none", "a scalar where nothing is reduced"),
    ("onnxruntime", r"test_quantizelinear_blocked_symmetric y", "ignores 'output_dtype'"),
    ("onnxruntime", r"test_gathernd_example_int32_batch_dim1 ", "ignores 'batch_dims'"),
    ("onnxruntime", r"test_identity_sequence y", "a tensor for a sequence"),
    ("onnxruntime", r"test_rms_normalization_\w*_expanded ", "no reduced axes where they are computed from a rank"),
    ("onnxruntime", r"test_rotary_embedding_\w*expanded ", "does not know bounds of slices that are computed from a shape"),
    ("onnxruntime", r"test_sequence_insert_at", "gives every element the shape of the last one inserted"),
    ("onnxruntime", r"contrib/\w*GatherBlockQuantized ", "takes packed codes for elements, and ignores 'gather_axis'"),
]
checks = Checks()
doubted = set()
folder = workspace()


def by_onnx(name, model):
    return shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def by_onnxruntime(name, model):
    # It prints what it does not know, and saves what it could not finish to the current folder.
    if not any(opset.domain in ("", "ai.onnx") and opset.version >= 7 for opset in model.opset_import):
        raise ValueError("the opset is below 7")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
        inferred = SymbolicShapeInference.infer_shapes(copy, auto_merge="symbolic_" not in name)
    if inferred is None:
        raise ValueError("nothing was inferred")
    return inferred


REFERENCES = {"onnx": by_onnx, "onnxruntime": by_onnxruntime}


def contrib_models():
    """One model an operator."""
    groups = collections.defaultdict(list)
    for module in (_contrib_blocks, _contrib_float, _contrib_quantized):
        for generate in module.GROUPS:
            for case in generate():
                groups[case.op].append(case)
    return {f"contrib/{op}": _contrib.model(cases) for op, cases in groups.items()}


def every_case():
    """The models by name, without the types that inference is to find."""
    subprocess.run([sys.executable, ROOT / "Tests/Conformance/write_suite.py", SUITE], check=True)
    models = {f"{path.parent.parent.name}/{path.parent.name}": onnx.load(path) for path in SUITE.glob("*/*/model.onnx")}
    checks.check(len(models) == 2024, "the suite is whole", f"{len(models)} cases")
    symbolic = {name.replace("/", "/symbolic_", 1): onnx.load(SUITE / name / "model.onnx") for name in models}
    for model in symbolic.values():
        symbolize(model.graph)
    models |= symbolic
    models |= {f"real/{label(path).replace('/', '_')}": onnx.load(path) for path in every_model()}
    for name in [name for name in models if name.startswith("real/")]:
        batched = onnx.ModelProto()
        batched.CopyFrom(models[name])
        if batch(batched.graph):
            models[name.replace("/", "/batched_", 1)] = batched
    models |= contrib_models()
    for name, model in contrib_models().items():
        symbolize(model.graph)
        models[name.replace("/", "/symbolic_", 1)] = model
    models = {name: model for name, model in sorted(models.items()) if not sys.argv[1:] or any(w in name for w in sys.argv[1:])}
    for name, model in models.items():
        forget(model.graph)
        place = folder / "models" / name
        place.mkdir(parents=True)
        onnx.save(model, place / "model.onnx")
    return models


def by_decant():
    """What Decant infers for each case: a dictionary with `types`, or with `error`."""
    subprocess.run([CONFORMANCE, folder / "models", "--types", folder / "types.json"], check=True)
    lines = (folder / "types.json").read_text().splitlines()
    return {line["case"]: line for line in map(json.loads, lines)}


def compare(reference, models, ours):
    """Compares all models with one reference and prints the totals."""
    totals, refused, missing = collections.Counter(), collections.Counter(), 0
    wrong = collections.Counter()
    for name, model in models.items():
        try:
            inferred = REFERENCES[reference](name, model)
        except Exception as error:  # noqa: BLE001 - the report is the point
            refused[type(error).__name__] += 1
            continue
        found = Comparison(ours[name]["types"], of_graph(inferred.graph), symbols_of(model.graph))
        totals.update(found.verdicts.values())
        missing += len(found.missing)
        for value, verdict in found.verdicts.items():
            reason = why_wrong(reference, f"{name} {value}") if verdict in ("less precise", "contradictory") else None
            if verdict in ("equal", "more precise"):
                checks.passed += 1
            elif reason:
                wrong[reason] += 1
                doubted.add(name)
                totals[verdict] -= 1
            else:
                checks.check(False, f"{name} '{value}' is {verdict} than {reference}'s",
                             f"{ours[name]['types'][value]} for {of_graph(inferred.graph)[value]}")
    print(f"{reference}: " + ", ".join(f"{totals[verdict]} {verdict}" for verdict in VERDICTS)
          + f"; {missing} values that reading renamed or removed; refused by the reference: {sum(refused.values())} of {len(models)}")
    for reason, count in sorted(wrong.items()):
        print(f"  {count} where the reference is wrong: {reason}", flush=True)


def why_wrong(reference, what):
    """Why a finding of a reference does not count; None where it does."""
    return next((why for names, pattern, why in WRONG if reference in names.split("|") and re.search(pattern, what)), None)


def check_symbols():
    """What the suite's cases compute agrees with the types that are inferred when their inputs have symbols."""
    for path in SUITE.glob("*/*/model.onnx"):
        place = folder / "symbols" / path.parent.relative_to(SUITE)
        shutil.copytree(path.parent, place)
        model = onnx.load(path)
        symbolize(model.graph)
        onnx.save(model, place / "model.onnx")
    done = subprocess.run([CONFORMANCE, folder / "symbols", "--backend", "reference"], capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if ": inferred " in line]
    checks.check(done.returncode == 0 and not found, "cases with symbols compute what is inferred", "; ".join(found)[-2000:])


def check_doubted():
    """The cases in which a reference is called wrong compute values of the types that Decant infers."""
    cases = sorted({name.replace("symbolic_", "") for name in doubted if name.split("/")[0] in ("node", "simple")})
    if not cases:
        return
    for name in cases:
        shutil.copytree(SUITE / name, folder / "doubted" / name)
    done = subprocess.run([CONFORMANCE, folder / "doubted", "--least", str(len(cases))], capture_output=True, text=True)
    checks.check(done.returncode == 0, f"{len(cases)} cases in which a reference is wrong compute what is inferred", done.stdout[-2000:])


models = every_case()
ours = by_decant()
for name, line in ours.items():
    if "error" in line:
        checks.check(False, f"{name} is inferred", line["error"])
models = {name: model for name, model in models.items() if "error" not in ours[name]}
for reference in REFERENCES:
    compare(reference, models, ours)
check_doubted()
if not sys.argv[1:]:
    check_symbols()
checks.finish()

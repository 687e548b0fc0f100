"""Types that Decant infers are at least as precise as onnx.shape_inference's and ONNX Runtime's, and contradict neither.

The models: ONNX's own backend suite (2,024 cases), the real models at hand (Samples, DECANT_MODELS, MiniLM), and the contrib
operators. All types but those of inputs are cleared first, in the file that both sides get: every type is inferred, none is
read. Each model keeps its opset; Decant upgrades it on reading, and values that this renames or removes are counted apart.
Strict mode with data propagation for ONNX, auto_merge for ONNX Runtime (which needs SymPy: PyTorch brings it).

  inference_agrees.py [NAME...]        only models whose name holds one of these
"""
import collections
import contextlib
import io

from onnx import shape_inference
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

import _contrib
import _contrib_blocks
import _contrib_float
import _contrib_quantized
from _harness import *
from _types import Comparison, forget, of_graph, symbolize, symbols_of

SUITE = MADE.parent / "onnx-suite"
CONFORMANCE = pathlib.Path(DECANT).parent / "Conformance"
# Where a reference is wrong: what is computed says so (checked here for the suite's cases).
WRONG = {}
checks = Checks()
folder = workspace()


def by_onnx(model):
    return shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def by_onnxruntime(model):
    # It prints what it does not know, and saves what it could not finish to the current folder.
    if not any(opset.domain in ("", "ai.onnx") and opset.version >= 7 for opset in model.opset_import):
        raise ValueError("the opset is below 7")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
        inferred = SymbolicShapeInference.infer_shapes(copy, auto_merge=True)
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
    models |= contrib_models()
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
    for name, model in models.items():
        try:
            inferred = REFERENCES[reference](model)
        except Exception as error:  # noqa: BLE001 - the report is the point
            refused[type(error).__name__] += 1
            continue
        found = Comparison(ours[name]["types"], of_graph(inferred.graph), symbols_of(model.graph))
        totals.update(found.verdicts.values())
        missing += len(found.missing)
        for value, verdict in found.verdicts.items():
            if verdict in ("less precise", "contradictory") and (reference, name.split("/")[1], value) not in WRONG:
                checks.check(False, f"{name} '{value}' is {verdict} than {reference}'s",
                             f"{ours[name]['types'][value]} for {of_graph(inferred.graph)[value]}")
            else:
                checks.passed += 1
    print(f"{reference}: {dict(totals)}; {missing} values that reading renamed or removed; "
          f"refused by the reference: {dict(refused)}", flush=True)


models = every_case()
ours = by_decant()
for name, line in ours.items():
    if "error" in line:
        checks.check(False, f"{name} is inferred", line["error"])
models = {name: model for name, model in models.items() if "error" not in ours[name]}
for reference in REFERENCES:
    compare(reference, models, ours)
checks.finish()

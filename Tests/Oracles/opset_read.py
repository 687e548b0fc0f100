"""Every operator of ai.onnx at every version at which its schema changed, and in the last opset of that form: a small model
in that form is read, brought up to the pinned opset and run, and gives what ONNX's reference evaluator gives at that version; where the evaluator
lacks the old version, what ONNX Runtime gives; else what NumPy does (the `by` of a case).

    opset_read.py [OPERATOR...]
"""
import warnings

import onnx.reference
import _opset_elementwise, _opset_layout, _opset_network  # noqa: F401 - they fill the table
from _opset_table import CASES, last_opset, model, versions
from onnx import numpy_helper
from _harness import *

# Where the evaluator is not asked: before these versions it computes what newer ones mean, or trains instead of inferring;
# 99: at no version (it divides by the sum, not the sum of magnitudes; it takes batches for channels).
NOT_ASKED = {"BatchNormalization": 14, "Hardmax": 13, "LRN": 99, "LogSoftmax": 13, "LpNormalization": 99, "RoiAlign": 16,
             "Softmax": 13}
# Random numbers have no expected values; optionals and pictures are in the backend suite.
LEFT_OUT = """Bernoulli ImageDecoder Multinomial Optional OptionalGetElement OptionalHasElement RandomNormal RandomNormalLike
RandomUniform RandomUniformLike""".split()
RUNNER = pathlib.Path(os.environ.get("DECANT_CONFORMANCE", pathlib.Path(DECANT).parent / "Conformance"))
checks = Checks()


def by_evaluator(case, version):
    version = max(version, case.like)
    if version < NOT_ASKED.get(case.op, 0):
        return None
    proto, feeds = model(case, version)
    for node in proto.graph.node:  # notes on memory and on what is always so, which the evaluator does not take
        kept = [attribute for attribute in node.attribute if attribute.name not in ("consumed_inputs", "is_test", "output_sequence")]
        del node.attribute[:]
        node.attribute.extend(kept)
    try:
        return onnx.reference.ReferenceEvaluator(proto).run(None, feeds)
    except Exception:  # noqa: BLE001 - it lacks this version: another engine says what is right
        return None


def by_runtime(proto, feeds):
    try:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        return ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)
    except Exception:  # noqa: BLE001 - neither has this one
        return None


def expected(case, version):
    """(feeds, outputs, whose): what the model must give, and who says so."""
    _, feeds = model(case, version)
    if case.by:
        outputs = case.by(*feeds.values())
        return feeds, list(outputs) if isinstance(outputs, tuple) else [outputs], "NumPy"
    outputs = by_evaluator(case, version)
    if outputs is not None:
        return feeds, outputs, "the evaluator"
    return feeds, by_runtime(model(case, max(version, case.like))[0], feeds), "ONNX Runtime"


def message(name, value):
    if isinstance(value, list):
        return numpy_helper.from_list(value, name) if value else onnx.SequenceProto(name=name, elem_type=1)
    return numpy_helper.from_array(np.asarray(value), name)


def write(case, version, opset, name, folder):
    """Writes the case at `opset`, where it has the form of `version`, and returns whose its outputs are."""
    feeds, outputs, whose = expected(case, version)
    if outputs is None:
        checks.check(False, name, "no engine computes it")
        return ""
    proto, _ = model(case, opset, outputs)
    place = folder / name
    data = place / "test_data_set_0"
    data.mkdir(parents=True)
    (place / "model.onnx").write_bytes(proto.SerializeToString())
    (place / "tolerance.txt").write_text("1e-4 1e-6\n")
    for word, values in (("input", feeds.values()), ("output", outputs)):
        for index, value in enumerate(values):
            (data / f"{word}_{index}.pb").write_bytes(message(f"{word}{index}", value).SerializeToString())
    return whose


def main():
    wanted = set(sys.argv[1:])
    suite = workspace()
    covered, oracles, count = set(), {}, 0
    for number, case in enumerate(CASES):
        if wanted and case.op not in wanted:
            continue
        for version in versions(case.op):
            if case.since <= version <= case.until:
                covered.add((case.op, version))
                for opset in sorted({version, last_opset(case.op, version)}):
                    whose = write(case, version, opset, f"{case.op}-{opset}-{number}", suite / "read")
                    oracles[whose] = oracles.get(whose, 0) + 1
                    count += bool(whose)
    every = {(s.name, s.since_version) for s in onnx.defs.get_all_schemas_with_history() if s.domain == ""}
    missing = sorted((op, v) for op, v in every - covered if op not in LEFT_OUT and v in versions(op))
    if not wanted:
        checks.check(not missing, "every version of every operator has a model", " ".join(f"{o}-{v}" for o, v in missing))
    print("expected values by " + ", ".join(f"{whose} {n}" for whose, n in sorted(oracles.items()) if whose))
    done = subprocess.run(
        [RUNNER, suite, "--least", str(count), "--backend", "reference"], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    passed, failed = (int(word) for word in done.stdout.strip().splitlines()[-1].split() if word.isdigit())
    checks.passed += passed
    checks.failed += failed
    checks.finish()


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    main()

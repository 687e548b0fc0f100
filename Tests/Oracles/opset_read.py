"""Every operator of ai.onnx at every version at which its schema changed, and in the last opset of that form: a small model
in that form is read, brought up to the pinned opset and run, and gives what ONNX's reference evaluator gives at that version;
where the evaluator lacks the old version, what ONNX Runtime gives; else what NumPy does (the `by` of a case).

    opset_read.py [OPERATOR...]
"""
import warnings

from _opset_suite import expected, run_suite, write_case
from _opset_table import CASES, last_opset, model, versions
from _harness import *

# Random numbers have no expected values; optionals and pictures are in the backend suite.
LEFT_OUT = """Bernoulli ImageDecoder Multinomial Optional OptionalGetElement OptionalHasElement RandomNormal RandomNormalLike
RandomUniform RandomUniformLike""".split()
checks = Checks()


def main():
    wanted = set(sys.argv[1:])
    suite = workspace()
    covered, oracles, count = set(), {}, 0
    for number, case in enumerate(CASES):
        if wanted and case.op not in wanted:
            continue
        for version in versions(case.op):
            if not case.since <= version <= case.until:
                continue
            covered.add((case.op, version))
            feeds, outputs, whose = expected(case, version)
            if outputs is None:
                checks.check(False, f"{case.op}-{version}-{number}", "no engine computes it")
                continue
            for opset in sorted({version, last_opset(case.op, version)}):
                proto, _ = model(case, opset, outputs)
                write_case(suite / "read" / f"{case.op}-{opset}-{number}", proto.SerializeToString(), feeds, outputs)
                oracles[whose] = oracles.get(whose, 0) + 1
                count += 1
    every = {(s.name, s.since_version) for s in onnx.defs.get_all_schemas_with_history() if s.domain == ""}
    missing = sorted((op, v) for op, v in every - covered if op not in LEFT_OUT and v in versions(op))
    if not wanted:
        checks.check(not missing, "every version of every operator has a model", " ".join(f"{o}-{v}" for o, v in missing))
    print("expected values by " + ", ".join(f"{whose} {n}" for whose, n in sorted(oracles.items())))
    run_suite(suite, count, checks)
    checks.finish()


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    main()

"""convert --opset N: the newest form of every operator of ai.onnx, written at each opset in which its form was another; and
the samples, the real models and MiniLM at 7, 9, 11 and 13 to 28.

What is written passes ONNX's checker for the version, gives the same in ONNX Runtime, or in the reference evaluator where
ONNX Runtime does not accept it, and the same when Decant reads it again. What is refused (exit 69) names its node and the
lowest opset that can, and that one can.

    opset_convert.py [OPERATOR|MODEL...]
"""
import re
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from _opset_engines import by_evaluator, by_runtime, difference
from _opset_suite import expected, run_suite, write_case
from _opset_table import CASES, model, versions
from _harness import *

NEWEST = onnx.defs.onnx_opset_version()
REAL_TARGETS = (7, 9, 11, *range(13, NEWEST + 1))
# Evaluators differ from each other by roundings in long sums and in transcendental functions.
TOLERANCE = 1e-4
wanted = set(sys.argv[1:])
checks = Checks()
folder = workspace()
judges, refusals, shy = Counter(), Counter(), []


def convert(source, target, place):
    """(the written model, None), or (None, the refusal)."""
    written = place / f"{target}.onnx"
    done = subprocess.run(
        [DECANT, "convert", source, "-o", written, "--opset", str(target), "--force"], capture_output=True, text=True, timeout=60)
    if done.returncode == 0:
        return written, None
    if done.returncode != 69:
        raise CommandFailed(f"exit {done.returncode} at opset {target}: {done.stderr.strip()[-300:]}")
    return None, done.stderr.strip()


def refused_well(source, target, said, place):
    """What is wrong with a refusal: it names a node and the lowest opset that can, which can."""
    lowest = re.search(r"opset (\d+) is the lowest", said)
    if "node '" not in said or not lowest:
        return f"the refusal names no node or opset: {said}"
    lowest = int(lowest[1])
    if lowest <= target:
        return f"opset {lowest} is not above {target}"
    if convert(source, lowest, place)[0] is None:
        return f"opset {lowest} is refused, too"
    if lowest - 1 > target and convert(source, lowest - 1, place)[0] is not None:
        return f"opset {lowest - 1} can express it, not only {lowest}"
    return ""


def judged(written, target, feeds, outputs, differ=lambda got, wanted: difference(got, wanted, TOLERANCE)):
    """(what is wrong, who says so): nobody where neither engine accepts the model."""
    proto = onnx.load(str(written))
    if next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")) != target:
        return "another opset is written", "its imports"
    try:
        onnx.checker.check_model(proto)
    except Exception as error:  # noqa: BLE001 - any complaint is one
        return f"the checker: {str(error)[:200]}", "the checker"
    for whose, engine in (("ONNX Runtime", by_runtime), ("the evaluator", by_evaluator)):
        got = engine(proto, feeds)
        if got is not None:
            return differ(got, outputs), whose
    return "", ""


def one_case(number, case):
    """[(name, what is wrong, whose)], and what is to be read again."""
    version = max(v for v in versions(case.op) if v <= case.until)
    if case.until < 99 or version < case.since or onnx.defs.get_schema(case.op, NEWEST).deprecated:
        return [], []
    name = f"{case.op}-{number}"
    feeds, outputs, _ = expected(case, version)
    proto, _ = model(case, NEWEST, outputs)
    place = folder / "work" / name
    place.mkdir(parents=True)
    source = place / "source.onnx"
    source.write_bytes(proto.SerializeToString())
    found, again = [], []
    for target in sorted({max(v - 1, 7) for v in versions(case.op) if v > 7} | {7}):
        try:
            written, said = convert(source, target, place)
            if said:
                refusals[case.op, target] += 1
                found.append((f"{name} at {target}", refused_well(source, target, said, place), "refused"))
                continue
            wrong, whose = judged(written, target, feeds, outputs)
            found.append((f"{name} at {target}", wrong, whose))
            again.append((f"{name}-{target}", written.read_bytes(), feeds, outputs))
        except Exception as error:  # noqa: BLE001 - one broken case must not end the run
            found.append((f"{name} at {target}", f"{type(error).__name__}: {error}", "refused"))
    shutil.rmtree(place)
    return found, again


def operators():
    cases = [(number, case) for number, case in enumerate(CASES) if not wanted or case.op in wanted]
    count = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for found, again in pool.map(lambda pair: one_case(*pair), cases):
            for name, wrong, whose in found:
                count_one(name, wrong, whose)
            for name, written, feeds, outputs in again:
                write_case(folder / "suite/again" / name, written, feeds, outputs)
                count += 1
    if count:
        run_suite(folder / "suite", count, checks)


def count_one(name, wrong, whose):
    judges[whose or "nobody but Decant"] += 1
    checks.passed += not wrong
    if wrong:
        checks.check(False, name, wrong)
    if not whose:
        shy.append(name)


def differ_in_range(got, wanted):
    """For whole models: off by more than a share of an output's range, as the engines round each on its own."""
    worst = max(off_by(np.asarray(a), b) for a, b in zip(got, wanted))
    return "" if len(got) == len(wanted) and worst < 1e-5 else f"off by {worst:.2g} of the range"


def real_model(path):
    """Every opset of one real model, against ONNX Runtime on the model as it is."""
    found = []
    feeds = feeds_for(path)
    outputs = list(run_ort(path, feeds).values())
    place = folder / "real" / path.stem
    place.mkdir(parents=True)
    for target in REAL_TARGETS:
        name = f"{label(path)} at {target}"
        try:
            written, said = convert(path, target, place)
            if said:
                refusals[label(path), target] += 1
                found.append((name, refused_well(path, target, said, place), "refused"))
                print(f"refused {name}: {said.splitlines()[0][:200]}", flush=True)
                continue
            found.append((name, *judged(written, target, feeds, outputs, differ_in_range)))
            written.unlink()
        except Exception as error:  # noqa: BLE001 - one broken model must not end the run
            found.append((name, f"{type(error).__name__}: {error}", "refused"))
    shutil.rmtree(place)
    return found


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    operators()
    for path in every_model():
        if not wanted or path.name in wanted or path.stem in wanted:
            for one in checks.attempt(label(path), lambda path=path: real_model(path)) or []:
                count_one(*one)
print("judged by " + ", ".join(f"{whose} {count}" for whose, count in judges.most_common()))
print("refused: " + ", ".join(f"{op} at {target}" for op, target in sorted(refusals)))
print("which neither ONNX Runtime nor the evaluator accepts: " + " ".join(shy))
checks.finish()

"""Models of one node, which Decant and ONNX Runtime run on the same operands."""
from concurrent.futures import ThreadPoolExecutor

from onnx import TensorProto, helper, numpy_helper

from _harness import *


def node_model(op, operands, attributes, results=1, domain="", version=28):
    """A model of the node `op`; operands are arrays. The results have no declared type."""
    names = [f"x{i}" for i in range(len(operands))]
    outputs = [f"y{i}" for i in range(results)]
    node = helper.make_node(op, names, outputs, domain=domain, **attributes)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, operands)
    ]
    graph = helper.make_graph([node], "one", inputs, [onnx.ValueInfoProto(name=name) for name in outputs])
    opsets = [helper.make_opsetid(domain, version)] + ([helper.make_opsetid("", 21)] if domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def ort_results(model, operands):
    """What ONNX Runtime computes, or a string with its reason for not doing so."""
    try:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        running = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return running.run(None, {given.name: array for given, array in zip(running.get_inputs(), operands)})
    except Exception as error:  # noqa: BLE001 - every refusal is an answer
        return str(error)


def decant_results(model, operands, place):
    """What Decant computes, or a string with its reason for not doing so; a crash is an exception."""
    place.mkdir()
    try:
        (place / "model.onnx").write_bytes(model.SerializeToString())
        (place / "given").mkdir()
        for i, array in enumerate(operands):
            (place / f"given/input_{i}.pb").write_bytes(numpy_helper.from_array(array, f"x{i}").SerializeToString())
        words = [DECANT, "run", place / "model.onnx", "--input", place / "given", "--output", place / "out"]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
        if done.returncode in (65, 69):
            return done.stderr.strip()
        if done.returncode:
            raise CommandFailed(f"exit {done.returncode}: {done.stderr.strip()[-300:]}")
        count = len(model.graph.output)
        return [numpy_helper.to_array(onnx.load_tensor(place / f"out/output_{i}.pb")) for i in range(count)]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def difference(got, wanted, rtol, atol):
    """What is different; an empty string where nothing is. `atol` is a share of the largest number, where that is above 1."""
    if isinstance(wanted, str) or isinstance(got, str):
        if isinstance(wanted, str) and isinstance(got, str):
            return ""
        return f"Decant: {got!s:.300}, ONNX Runtime: {wanted!s:.300}"
    for index, (mine, theirs) in enumerate(zip(got, wanted)):
        theirs = np.asarray(theirs)
        if mine.shape != theirs.shape or mine.dtype.kind != theirs.dtype.kind:
            return f"result {index}: {mine.dtype}{list(mine.shape)} for {theirs.dtype}{list(theirs.shape)}"
        if theirs.dtype.kind in "OUS":
            if mine.tolist() != theirs.tolist():
                return f"result {index}: {mine.tolist()!s:.300} for {theirs.tolist()!s:.300}"
            continue
        finite = np.abs(theirs[np.isfinite(theirs)]) if theirs.dtype.kind == "f" else []
        allowed = atol * max(1, np.max(finite, initial=0))
        if mine.dtype != theirs.dtype or not np.allclose(mine, theirs, rtol=rtol, atol=allowed, equal_nan=True):
            return f"result {index}: {mine.tolist()!s:.300} for {theirs.tolist()!s:.300}"
    return ""


def compare_all(checks, cases, rtol=1e-5, atol=1e-6, explained=()):
    """Runs (name, model, operands) and checks that both agree, refusals included; a fourth part is the model as ONNX Runtime
    gets it. `explained` names cases that do not agree and why, which must stay so."""
    folder = workspace()
    reasons = dict(explained)

    def one(numbered):
        number, (name, model, operands, *theirs) = numbered
        try:
            got = decant_results(model, operands, folder / str(number))
            return name, difference(got, ort_results(*(theirs or [model]), operands), rtol, atol)
        except Exception as error:  # noqa: BLE001 - one broken case must not end the run
            return name, f"{type(error).__name__}: {error}"

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for name, wrong in pool.map(one, enumerate(cases)):
            if name in reasons:
                checks.check(wrong, f"{name} differs", reasons[name])
            else:
                checks.check(not wrong, name, wrong)

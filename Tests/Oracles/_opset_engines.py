"""What a model of some opset gives: by ONNX's reference evaluator, by ONNX Runtime, and which of them knows better."""
import onnx.reference

from _harness import np, ort

# Where the evaluator is not asked: before these versions it computes what newer ones mean, or trains instead of inferring;
# 99: at no version (it divides by the sum, not the sum of magnitudes; it takes batches for channels).
NOT_ASKED = {"BatchNormalization": 14, "Hardmax": 13, "LRN": 99, "LogSoftmax": 13, "LpNormalization": 99, "RoiAlign": 16,
             "Softmax": 13}


def by_evaluator(proto, feeds):
    """The outputs, or None where the evaluator lacks an operator at this version, or does not know it well."""
    version = next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx"))
    if any(version < NOT_ASKED.get(node.op_type, 0) for node in proto.graph.node):
        return None
    for node in proto.graph.node:  # notes on memory and on what is always so, which the evaluator does not take
        kept = [a for a in node.attribute if a.name not in ("consumed_inputs", "is_test", "output_sequence")]
        del node.attribute[:]
        node.attribute.extend(kept)
    try:
        return onnx.reference.ReferenceEvaluator(proto).run(None, feeds)
    except Exception:  # noqa: BLE001 - it lacks this version: another engine says what is right
        return None


def by_runtime(proto, feeds):
    """The outputs, or None where ONNX Runtime does not accept the model, or masks what it keeps."""
    if any(node.op_type == "Dropout" and len(node.output) > 1 for node in proto.graph.node):
        return None
    try:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        return ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)
    except Exception:  # noqa: BLE001 - the other engine may accept it
        return None


def difference(got, wanted, tolerance):
    """What is wrong with some outputs: nothing, or a word about the first that differs."""
    if len(got) != len(wanted):
        return f"{len(got)} outputs instead of {len(wanted)}"
    for index, (a, b) in enumerate(zip(got, wanted)):
        if isinstance(b, list):
            wrong = difference(a, b, tolerance)
        else:
            wrong = one_difference(np.asarray(a), np.asarray(b), tolerance)
        if wrong:
            return f"output {index}: {wrong}"
    return ""


def one_difference(got, wanted, tolerance):
    if wanted.dtype.kind in "OUS":
        return "" if got.shape == wanted.shape and got.astype(str).tolist() == wanted.astype(str).tolist() else "the texts differ"
    if got.dtype == np.uint8 and wanted.dtype.kind == "V" and wanted.dtype.itemsize == 1:
        got = got.view(wanted.dtype)  # ONNX Runtime gives floats of 8 bits as their bits
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return f"{got.dtype}{list(got.shape)} instead of {wanted.dtype}{list(wanted.shape)}"
    if wanted.dtype.kind in "biu":
        return "" if np.array_equal(got, wanted) else "the elements differ"
    if wanted.dtype.kind != "c":
        got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    near = np.allclose(got, wanted, rtol=tolerance, atol=tolerance * 1e-2, equal_nan=True)
    return "" if near else f"off by {np.nanmax(np.abs(got - wanted)):.3g}"

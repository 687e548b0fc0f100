"""MiniLM's embeddings of the held-out texts, by which what quantization costs is measured."""
from _harness import *

texts = load_npz(made_model("texts_heldout.npz"))


def hidden_states(path):
    """The last hidden states of the held-out texts, padding included."""
    running = session(path, optimize=True)
    rows = []
    for i in range(0, len(texts["input_ids"]), 8):
        rows += list(running.run(None, {name: array[i:i + 8] for name, array in texts.items()})[0])
    return np.stack(rows)


def pooled(hidden):
    """Mean-pooled sentence embeddings."""
    mask = texts["attention_mask"][..., None].astype(np.float32)
    return (hidden * mask).sum(1) / mask.sum(1)


def embeddings(path):
    """Mean-pooled sentence embeddings of the held-out texts."""
    return pooled(hidden_states(path))


def cosines(model, small):
    """How near each text's embedding in `small` is to that in `model`."""
    return cosines_of(hidden_states(model), hidden_states(small))


def cosines_of(wanted, got):
    return np.array([cosine(a, b) for a, b in zip(pooled(wanted), pooled(got))])


def decibels(wanted, got):
    """The ratio of signal to noise over all outputs."""
    wanted, got = wanted.astype(np.float64), got.astype(np.float64)
    return float(10 * np.log10((wanted ** 2).sum() / ((wanted - got) ** 2).sum()))


def with_outliers(model, path, factor=50, every=64):
    """The same function, with one of `every` columns of what linear layers read times `factor`."""
    proto = onnx.load(str(model))
    weights = {one.name: one for one in proto.graph.initializer}
    random = np.random.default_rng(0)
    columns, nodes = {}, []
    for node in proto.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            source, weight = node.input[0], onnx.numpy_helper.to_array(weights[node.input[1]]).copy()
            if source not in columns:
                factors = np.ones(weight.shape[0], np.float32)
                factors[random.permutation(len(factors))[:len(factors) // every]] = factor
                columns[source] = factors
                proto.graph.initializer.append(onnx.numpy_helper.from_array(factors, f"{source}_factors"))
                nodes.append(onnx.helper.make_node("Mul", [source, f"{source}_factors"], [f"{source}_outliers"]))
            weights[node.input[1]].CopyFrom(
                onnx.numpy_helper.from_array(weight / columns[source][:, None], node.input[1]))
            node.input[0] = f"{source}_outliers"
        nodes.append(node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    onnx.save(proto, str(path))
    return path

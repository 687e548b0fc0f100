"""What the catalogue of bad input is made of: cases, and the makers of broken files that several families share."""
import os
import struct
import subprocess
from dataclasses import dataclass
from typing import Callable

import onnx
from onnx import TensorProto, helper

CASES = []


@dataclass
class Case:
    """One bad input: its number in the catalogue, the exit code, and a part of what is said on standard error."""

    number: str
    code: int
    says: str
    make: Callable
    about: str


def case(number, code, says):
    """Registers a function of a fresh folder that makes files there and returns either a command line, or the bytes (or
    the model) that `convert hostile.onnx -o out.onnx` shall read. Strings are parted at blanks."""

    def register(make):
        CASES.append(Case(number, code, says, make, make.__name__.lstrip("_").replace("_", " ")))
        return make

    return register


def command(case, folder):
    """The words after `decant` for a case, its files made in the folder."""
    made = case.make(folder)
    if isinstance(made, onnx.ModelProto):
        made = made.SerializeToString()
    if isinstance(made, bytes):
        (folder / "hostile.onnx").write_bytes(made)
        made = "convert hostile.onnx -o out.onnx"
    return made.split() if isinstance(made, str) else [str(word) for word in made]


# Models.

FLOAT = TensorProto.FLOAT


def value(name, shape=(1, 4), kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def graph(nodes=None, weights=(), inputs=None, outputs=None):
    nodes = [helper.make_node("Relu", ["x"], ["y"], "relu")] if nodes is None else nodes
    inputs = [value("x")] if inputs is None else inputs
    return helper.make_graph(nodes, "g", inputs, [value("y")] if outputs is None else outputs, list(weights))


def model(*arguments, opset=21, functions=(), domains=(), **named):
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph(*arguments, **named), opset_imports=imports, functions=list(functions), ir_version=10)


def holding(tensor):
    """A model with one weight, added to its input."""
    return model([helper.make_node("Add", ["x", tensor.name], ["y"], "add")], [tensor])


def weight(shape=(4,), values=None, name="w", kind=FLOAT):
    count = 1
    for extent in shape:
        count *= extent
    return helper.make_tensor(name, kind, shape, values if values is not None else [1.0] * count)


def raw(shape, data, name="w", kind=FLOAT):
    return TensorProto(name=name, data_type=kind, dims=shape, raw_data=data)


def external(folder, location="w.bin", offset=None, length=None, shape=(4,), data=b"\0" * 16, **more):
    """A model whose weight lies in another file, which is written beside it where it can be."""
    tensor = TensorProto(name="w", data_type=FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    entries = {"location": location, "offset": offset, "length": length, **more}
    for key, text in entries.items():
        if text is not None:
            tensor.external_data.add(key=key, value=str(text))
    if data is not None:
        (folder / "w.bin").write_bytes(data)
    return holding(tensor)


def save(folder, made, name="model.onnx"):
    (folder / name).write_bytes(made.SerializeToString())
    return name


# Wire format.

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field, wire):
    return varint(field << 3 | wire)


def chunk(field, data):
    """A length-delimited field."""
    return tag(field, 2) + varint(len(data)) + data


def header():
    """An ONNX model's first fields, enough to be recognized: IR version 10 and opset 21."""
    return tag(1, 0) + varint(10) + chunk(8, tag(2, 0) + varint(21))


def nested(field_path, depth, inner=b""):
    """Messages in messages: the fields of the path in turn, `depth` times."""
    for _ in range(depth):
        for field in reversed(field_path):
            inner = chunk(field, inner)
    return inner


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def sparse_file(path, size, head=b""):
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(size)


def decant(folder, *words):
    """Runs the tool on the way to a case: what it makes is broken afterwards, or used again."""
    subprocess.run([os.environ["DECANT"], *words], cwd=folder, check=True, capture_output=True)

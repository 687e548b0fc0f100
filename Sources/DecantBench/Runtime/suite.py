"""The suite that the engine is measured on: models, how they are made, and what they are run with.

  $DECANT_BENCH_MODELS   where ../shared/bench/make_models.py --only cnn put resnet50_bn.onnx and mobilenet_v2_bn.onnx, else
                         ~/.cache/decant/bench; quantized models and inputs are made there with the binary under test
  $DECANT_ORACLE_MODELS  minilm.onnx and texts_256.npz by Tests/models.py, else ~/.cache/decant/models
  $DECANT_MODELS         real models, as ../shared/models
"""
import dataclasses
import os
import pathlib
import subprocess

import numpy as np

CACHE = pathlib.Path.home() / ".cache/decant"
HERE = pathlib.Path(os.environ.get("DECANT_BENCH_MODELS", CACHE / "bench"))
MADE = pathlib.Path(os.environ.get("DECANT_ORACLE_MODELS", CACHE / "models"))
GIVEN = pathlib.Path(os.environ["DECANT_MODELS"]) if "DECANT_MODELS" in os.environ else None


@dataclasses.dataclass
class Case:
    """One line of the table: a model file and the arrays that it runs on."""

    name: str
    group: str  # float32, int8 or int4: each has its own bar
    model: pathlib.Path
    inputs: dict
    batch: int = 1

    @property
    def data(self):
        """The inputs as a file; written once, and whole when it is there."""
        path = HERE / f"input-{self.name}.npz"
        if not path.exists():
            partial = path.with_name(f"partial-{os.getpid()}-{path.name}")
            np.savez(partial, **self.inputs)
            partial.replace(path)
        return path


def quantized(decant, source, name, *options):
    """A quantized model beside the others, made once; None where the source is missing."""
    path = HERE / f"{name}.onnx"
    if path.exists():
        return path
    if not source.exists():
        return None
    print(f"making {path}", flush=True)
    subprocess.run([decant, "quantize", source, "-o", path, "--quiet", *map(str, options)], check=True)
    return path


def images(count):
    """Coloured noise of make_models.py, or plain noise of the same deviation where that was not run."""
    path = HERE / "images_test.npy"
    if path.exists():
        return np.ascontiguousarray(np.load(path, mmap_mode="r")[:count])
    return np.random.default_rng(0).standard_normal((count, 3, 224, 224)).astype(np.float32)


def networks(decant):
    """ResNet-50 and MobileNetV2 with batch normalization, at 1 and 8 images, float and int8."""
    for model in ("mobilenet_v2", "resnet50"):
        source = HERE / f"{model}_bn.onnx"
        if not source.exists():
            print(f"{source} is missing: make_models.py --only cnn --out {HERE} writes it", flush=True)
            continue
        calibration = HERE / "images_calib.npy"
        int8 = quantized(decant, source, f"{model}-int8", "--data", f"input={calibration}", "--calibration", "minmax",
                         "--threads", 2)
        for group, path in (("float32", source), ("int8", int8)):
            suffix = "" if group == "float32" else "-int8"
            for batch in (1, 8):
                yield Case(f"{model}{suffix} {batch}", group, path, {"input": images(batch)}, batch)


def sentences(batch, length):
    """Tokens of real sentences; the first is as long as asked for."""
    with np.load(MADE / "texts_256.npz") as arrays:
        whole = {name: array[2:2 + batch, :length] for name, array in arrays.items()}
    return {name: np.ascontiguousarray(array) for name, array in whole.items()}


def transformer(decant):
    """MiniLM: float, int8 in pairs, int8 with scales found while running, 4-bit weights."""
    source = MADE / "minilm.onnx"
    if not source.exists():
        print(f"{source} is missing: Tests/models.py makes it", flush=True)
        return
    forms = [
        ("minilm", "float32", source),
        ("minilm-int8", "int8",
         quantized(decant, source, "minilm-int8", "--data", MADE / "texts_calibration.npz", "--calibration", "minmax")),
        ("minilm-dynamic", "int8", quantized(decant, source, "minilm-dynamic", "--scheme", "int8-dynamic")),
        ("minilm-4bit", "int4", quantized(decant, source, "minilm-4bit", "--scheme", "w4", "--algorithm", "rtn", "--no-tables")),
    ]
    for name, group, path in forms:
        for batch, length in ((1, 128), (8, 128), (1, 16)):
            yield Case(f"{name} {batch}x{length}", group, path, sentences(batch, length), batch)


def real_models():
    """The models of $DECANT_MODELS."""
    if GIVEN is None:
        print("DECANT_MODELS is unset: its models are left out", flush=True)
        return
    random = np.random.default_rng(0)
    for name, shape in (("mnist", (1, 1, 28, 28)), ("rfb320", (1, 3, 240, 320)), ("rfb320_nopost", (1, 3, 240, 320))):
        key = "image" if name == "mnist" else "input"
        yield Case(name, "float32", GIVEN / f"{name}.onnx", {key: random.standard_normal(shape).astype(np.float32)})
    state = {"input": random.standard_normal((1, 576)) * 0.1, "state": np.zeros((2, 1, 128))}
    state = {name: array.astype(np.float32) for name, array in state.items()}
    yield Case("silero", "float32", GIVEN / "silero_vad_16k_op15.onnx", {**state, "sr": np.array(16000)})


def cases(decant):
    """The whole suite; models that are missing are named and left out."""
    HERE.mkdir(parents=True, exist_ok=True)
    found = [*networks(decant), *transformer(decant), *real_models()]
    return [case for case in found if case.model and case.model.exists()]

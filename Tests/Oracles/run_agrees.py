"""run agrees with ONNX Runtime, its optimizations off, within 1e-4 of each output's range, on both backends."""
from onnx import numpy_helper

from _harness import *

TOLERANCE = 1e-4
checks = Checks()
folder = workspace()


def agree(what, got, wanted):
    checks.check(got.keys() == wanted.keys(), f"{what}: the outputs' names", ", ".join(got))
    for name in wanted.keys() & got.keys():
        off = off_by(got[name], wanted[name])
        checks.check(off <= TOLERANCE, f"{what}: {name}", f"{off:.1e} of its range")


def npz(path):
    for seed, batch in ((0, 1), (1, 3)):
        feeds = feeds_for(path, seed, batch)
        wanted = run_ort(path, feeds)
        given = save_npz(folder / "given.npz", feeds)
        for backend in ("reference", "onednn"):
            decant("run", path, "--input", given, "--output", folder / "got.npz", "--backend", backend, "--force")
            agree(f"{label(path)} on {backend}, seed {seed}", load_npz(folder / "got.npz"), wanted)


def other_forms(path):
    """One model through the other forms of input and output: .npy, NAME=F.npy, a folder of .npy, a folder of .pb."""
    feeds = feeds_for(path, seed=2)
    wanted = run_ort(path, feeds)
    (name, array), = feeds.items()
    np.save(folder / "one.npy", array)
    tensors = folder / "tensors"
    tensors.mkdir(exist_ok=True)
    (tensors / "input_0.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())
    forms = {"one .npy": folder / "one.npy", "NAME=F.npy": f"{name}={folder / 'one.npy'}", "a .pb folder": tensors}
    for form, given in forms.items():
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        decant("run", path, "--input", given, "--output", out)
        if form == "a .pb folder":
            read = [onnx.load_tensor(out / f"output_{index}.pb") for index in range(len(wanted))]
            got = {one.name: numpy_helper.to_array(one) for one in read}
        else:
            got = {file.stem: np.load(file) for file in out.glob("*.npy")}
        agree(f"{label(path)}, input as {form}", got, wanted)


for model in every_model():
    checks.attempt(label(model), lambda: npz(model))
checks.attempt("forms of input", lambda: other_forms(SAMPLES / "digits/teacher.onnx"))
checks.finish()

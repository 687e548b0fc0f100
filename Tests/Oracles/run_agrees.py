"""run agrees with ONNX Runtime, its optimizations off, within 1e-4 of each output's range, on both backends."""
from onnx import TensorProto, helper, numpy_helper

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


def as_written():
    """A model that inference refuses, in a branch that is never taken, runs as it is written, and every command that runs it says so."""
    def branch(name, *arrays):
        constants = [numpy_helper.from_array(np.zeros(extent, np.float32), f"{name}{extent}") for extent in arrays]
        return helper.make_graph([helper.make_node("Add" if len(arrays) > 1 else "Identity", [one.name for one in constants], [name])], name, [],
                                 [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)], constants)

    graph = helper.make_graph(
        [helper.make_node("If", ["c"], ["h"], then_branch=branch("wrong", 2, 3), else_branch=branch("right", 2)), helper.make_node("Add", ["h", "x"], ["y"])],
        "g", [helper.make_tensor_value_info("c", TensorProto.BOOL, []), helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])])
    model, x = folder / "refused.onnx", folder / "refused.npz"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), model)
    save_npz(x, {"c": np.array(False), "x": np.ones((1, 2), np.float32)})
    for words in (["run", model, "--input", x, "--output", folder / "y.npz", "--force"], ["bench", model, "--input", x, "--seconds", 0]):
        done = subprocess.run([str(word) for word in [DECANT, *words]], capture_output=True, text=True, timeout=120)
        said = done.stderr.strip().splitlines()
        checks.check(done.returncode == 0 and sum("runs as it is written, slower" in line for line in said) == 1, f"{words[0]}: a note says why it is slower",
                     (said or [""])[0][:160])
    checks.check((load_npz(folder / "y.npz")["y"] == 1).all(), "what it computes")


for model in every_model():
    checks.attempt(label(model), lambda: npz(model))
checks.attempt("forms of input", lambda: other_forms(SAMPLES / "digits/teacher.onnx"))
checks.attempt("as written", as_written)
checks.finish()

"""Family K of the catalogue: what users bring beside the model: samples, options, selectors, signals, a closed terminal."""
import numpy

from _hostile import *


def samples(folder, name="data.npz", **arrays):
    numpy.savez(folder / name, **arrays)
    return name


def batch(count=8, width=4, kind=numpy.float32):
    return numpy.random.default_rng(0).standard_normal((count, width)).astype(kind)


def gemm(folder):
    """A small float model that can be quantized; its input is open along the batch."""
    values = numpy.random.default_rng(1).standard_normal(16).tolist()
    nodes = [helper.make_node("Gemm", ["x", "w"], ["h"], "first"), helper.make_node("Relu", ["h"], ["r"], "relu"),
             helper.make_node("Gemm", ["r", "w"], ["y"], "second")]
    return save(folder, model(nodes, [weight((4, 4), values)], inputs=[value("x", ["n", 4])], outputs=[value("y", ["n", 4])]))


def quantize(folder, *options, data=None):
    name = samples(folder, x=batch()) if data is None else data
    return ["quantize", gemm(folder), "-o", "out.onnx", "--data", name, *options]


@case("K02", 65, "")
def _no_samples(folder):
    return quantize(folder, data=samples(folder, x=batch(0)))


@case("K02", 65, "")
def _an_empty_file_of_samples(folder):
    (folder / "data.npz").write_bytes(b"")
    return quantize(folder, data="data.npz")


@case("K02", 65, "")
def _an_archive_without_samples(folder):
    return quantize(folder, data=samples(folder))


@case("K02", 65, "x")
def _samples_under_another_name(folder):
    return quantize(folder, data=samples(folder, image=batch()))


@case("K02", 65, "")
def _samples_with_a_nan(folder):
    data = batch()
    data[3, 1] = numpy.nan
    return quantize(folder, data=samples(folder, x=data))


@case("K02", 65, "")
def _samples_with_an_infinity(folder):
    data = batch()
    data[5, 2] = numpy.inf
    return quantize(folder, data=samples(folder, x=data))


@case("K02", 65, "expected")
def _samples_of_another_shape(folder):
    return quantize(folder, data=samples(folder, x=batch(width=5)))


@case("K02", 65, "expected")
def _samples_of_another_type(folder):
    return quantize(folder, data=samples(folder, x=batch(kind=numpy.float64)))


@case("K02", 69, "pickled Python objects")
def _samples_that_are_python_objects(folder):
    numpy.savez(folder / "data.npz", x=numpy.array([{"a": 1}, None], dtype=object))
    return quantize(folder, data="data.npz")


@case("K02", 69, "x.npy")
def _an_array_header_that_is_code(folder):
    text = b"{'descr': __import__('os').system('touch hacked'), 'fortran_order': False, 'shape': (1, 4)}"
    text += b" " * (63 - (10 + len(text)) % 64) + b"\n"
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(16))
    return f"run {gemm(folder)} --input x.npy --output out.npz"


@case("K02", 65, "")
def _an_array_cut_short(folder):
    numpy.save(folder / "x.npy", batch())
    (folder / "x.npy").write_bytes((folder / "x.npy").read_bytes()[:-1])
    return f"run {gemm(folder)} --input x.npy --output out.npz"


@case("K02", 65, "")
def _an_array_of_two_to_the_60_numbers(folder):
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976, 4)}"
    text += b" " * (63 - (10 + len(text)) % 64) + b"\n"
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(16))
    return f"run {gemm(folder)} --input x.npy --output out.npz"


@case("K02", 65, "")
def _labels_of_another_count(folder):
    name = samples(folder, x=batch(8), label=numpy.zeros(7, numpy.int64))
    return f"eval {gemm(folder)} --data {name} --labels label"


@case("K02", 64, "expected labels under 'label'")
def _labels_that_are_missing(folder):
    name = samples(folder, x=batch(8))
    return f"eval {gemm(folder)} --data {name} --labels label"


@case("K02", 65, "statistics")
def _statistics_that_are_not(folder):
    gemm(folder)
    (folder / "stats.json").write_text('{"a": 1}')
    return "quantize model.onnx -o out.onnx --stats stats.json"


@case("K02", 65, "stats.json")
def _statistics_with_a_key_twice(folder):
    gemm(folder)
    (folder / "stats.json").write_text('{"a": 1, "a": 2}')
    return "quantize model.onnx -o out.onnx --stats stats.json"


@case("K02", 65, "stats.json")
def _statistics_nested_a_hundred_thousand_deep(folder):
    gemm(folder)
    (folder / "stats.json").write_text("[" * 100_000)
    return "quantize model.onnx -o out.onnx --stats stats.json"


@case("K04", 64, "did you mean 'first'?")
def _a_selector_that_matches_nothing(folder):
    return quantize(folder, "--exclude", "frist")


@case("K04", 64, "'Conv' chooses no node")
def _an_operator_type_that_matches_nothing(folder):
    return quantize(folder, "--include", "Conv")


@case("K05", 69, "quantized")
def _a_model_that_is_quantized_already(folder):
    decant(folder, *quantize(folder))
    (folder / "out.onnx").rename(folder / "int8.onnx")
    return f"quantize int8.onnx -o out.onnx --data data.npz"


@case("K06", 69, "cannot be written at opset 13: node 'not' (BitwiseNot)")
def _an_opset_older_than_an_operator(folder):
    made = model([helper.make_node("Gelu", ["x"], ["g"], "gelu"), helper.make_node("BitwiseNot", ["i"], ["b"], "not"),
                  helper.make_node("Relu", ["g"], ["y"], "relu")], inputs=[value("x"), value("i", (1, 4), TensorProto.INT32)],
                 outputs=[value("y"), value("b", (1, 4), TensorProto.INT32)])
    return f"convert {save(folder, made)} -o out.onnx --opset 13"


@case("K06", 64, "opset")
def _an_opset_of_the_future(folder):
    return f"convert {gemm(folder)} -o out.onnx --opset 99"


def usage(about, words, says=""):
    def make(folder):
        gemm(folder)
        samples(folder, x=batch())
        return words

    make.__name__ = f"_{about}"
    case("K07", 64, says)(make)


usage("a_scheme_of_3_bits", "quantize model.onnx -o out.onnx --scheme int3 --data data.npz", "--scheme")
usage("a_percentile_of_150", "quantize model.onnx -o out.onnx --data data.npz --method percentile --percentile 150", "--percentile")
usage("an_unknown_calibration", "quantize model.onnx -o out.onnx --data data.npz --method magic", "minmax")
usage("samples_and_statistics", "quantize model.onnx -o out.onnx --data data.npz --stats s.json", "either")
usage("no_samples_and_no_statistics", "quantize model.onnx -o out.onnx", "either")
usage("an_unknown_backend", "bench model.onnx --backend gpu", "onednn")
usage("no_threads", "bench model.onnx --threads 0", "--threads")
usage("an_unknown_pass", "optimize model.onnx -o out.onnx --passes fold-constant", "fold-constants")
usage("a_shape_that_is_none", "optimize model.onnx -o out.onnx --shape x=1y3", "--shape")
usage("a_shape_for_no_input", "optimize model.onnx -o out.onnx --shape z=1x4", "z")
usage("a_shape_with_a_minus", "optimize model.onnx -o out.onnx --shape x=-1x4", "--shape")
usage("a_node_that_is_not_there_to_explain", "optimize model.onnx -o out.onnx --explain fisrt", "fisrt")
usage("an_ending_that_names_no_format", "convert model.onnx -o out.bin", "does not say which format")
usage("an_unknown_command", "inspekt model.onnx", "did you mean 'inspect'?")
usage("an_unknown_option", "inspect model.onnx --hex")
usage("an_unknown_compatibility", "quantize model.onnx -o out.onnx --data data.npz --compat tensorrt", "ort")
usage("an_unknown_type_of_codes", "quantize model.onnx -o out.onnx --data data.npz --weight-type int5", "int8")

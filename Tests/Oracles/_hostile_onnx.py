"""Family C of the catalogue: ONNX models that are valid protobuf and broken, or dangerous, as models."""
import os
import random

from _hostile import *

INT64, UINT8, BOOL = TensorProto.INT64, TensorProto.UINT8, TensorProto.BOOL


def changed(change, made=None):
    made = made or model()
    change(made)
    return made


# Versions.

@case("C01", 65, "expected an IR version")
def _no_ir_version(folder):
    return changed(lambda made: made.ClearField("ir_version"))


@case("C01", 65, "IR version expected to be positive, got 0")
def _ir_version_0(folder):
    return changed(lambda made: setattr(made, "ir_version", 0))


@case("C01", 65, "got -1")
def _a_negative_ir_version(folder):
    return changed(lambda made: setattr(made, "ir_version", -1))


@case("C01", 69, "14 is the newest known")
def _ir_version_a_billion(folder):
    return changed(lambda made: setattr(made, "ir_version", 10 ** 9))


@case("C02", 65, "at least one operator set")
def _no_operator_set(folder):
    return changed(lambda made: made.ClearField("opset_import"))


@case("C02", 65, "imported twice")
def _an_operator_set_twice(folder):
    return changed(lambda made: made.opset_import.add(domain="ai.onnx", version=20))


@case("C02", 69, "28 is the newest known")
def _an_operator_set_of_the_future(folder):
    return changed(lambda made: setattr(made.opset_import[0], "version", 1000))


@case("C02", 69, "the domain 'nobody'")
def _an_unknown_domain(folder):
    return model([helper.make_node("Relu", ["x"], ["y"], "n", domain="nobody")], domains=["nobody"])


@case("C02", 69, "'Frobnicate' is not known")
def _an_unknown_operator(folder):
    return model([helper.make_node("Frobnicate", ["x"], ["y"], "n")])


@case("C03", 65, "expected a graph")
def _no_graph(folder):
    return changed(lambda made: made.ClearField("graph"))


# Graphs.

@case("C04", 65, "'a' → 'b' → 'a'")
def _a_ring_of_nodes(folder):
    return model([helper.make_node("Add", ["x", "q"], ["y"], "a"), helper.make_node("Relu", ["y"], ["q"], "b")])


@case("C05", 0, "topological order")
def _nodes_out_of_order(folder):
    return model([helper.make_node("Relu", ["t"], ["y"], "late"), helper.make_node("Abs", ["x"], ["t"], "early")])


@case("C05", 65, "topological order")
def _nodes_out_of_order_strictly(folder):
    made = _nodes_out_of_order(folder)
    return f"convert --strict {save(folder, made)} -o out.onnx"


@case("C06", 65, "produced once")
def _a_value_made_twice(folder):
    return model([helper.make_node("Relu", ["x"], ["y"], "a"), helper.make_node("Abs", ["x"], ["y"], "b")])


@case("C06", 65, "output 'y'")
def _an_output_that_nobody_makes(folder):
    return model([helper.make_node("Relu", ["x"], ["z"], "a")])


@case("C06", 65, "nothing produces")
def _an_operand_that_nobody_makes(folder):
    return model([helper.make_node("Relu", ["q"], ["y"], "a")])


def function(name, nodes):
    return helper.make_function("local", name, ["x"], ["y"], nodes, [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)])


def call(name, source="x", target="y"):
    return helper.make_node(name, [source], [target], domain="local")


def calling(name, functions):
    return model([call(name)], functions=functions, domains=["local"])


@case("C07", 65, "f → f")
def _a_function_that_calls_itself(folder):
    return calling("f", [function("f", [call("f")])])


@case("C07", 65, "f → g → f")
def _a_ring_of_functions(folder):
    return calling("f", [function("f", [call("g")]), function("g", [call("f")])])


@case("C08", 71, "expand to more than")
def _functions_that_expand_to_two_to_the_60(folder):
    levels = [function("f0", [helper.make_node("Relu", ["x"], ["y"])])]
    levels += [function(f"f{n}", [call(f"f{n - 1}", "x", "t"), call(f"f{n - 1}", "t", "y")]) for n in range(1, 61)]
    return calling("f60", levels)


@case("C08", 71, "deep")
def _a_chain_of_101_functions(folder):
    levels = [function("f0", [helper.make_node("Relu", ["x"], ["y"])])]
    return calling("f101", levels + [function(f"f{n}", [call(f"f{n - 1}")]) for n in range(1, 102)])


@case("C08", 71, "10001 functions")
def _ten_thousand_and_one_functions(folder):
    return calling("f0", [function(f"f{n}", [helper.make_node("Relu", ["x"], ["y"])]) for n in range(10_001)])


@case("C09", 65, "deep")
def _a_thousand_subgraphs_in_each_other(folder):
    # Node 1, attribute 5, graph 6; built from the inside, since Python's own writer would give up.
    inner = chunk(1, chunk(1, b"x") + chunk(2, b"z") + chunk(4, b"Relu")) + chunk(12, chunk(1, b"z"))
    for _ in range(1000):
        branch = chunk(1, b"then_branch") + chunk(6, inner) + tag(20, 0) + varint(5)
        inner = chunk(1, chunk(1, b"c") + chunk(2, b"z") + chunk(4, b"If") + chunk(5, branch)) + chunk(12, chunk(1, b"z"))
    return header() + chunk(7, inner)


@case("C09", 71, "iterations")
def _a_loop_without_end(folder):
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["still"]), helper.make_node("Identity", ["state"], ["next"])], "body",
        [value("i", [], INT64), value("going", [], BOOL), value("state")], [value("still", [], BOOL), value("next")])
    loop = helper.make_node("Loop", ["", "", "x"], ["y"], "loop", body=body)
    import numpy
    numpy.save(folder / "x.npy", numpy.zeros((1, 4), numpy.float32))
    return f"run {save(folder, model([loop]))} --input x.npy --output out.npz"


@case("C09", 0, "")
def _a_constant_loop_without_end_is_not_folded(folder):
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["still"]), helper.make_node("Identity", ["state"], ["next"])], "body",
        [value("i", [], INT64), value("going", [], BOOL), value("state", [4])], [value("still", [], BOOL), value("next", [4])])
    nodes = [helper.make_node("Loop", ["", "", "w"], ["l"], "loop", body=body), helper.make_node("Add", ["x", "l"], ["y"], "add")]
    return f"optimize {save(folder, model(nodes, [weight()]))} -o out.onnx"


# Tensors.

@case("C10", 65, "not to be negative")
def _a_negative_extent(folder):
    return holding(raw([-2], b"\0" * 8))


@case("C11", 65, "2^63")
def _extents_whose_product_overflows(folder):
    return holding(raw([1 << 40, 1 << 40], b"\0" * 16))


@case("C12", 65, "2^63")
def _bytes_that_overflow(folder):
    return holding(raw([1 << 61], b"\0" * 16, kind=TensorProto.DOUBLE))


@case("C13", 65, "expected 12 bytes for f32[3], got 8")
def _too_few_bytes(folder):
    return holding(raw([3], b"\0" * 8))


@case("C13", 65, "expected 12 bytes for f32[3], got 16")
def _too_many_bytes(folder):
    return holding(raw([3], b"\0" * 16))


@case("C13", 65, "expected 12 bytes for f32[3], got 8")
def _too_few_numbers(folder):
    return holding(TensorProto(name="w", data_type=FLOAT, dims=[3], float_data=[1, 2]))


@case("C14", 65, "raw_data alone")
def _bytes_and_numbers(folder):
    return holding(TensorProto(name="w", data_type=FLOAT, dims=[1], float_data=[1], raw_data=b"\0" * 4))


@case("C14", 65, "expected in float_data, got int64_data")
def _numbers_in_the_wrong_list(folder):
    return holding(TensorProto(name="w", data_type=FLOAT, dims=[1], int64_data=[1]))


@case("C14", 65, "strings expected in string_data")
def _text_in_raw_data(folder):
    return holding(raw([1], b"text", kind=TensorProto.STRING))


@case("C15", 65, "expected 2 bytes for i4[3], got 1")
def _four_bit_numbers_cut_short(folder):
    return holding(raw([3], b"\x21", kind=TensorProto.INT4))


@case("C15", 0, "beyond the last i4 element")
def _four_bit_numbers_with_spare_bits(folder):
    return model([helper.make_node("Cast", ["w"], ["c"], "cast", to=FLOAT), helper.make_node("Add", ["x", "c"], ["y"], "add")],
                 [raw([1], b"\xf1", kind=TensorProto.INT4)])


@case("C16", 65, "expected 0 bytes")
def _an_empty_tensor_with_data(folder):
    return holding(raw([0], b"\0" * 4))


@case("C17", 65, "expected an element type")
def _no_element_type(folder):
    return holding(raw([4], b"\0" * 16, kind=0))


@case("C17", 69, "element type 99")
def _an_element_type_of_the_future(folder):
    return holding(raw([4], b"\0" * 16, kind=99))


@case("C18", 0, "bool")
def _truth_values_of_2(folder):
    return model([helper.make_node("Where", ["b", "x", "x"], ["y"], "where")], [raw([4], b"\0\1\2\xff", "b", BOOL)])


@case("C18", 65, "bool")
def _truth_values_of_2_strictly(folder):
    made = _truth_values_of_2(folder)
    return f"convert --strict {save(folder, made)} -o out.onnx"


# Weights in other files.

def location(number, code, says, text, about):
    def make(folder):
        return external(folder, text)

    make.__name__ = f"_weights_in_{about}"
    case(number, code, says)(make)


location("C19", 77, "", "/etc/passwd", "an_absolute_path")
location("C19", 77, "", "../w.bin", "the_folder_above")
location("C19", 77, "", "a/../../w.bin", "the_folder_above_by_a_detour")
location("C19", 77, "", "a\\..\\w.bin", "a_path_with_backslashes")
location("C19", 77, "", "", "no_file")
location("C19", 77, "", ".", "the_folder_itself")
location("C19", 77, "", "w.bin/", "a_path_with_a_slash_at_its_end")
location("C19", 77, "", "w\0.bin", "a_path_with_a_zero")
location("C19", 77, "", "file:///etc/passwd", "an_address")
location("C19", 66, "missing.bin", "missing.bin", "a_missing_file")


@case("C20", 77, "")
def _weights_behind_a_link_out_of_the_folder(folder):
    (folder / "link.bin").symlink_to("/etc/passwd")
    return external(folder, "link.bin")


@case("C20", 77, "")
def _weights_behind_a_linked_folder(folder):
    (folder / "linked").symlink_to("/etc")
    return external(folder, "linked/passwd")


@case("C20", 0, "")
def _weights_in_a_cache_of_links(folder):
    (folder / "blobs").mkdir()
    (folder / "snapshot").mkdir()
    made = external(folder, "model.onnx_data")
    (folder / "w.bin").rename(folder / "blobs/bb")
    (folder / "blobs/aa").write_bytes(made.SerializeToString())
    (folder / "snapshot/model.onnx").symlink_to("../blobs/aa")
    (folder / "snapshot/model.onnx_data").symlink_to("../blobs/bb")
    return "convert snapshot/model.onnx -o out.onnx"


@case("C21", 77, "--allow-hardlinks")
def _weights_with_two_names(folder):
    made = external(folder)
    os.link(folder / "w.bin", folder / "other.bin")
    return made


@case("C21", 0, "")
def _weights_with_two_names_allowed(folder):
    return f"convert {save(folder, _weights_with_two_names(folder))} -o out.onnx --allow-hardlinks"


@case("C22", 77, "")
def _weights_in_a_pipe(folder):
    os.mkfifo(folder / "pipe")
    return external(folder, "pipe")


@case("C22", 77, "")
def _weights_in_a_folder(folder):
    (folder / "inner").mkdir()
    return external(folder, "inner")


def number(key, text, about, says="decimal"):
    def make(folder):
        return external(folder, **{key: text})

    make.__name__ = f"_an_{key}_{about}"
    case("C23", 65, says)(make)


number("offset", "-1", "below_zero")
number("offset", "nine", "in_words")
number("offset", "1e9", "with_an_exponent")
number("offset", "0x10", "in_hexadecimal")
number("offset", " 5", "behind_a_blank")
number("length", "99999999999999999999", "of_twenty_digits")


@case("C24", 65, "the file has 16")
def _weights_past_the_end_of_the_file(folder):
    return external(folder, offset=8, length=16)


@case("C24", 65, "within the file")
def _an_offset_whose_sum_overflows(folder):
    return external(folder, offset=(1 << 63) - 1, length=16)


@case("C24", 65, "2^63")
def _weights_of_four_exabytes(folder):
    return external(folder, shape=(1 << 61,))


@case("C25", 65, "expected 16 bytes for f32[4], got 12")
def _a_length_that_is_not_the_shapes(folder):
    return external(folder, length=12)


@case("C25", 0, "")
def _an_offset_off_any_alignment(folder):
    return external(folder, offset=3, length=16, data=b"\0" * 19)


@case("C26", 0, "__class__")
def _an_unknown_key_of_external_data(folder):
    return external(folder, length=16, __class__="os.system")


@case("C27", 0, "")
def _ten_thousand_weights_over_one_range(folder):
    (folder / "w.bin").write_bytes(random.Random(0).randbytes(1 << 18))
    made = model()
    for index in range(10_000):
        tensor = made.graph.initializer.add(name=f"w{index}", data_type=FLOAT, dims=[1 << 16], data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="w.bin")
    return f"inspect {save(folder, made)}"


@case("C27", 0, "its weights are in 'out.onnx.data'")
def _ten_thousand_weights_over_one_range_written_out(folder):
    _ten_thousand_weights_over_one_range(folder)
    return "convert model.onnx -o out.onnx"


@case("C27", 0, "")
def _ten_thousand_weights_over_one_range_in_a_bundle(folder):
    _ten_thousand_weights_over_one_range(folder)
    return "convert model.onnx -o out.decant"


@case("C28", 65, "SHA-1")
def _weights_with_another_checksum(folder):
    return external(folder, length=16, checksum="0" * 40)


# Attributes and quantization.

@case("C29", 65, "alone")
def _an_attribute_with_two_values(folder):
    node = helper.make_node("Constant", [], ["c"], "c", value_int=1)
    node.attribute[0].f = 1.0
    return model([node, helper.make_node("Relu", ["x"], ["y"], "relu")])


@case("C29", 65, "expected a value of type int alone, got float")
def _an_attribute_of_another_type(folder):
    node = helper.make_node("Constant", [], ["c"], "c", value_float=1.0)
    node.attribute[0].name = "value_int"
    node.attribute[0].type = onnx.AttributeProto.INT
    return model([node, helper.make_node("Relu", ["x"], ["y"], "relu")])


@case("C29", 65, "stands in none")
def _a_reference_outside_any_function(folder):
    node = helper.make_node("LeakyRelu", ["x"], ["y"], "relu")
    node.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope")
    return model([node])


def sparse(indices):
    values = helper.make_tensor("v", FLOAT, [len(indices)], [1.0] * len(indices))
    made = helper.make_sparse_tensor(values, helper.make_tensor("i", INT64, [len(indices)], indices), [4])
    return model([helper.make_node("Constant", [], ["c"], "c", sparse_value=made), helper.make_node("Add", ["x", "c"], ["y"], "add")])


@case("C29", 65, "sparse index")
def _sparse_indices_out_of_order(folder):
    return sparse([3, 1])


@case("C29", 65, "sparse index")
def _a_sparse_index_out_of_range(folder):
    return sparse([1, 4])


def quantized(scales, axis=0, block=0, zero_kind=UINT8, zeros=None, shape=(4,)):
    zeros = len(scales) if zeros is None else zeros
    tensors = [weight(shape, [1] * 4, "q", UINT8), weight((len(scales),), scales, "s"), weight((zeros,), [0] * zeros, "z", zero_kind)]
    if axis is None:
        axis = 0
    nodes = [helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "dequantize", axis=axis, block_size=block),
             helper.make_node("Add", ["x", "d"], ["y"], "add")]
    return model(nodes, tensors)


def scales(says, about, *arguments, **named):
    def make(folder):
        return quantized(*arguments, **named)

    make.__name__ = f"_{about}"
    case("C30", 65, says)(make)


scales("positive and finite, got 0.0", "a_scale_of_0", [1, 1, 0, 1])
scales("got nan", "a_scale_that_is_no_number", [1, 1, float("nan"), 1])
scales("got inf", "an_infinite_scale", [float("inf"), 1, 1, 1])
scales("got -1.0", "a_negative_scale", [1, 1, 1, -1])
scales("expected to have 4 elements along axis 0, got 3", "too_few_scales", [1, 1, 1])
scales("'axis' expected in -1..<1, got 3", "an_axis_past_the_rank", [1] * 4, axis=3)
scales("not to be negative, got -4", "a_negative_block", [1] * 4, block=-4)
scales("expected of type u8, got i8", "a_zero_point_of_another_type", [1] * 4, zero_kind=TensorProto.INT8)
scales("like the scale, got [3]", "too_few_zero_points", [1] * 4, zeros=3)

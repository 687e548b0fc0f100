"""Family A of the catalogue: bad files of any format, and bad places to write to."""
import os
import random
import socket

from _hostile import *


@case("A01", 65, "expected a model (text form, Decant bundle, ONNX), got an empty file")
def _an_empty_file(folder):
    return b""


@case("A03", 65, "hostile.onnx")
def _one_random_byte(folder):
    return b"\xa7"


@case("A03", 65, "hostile.onnx")
def _random_kilobyte(folder):
    return random.Random(1).randbytes(1024)


@case("A03", 65, "hostile.onnx")
def _random_mebibyte(folder):
    return random.Random(2).randbytes(1 << 20)


@case("A04", 65, "hostile.onnx")
def _the_start_of_a_model_then_zeros(folder):
    return header() + bytes(4096)


@case("A04", 65, "hostile.onnx")
def _the_start_of_a_model_then_ones(folder):
    return header() + b"\xff" * 4096


@case("A04", 65, "hostile.decant: byte 4104: expected the end of a bundle")
def _the_magic_of_a_bundle_then_zeros(folder):
    made = save(folder, model())
    decant(folder, "bundle", "create", made, "-o", "whole.decant")
    whole = (folder / "whole.decant").read_bytes()
    (folder / "hostile.decant").write_bytes(whole[:16] + bytes(4096))
    (folder / "whole.decant").unlink()
    return "bundle list hostile.decant"


@case("A04", 65, "hostile.npz")
def _the_magic_of_an_archive_then_zeros(folder):
    (folder / "hostile.npz").write_bytes(b"PK\x03\x04" + bytes(4096))
    return f"run {save(folder, model())} --input hostile.npz --output out.npz"


@case("A05", 0, "the name says text form, the content is ONNX")
def _another_formats_ending(folder):
    return f"dump {save(folder, model(), 'model.txt')} -o out.txt"


@case("A06", 65, "hostile.onnx")
def _an_archive_behind_the_model(folder):
    return model().SerializeToString() + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)


@case("A07", 66, "folder.onnx: expected a regular file, got a directory")
def _a_folder(folder):
    (folder / "folder.onnx").mkdir()
    return "convert folder.onnx -o out.onnx"


@case("A07", 66, "pipe.onnx: expected a regular file, got a FIFO")
def _a_pipe_that_nobody_writes(folder):
    os.mkfifo(folder / "pipe.onnx")
    return "convert pipe.onnx -o out.onnx"


@case("A07", 66, "socket.onnx: expected a regular file, got a socket")
def _a_socket(folder):
    here = os.getcwd()
    os.chdir(folder)
    try:
        socket.socket(socket.AF_UNIX).bind("socket.onnx")
    finally:
        os.chdir(here)
    return "convert socket.onnx -o out.onnx"


@case("A07", 66, "pipe.npz: expected a regular file, got a FIFO")
def _samples_from_a_pipe(folder):
    os.mkfifo(folder / "pipe.npz")
    return f"run {save(folder, model())} --input pipe.npz --output out.npz"


@case("A08", 66, "expected a regular file, got a device")
def _a_device_without_end(folder):
    return "convert /dev/zero -o out.onnx"


@case("A08", 66, "got one of unknown size")
def _the_memory_of_the_process(folder):
    return "convert /proc/self/mem -o out.onnx"


@case("A10", 66, "missing.onnx: no such file or directory")
def _no_file(folder):
    return "convert missing.onnx -o out.onnx"


@case("A10", 66, "not a directory")
def _a_file_as_a_folder(folder):
    return f"convert {save(folder, model())}/inner.onnx -o out.onnx"


@case("A10", 66, "too many levels of symbolic links")
def _a_link_to_itself(folder):
    (folder / "loop.onnx").symlink_to("loop.onnx")
    return "convert loop.onnx -o out.onnx"


@case("A11", 65, "hostile.onnx")
def _eight_terabytes_without_blocks(folder):
    sparse_file(folder / "hostile.onnx", 1 << 43, header())
    return "inspect hostile.onnx"


@case("A14", 0, "")
def _the_output_is_the_input(folder):
    return f"optimize {save(folder, model(), 'out.onnx')} -o out.onnx --force"


@case("A14", 0, "")
def _the_output_is_a_link_to_the_input(folder):
    save(folder, model())
    os.link(folder / "model.onnx", folder / "out.onnx")
    return "optimize model.onnx -o out.onnx --force"


@case("A15", 73, "the file exists")
def _the_output_exists(folder):
    save(folder, model(), "there.onnx")
    return f"convert {save(folder, model())} -o there.onnx"


@case("A15", 73, "the file exists")
def _the_samples_output_exists(folder):
    (folder / "there.npz").write_bytes(b"kept")
    return f"run {save(folder, model())} --input x.npy --output there.npz"


@case("A15", 73, "the file exists")
def _the_bundle_exists(folder):
    (folder / "there.decant").write_bytes(b"kept")
    return f"bundle create {save(folder, model())} -o there.decant"


@case("A16", 73, "folder 'missing': no such file or directory")
def _no_folder_for_the_output(folder):
    return f"convert {save(folder, model())} -o missing/out.onnx"


@case("A16", 73, "'file' is not a folder")
def _a_file_as_the_outputs_folder(folder):
    (folder / "file").write_bytes(b"")
    return f"convert {save(folder, model())} -o file/out.onnx"


@case("A16", 73, "expected a regular file to replace, got a directory")
def _a_folder_as_the_output(folder):
    (folder / "there.onnx").mkdir()
    return f"convert {save(folder, model())} -o there.onnx --force"


@case("A16", 73, "expected a regular file to replace, got a device")
def _a_device_as_the_output(folder):
    return f"dump {save(folder, model())} -o /dev/full --force"


@case("A19", 65, "\\u{1b}[31mred\\u{7}")
def _names_with_control_characters(folder):
    nodes = [helper.make_node("Relu", ["\x1b[31mred\x07"], ["y"], "a\nb\u202ec")]
    return model(nodes)


@case("A19", 65, "characters left out")
def _a_name_of_a_million_characters(folder):
    return model([helper.make_node("Relu", ["n" * 1_000_000], ["y"], "relu")])


@case("A19", 0, "")
def _a_nodes_name_that_is_not_text_is_kept(folder):
    return model().SerializeToString().replace(b"relu", b"\xff\xfe\xfd\xfc")


@case("A21", 65, "w")
def _two_weights_of_one_name(folder):
    nodes = [helper.make_node("Add", ["x", "w"], ["y"], "add")]
    return model(nodes, [weight(), weight(values=[2.0] * 4)])


@case("A22", 0, "")
def _a_hundred_thousand_nodes(folder):
    made = model([])
    names = ["x", *(f"v{index}" for index in range(100_000 - 1)), "y"]
    made.graph.node.extend(
        onnx.NodeProto(op_type="Relu", input=[a], output=[b]) for a, b in zip(names, names[1:]))
    return f"inspect {save(folder, made)}"

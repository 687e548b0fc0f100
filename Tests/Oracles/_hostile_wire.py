"""Family B of the catalogue: bytes that break the protobuf wire format, or strain it."""
import gzip
import io
import zipfile

from _hostile import *


@case("B01", 65, "varint")
def _a_varint_of_eleven_bytes(folder):
    return header() + tag(5, 0) + b"\x80" * 10 + b"\x01"


@case("B01", 65, "varint")
def _a_varint_past_64_bits(folder):
    return header() + tag(5, 0) + b"\xff" * 9 + b"\x7f"


@case("B02", 65, "bytes")
def _a_length_past_the_end(folder):
    return header() + tag(7, 2) + varint(1000) + b"\x0a"


@case("B02", 65, "bytes")
def _a_length_past_the_end_of_its_message(folder):
    return header() + chunk(7, tag(1, 2) + varint(10) + b"\0" * 3) + chunk(2, b"producer")


@case("B03", 65, "bytes")
def _a_length_of_two_to_the_63(folder):
    return header() + tag(7, 2) + varint(1 << 63)


@case("B03", 65, "bytes")
def _a_length_of_two_to_the_64_less_one(folder):
    return header() + tag(7, 2) + varint((1 << 64) - 1)


@case("B04", 65, "field number expected in 1..<536870912, got 0")
def _field_number_0(folder):
    return header() + b"\x02\x01\x00"


@case("B04", 65, "wire type expected in 0...5, got 6")
def _wire_type_6(folder):
    return header() + tag(7, 6) + b"\0"


@case("B04", 65, "wire type expected in 0...5, got 7")
def _wire_type_7(folder):
    return header() + tag(7, 7) + b"\0"


@case("B05", 65, "graph")
def _a_graph_as_a_number(folder):
    return header() + tag(7, 0) + varint(1)


@case("B06", 65, "group")
def _a_group_without_end(folder):
    return header() + tag(1000, 3)


@case("B06", 65, "group")
def _groups_a_hundred_thousand_deep(folder):
    return header() + tag(1000, 3) * 100_000


@case("B07", 65, "deep")
def _messages_101_deep(folder):
    return header() + chunk(7, nested([1, 5, 6], 101))


@case("B07", 65, "deep")
def _messages_10_000_deep(folder):
    return header() + chunk(7, nested([1, 5, 6], 10_000))


@case("B08", 0, "")
def _dims_that_are_not_packed_and_values_split_in_two(folder):
    tensor = tag(1, 0) + varint(4) + tag(2, 0) + varint(1) + chunk(8, b"w") + chunk(4, floats(1, 2)) + chunk(4, floats(3, 4))
    return spliced(tensor)


@case("B08", 65, "multiple of 4")
def _packed_floats_of_a_length_not_a_multiple_of_4(folder):
    return spliced(chunk(1, varint(4)) + tag(2, 0) + varint(1) + chunk(8, b"w") + chunk(4, floats(1, 2, 3, 4)[:-1]))


def spliced(tensor):
    """`holding` with the bytes of its weight given."""
    made = holding(weight())
    del made.graph.initializer[:]
    return made.SerializeToString() + chunk(7, chunk(5, tensor))


@case("B09", 0, "")
def _a_graph_in_two_parts(folder):
    return spliced(weight().SerializeToString())


@case("B12", 0, "")
def _unknown_fields(folder):
    return model().SerializeToString() + chunk(12345, b"kept" * 1000) + tag(12346, 1) + bytes(8)


@case("B13", 0, "")
def _a_rank_of_a_million(folder):
    return spliced(chunk(1, varint(1) * 1_000_000) + tag(2, 0) + varint(1) + chunk(8, b"w") + chunk(9, floats(1)))


@case("B14", 71, "budget of")
def _half_a_million_empty_messages(folder):
    return header() + chunk(14, b"") * 500_000 + model().SerializeToString()


@case("B15", 65, "UTF-8")
def _an_operator_that_is_not_text(folder):
    return model().SerializeToString().replace(b"Relu", b"\xc3\x28\xa0\xa1")


@case("B17", 65, "77")
def _an_unknown_data_location(folder):
    return spliced(weight().SerializeToString() + tag(14, 0) + varint(77))


@case("B18", 0, "")
def _floats_that_are_no_numbers(folder):
    return holding(raw([4], bytes.fromhex("0100807f" "ffff7fff" "0000c07f" "010000ff")))


@case("B20", 65, "gzip")
def _a_model_within_gzip(folder):
    return gzip.compress(model().SerializeToString())


@case("B20", 65, "ZIP archive")
def _a_model_within_zip(folder):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.onnx", model().SerializeToString())
    return file.getvalue()

import DecantBytes
import DecantIR
import DecantNumPy
import Testing

@Suite struct NumPyFileTests {
  /// A file with the given dictionary and data.
  private func npy(_ dictionary: String, _ data: [UInt8], version: UInt8 = 1) -> ByteSlice {
    let length = dictionary.utf8.count
    let size: [UInt8] = [UInt8(length & 255), UInt8(length >> 8)] + (version > 1 ? [0, 0] : [])
    return ByteSlice(copying: [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(dictionary.utf8) + data)
  }

  @Test func columnOrderIsTurned() throws {
    let bytes = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6], version: 2)
    #expect(try NumPyFile.decode(bytes) == Tensor([1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 3]))
  }

  @Test func bigEndianIsTurned() throws {
    let expected = Tensor([1, 2, 3, 4, 5, 6] as [Int16], shape: [2, 3])
    #expect(try NumPyFile.decode(ByteSlice(copying: Fixtures.fortran)) == expected)
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", DecantError.Kind.unsupported),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", .unsupported),
    ("{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", .unsupported),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False}", .malformed),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } + f()", .malformed),
    ("{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (1,), }", .malformed), ("", .malformed),
    ("{", .malformed),
  ])
  func oddHeadersAreRefused(dictionary: String, kind: DecantError.Kind) {
    let error = #expect(throws: DecantError.self) { try NumPyFile.decode(npy(dictionary, [0, 0, 0, 0])) }
    #expect(error?.kind == kind)
  }

  @Test func everyPrefixIsRefused() {
    for length in Fixtures.fortran.indices {
      #expect(throws: DecantError.self) { try NumPyFile.decode(ByteSlice(copying: Fixtures.fortran[..<length])) }
    }
  }
}

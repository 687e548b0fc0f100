import DecantBytes
import DecantIR
import DecantNumPy
import FoundationEssentials
import Testing

@Suite struct NumPyTests {
  private let folder = "/tmp/decant-numpy-\(UInt64.random(in: .min ... .max))"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func file(_ name: String) -> String { folder + "/" + name }

  @Test func arraysComeBack() throws {
    let arrays: [(name: String, tensor: Tensor)] = [
      ("a", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])), ("b/c", Tensor([-1, 2] as [Int64])),
      ("scalar", Tensor(scalar: Double(0.5))), ("empty", Tensor([UInt8]())),
      ("flags", Tensor([Boolean(true), Boolean(false)])),
    ]
    try NumPyArchive.write(arrays, to: file("x.npz"))
    let read = try NumPyArchive.read(file("x.npz"))
    #expect(read.count == arrays.count)
    for (name, tensor) in arrays { #expect(read[name] == tensor) }
    let first = FileManager.default.contents(atPath: file("x.npz"))
    try NumPyArchive.write(arrays, to: file("y.npz"))
    #expect(first == FileManager.default.contents(atPath: file("y.npz")))
    try FileManager.default.removeItem(atPath: folder)
  }

  /// A version 1 file with the given dictionary and data.
  private func npy(_ dictionary: String, _ data: [UInt8], version: UInt8 = 1) -> ByteSlice {
    let length = dictionary.utf8.count
    let size: [UInt8] = [UInt8(length & 255), UInt8(length >> 8)] + (version > 1 ? [0, 0] : [])
    return ByteSlice(copying: [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(dictionary.utf8) + data)
  }

  @Test func columnOrderIsTurned() throws {
    let bytes = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6], version: 2)
    #expect(try NumPyFile.parse(bytes) == Tensor([1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 3]))
  }

  @Test(arguments: [
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } + f()",
    "{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (1,), }", "", "{",
  ])
  func oddHeadersAreRefused(dictionary: String) {
    #expect(throws: WireError.self) { try NumPyFile.parse(npy(dictionary, [0, 0, 0, 0])) }
  }

  /// Every prefix and every flipped bit of a small archive: an error or an array, never a trap.
  @Test func damagedArchivesAreSurvived() throws {
    try NumPyArchive.write([("a", Tensor([1, 2] as [Float]))], to: file("x.npz"))
    let whole = Array(try #require(FileManager.default.contents(atPath: file("x.npz"))))
    var refused = 0
    for length in whole.indices where (try? read(Array(whole[..<length]))) == nil { refused += 1 }
    #expect(refused == whole.count)
    for bit in 0..<whole.count * 8 {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if let arrays = try? read(damaged) { #expect(arrays.count <= 1) }
    }
    try FileManager.default.removeItem(atPath: folder)
  }

  private func read(_ bytes: [UInt8]) throws -> [String: Tensor] {
    let path = file("damaged.npz")
    _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
    return try NumPyArchive.read(path)
  }
}

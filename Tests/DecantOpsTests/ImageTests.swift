import DecantIR
import Testing

@testable import DecantOps

/// Images in every format that is read.
@Suite struct ImageTests {
  private func decode(_ bytes: [UInt8], _ form: String = "RGB", limit: Int = 1 << 20) throws -> Tensor {
    let definition = try #require(StandardOps().definition(of: "ImageDecoder"))
    let context = EvaluationContext(
      op: "ImageDecoder", attributes: ["pixel_format": .string(ByteString(form))], operands: [Tensor(bytes)],
      byteLimit: limit)
    return try #require(try definition.evaluate?(context).first)
  }

  @Test(arguments: ImageSample.all) func firstRows(_ sample: ImageSample) throws {
    let image = try decode(sample.bytes)
    #expect(image.shape == [4, 6, 3])
    #expect(image.array(of: UInt8.self)?.prefix(18).map { $0 } == sample.firstRow)
  }

  /// Whatever is cut off or turned over, the result is an image, one without pixels, or an error.
  @Test(arguments: ImageSample.all) func brokenBytes(_ sample: ImageSample) throws {
    for length in sample.bytes.indices { check(Array(sample.bytes[..<length])) }
    var bytes = sample.bytes
    for index in bytes.indices {
      for bit in 0..<8 {
        bytes[index] ^= 1 << bit
        check(bytes)
        bytes[index] ^= 1 << bit
      }
    }
  }

  private func check(_ bytes: [UInt8]) {
    do {
      let image = try decode(bytes)
      #expect(image.rank == 3 && image.shape[2] == 3)
    } catch let error as OpError {
      #expect(error.kind == .overBudget, "\(error)")
    } catch {
      Issue.record(error)
    }
  }

  @Test func forms() throws {
    let map = Array("P3 # a comment\n2 1 255\n 10 20 30\t200 100 50 ".utf8)
    #expect(try decode(map) == Tensor([10, 20, 30, 200, 100, 50] as [UInt8], shape: [1, 2, 3]))
    #expect(try decode(map, "BGR") == Tensor([30, 20, 10, 50, 100, 200] as [UInt8], shape: [1, 2, 3]))
    #expect(try decode(map, "Grayscale") == Tensor([18, 124] as [UInt8], shape: [1, 2, 1]))
    #expect(
      try infer("ImageDecoder", [.tensor(.uint8, [.unknown])], ["pixel_format": .string("Grayscale")])
        == [.tensor(.uint8, [.unknown, .unknown, 1])])
  }

  @Test(
    arguments: [
      ("P1 3 2 101 010", [0, 255, 0, 255, 0, 255]),
      ("P2 3 2 15 0 5 10 15 1 2", [0, 85, 170, 255, 17, 34]),
      ("P4 3 2 \u{50}\u{20}", [255, 0, 255, 255, 255, 0]),
      ("P5 3 2 99 \u{0}\u{21}\u{42}\u{63}\u{1}\u{2}", [0, 85, 170, 255, 3, 5]),
      ("P5 3 2 300 \u{0}\u{0}\u{0}\u{64}\u{1}\u{2c}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", [0, 85, 255, 0, 0, 0]),
    ] as [(String, [UInt8])])
  func maps(_ text: String, _ gray: [UInt8]) throws {
    #expect(try decode(Array(text.utf8), "Grayscale") == Tensor(gray, shape: [2, 3, 1]))
  }

  /// What is no image gives none, as the specification says.
  @Test(arguments: ["", "B", "BM", "P5 2 2 70000 ", "P6 2 2 255 ..", "P3 1 1 9 10 0 0", "RIFF....WAVE", "GIF89a"])
  func nothing(_ text: String) throws {
    #expect(try decode(Array(text.utf8)) == Tensor([] as [UInt8], shape: [0, 0, 3]))
  }

  @Test func refusals() throws {
    #expect(throws: OpError("'pixel_format' expected one of 'RGB', 'BGR', 'Grayscale', got 'CMYK'")) {
      try decode([], "CMYK")
    }
    let error = #expect(throws: OpError.self) { try decode(Array("P5 99999 99999 255 ".utf8)) }
    #expect(error?.kind == .overBudget)
    let missing = try #require(ImageLibrary.all.first).missing
    #expect(missing.kind == .unsupported && missing.message.contains("'libturbojpeg0'"))
  }
}

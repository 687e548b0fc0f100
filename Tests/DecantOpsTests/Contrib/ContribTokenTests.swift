import DecantIR
import Testing

import DecantOps

/// Hashes of tokens, what may not be said again, boxes cut out of images, embeddings in codes.
@Suite struct ContribTokenTests {
  @Test(
    arguments: [
      .init(
        "MurmurHash3", [Tensor([3, 0, 12345] as [Int64])], [:],
        [Tensor([2738575283, 1669671676, 342635441] as [UInt32])]),
      .init(
        "MurmurHash3", [Tensor([3, -2] as [Float])], ["positive": .int(0), "seed": .int(7)],
        [Tensor([1575991279, -7870622] as [Int32])]),
      .init(
        "NGramRepeatBlock", [Tensor([1, 2, 3, 1, 2, 4, 1, 2] as [Int64], shape: [1, 8]), ramp([1, 5])],
        ["ngram_size": .int(3)], [Tensor([-1.25, 0.5, -0.5, -.infinity, -.infinity] as [Float], shape: [1, 5])]),
      .init(
        "NGramRepeatBlock", [Tensor([0, 2] as [Int64], shape: [1, 2]), ramp([1, 3])], ["ngram_size": .int(1)],
        [Tensor([-.infinity, 0.5, -.infinity] as [Float], shape: [1, 3])]),
    ] as [ContribCase])
  func tokens(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "CropAndResize",
        [
          ramp([1, 1, 3, 3]), Tensor([0.1, 0.2, 0.8, 0.9] as [Float], shape: [1, 4]), Tensor([0] as [Int32]),
          Tensor([2, 2] as [Int32]),
        ], [:], [Tensor([-0.27, -0.35, 0.7, -0.6999999] as [Float], shape: [1, 1, 2, 2])]),
      .init(
        "CropAndResize",
        [
          ramp([1, 1, 3, 3]), Tensor([0.9, 0, 0.1, 1.2] as [Float], shape: [1, 4]), Tensor([0] as [Int32]),
          Tensor([2, 3] as [Int32]),
        ], ["extrapolation_value": .float(7), "mode": .string("nearest")],
        [Tensor([1, 0, 7, -1.25, 0.5, 7] as [Float], shape: [1, 1, 2, 3])]),
    ] as [ContribCase])
  func boxes(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "QEmbedLayerNormalization",
        [
          Tensor([1, 0, 2] as [Int32], shape: [1, 3]), nil, codes([3, 4], UInt8.self),
          codes([4, 4], UInt8.self, step: 53), nil, codes([4], UInt8.self, step: 91), codes([4], UInt8.self, step: 11),
          Tensor([1, 1, 0] as [Int32], shape: [1, 3]), Tensor([0.02] as [Float], shape: []),
          Tensor([0.01] as [Float], shape: []), nil, Tensor([0.01] as [Float], shape: []),
          Tensor([0.02] as [Float], shape: []), Tensor([100] as [UInt8], shape: []), Tensor([90] as [UInt8], shape: []),
          nil, Tensor([80] as [UInt8], shape: []), Tensor([70] as [UInt8], shape: []),
        ], ["epsilon": .float(1e-05)],
        [
          Tensor(
            [
              -0.9729722, -1.008002, 0.5695383, 0.1429827, -1.312527, -1.307153, -0.8659571, -1.456971, -0.5619116,
              -0.9175024, -1.946702, -1.210788,
            ] as [Float], shape: [1, 3, 4]), Tensor([2] as [Int32]),
        ])
    ] as [ContribCase])
  func embeddings(_ row: ContribCase) throws { try row.check() }
}

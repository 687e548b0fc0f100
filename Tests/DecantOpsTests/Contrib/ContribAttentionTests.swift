import DecantIR
import Testing

import DecantOps

/// Attention of `com.microsoft`, as encoders have it.
@Suite struct ContribAttentionTests {
  @Test(
    arguments: [
      .init(
        "Attention", [ramp([1, 3, 4]), ramp([4, 12], step: 3), ramp([12], step: 5)], ["num_heads": .int(2)],
        [
          Tensor(
            [
              -0.3869553, -0.7180507, -1.497738, -1.290452, 2.155782, -0.3457841, 0.3043869, -0.5895141, 2.449293,
              0.1339071, -1.601169, -1.609485,
            ] as [Float], shape: [1, 3, 4])
        ]),
      .init(
        "Attention",
        [
          ramp([1, 3, 4]), ramp([4, 12], step: 3), ramp([12], step: 5), Tensor([1, 1, 0] as [Int32], shape: [1, 3]),
        ], ["mask_filter_value": .float(-3), "num_heads": .int(1), "unidirectional": .int(1)],
        [
          Tensor(
            [
              -0.5, -0.625, -0.75, 1.1875, 0.9387339, -2.639228, 0.7462832, -0.7691781, 2.574697, 0.4723938, -1.603792,
              -1.643595,
            ] as [Float], shape: [1, 3, 4])
        ]),
      .init(
        "Attention", [ramp([1, 3, 4]), ramp([4, 12], step: 3), ramp([12], step: 5), Tensor([2] as [Int32])],
        ["num_heads": .int(2), "scale": .float(0.3)],
        [
          Tensor(
            [
              -0.1537186, -1.109794, -0.4876828, 0.8444698, 0.6224334, -2.196407, 0.2750109, -0.1528988, 0.8644658,
              -2.535252, -0.6555709, 1.064016,
            ] as [Float], shape: [1, 3, 4])
        ]),
      .init(
        "Attention", [ramp([1, 3, 4]), ramp([4, 12], step: 3), ramp([12], step: 5), Tensor([3, 1] as [Int32])],
        ["num_heads": .int(2)],
        [
          Tensor(
            [
              1.368758, -2.163233, -1.616808, -1.685042, 2.229712, -0.3380115, 0.5658869, -1.030234, 2.452732,
              0.1347919, -1.624902, -1.687471,
            ] as [Float], shape: [1, 3, 4])
        ]),
      .init(
        "Attention",
        [ramp([1, 1, 4]), ramp([4, 12], step: 3), ramp([12], step: 5), nil, ramp([2, 1, 2, 2, 2], step: 9)],
        ["num_heads": .int(2)],
        [
          Tensor([-0.504693, -0.6415738, -0.5556933, 0.9648957] as [Float], shape: [1, 1, 4]),
          Tensor(
            [
              -1.25, 1, 0.5, 0, 3.4375, -1.5, -0.5, -1, 1.25, 0.75, 1.125, -1.75, 0.25, -0.25, -0.75, -1.25, -0.5,
              -0.625, 1, 0.5, 0, -0.5, -0.75, 1.1875,
            ] as [Float], shape: [2, 1, 2, 3, 2]),
        ]),
      .init(
        "Attention",
        [ramp([1, 3, 4]), ramp([4, 12], step: 3), ramp([12], step: 5), nil, nil, ramp([1, 1, 3, 3], step: 9)],
        ["num_heads": .int(2)],
        [
          Tensor(
            [
              0.1358783, -1.259801, -1.588372, -1.606311, 1.908595, -0.6830877, 0.2486804, -0.3400587, 2.351502,
              -0.06359586, -1.563206, -1.48491,
            ] as [Float], shape: [1, 3, 4])
        ]),
      .init(
        "Attention", [ramp([1, 2, 4]), ramp([4, 10], step: 3), ramp([10], step: 5)],
        ["num_heads": .int(2), "qkv_hidden_sizes": .ints([4, 4, 2])],
        [Tensor([0.7835508, -1.372372, -0.1130875, -0.9936019] as [Float], shape: [1, 2, 2])]),
      .init(
        "QAttention",
        [
          codes([1, 2, 4], UInt8.self), codes([4, 12], Int8.self, step: 53), ramp([12], step: 5),
          Tensor([0.01] as [Float], shape: []), Tensor([0.02] as [Float], shape: []), Tensor([1] as [Int32]),
          Tensor([100] as [UInt8], shape: []), Tensor([3] as [Int8], shape: []),
        ], ["num_heads": .int(2)],
        [Tensor([2.184, -0.9908, 0.7348, -2.44, 2.184, -0.9908, 0.7348, -2.44] as [Float], shape: [1, 2, 4])]),
      .init(
        "QAttention",
        [
          codes([1, 1, 4], UInt8.self), codes([4, 6], UInt8.self, step: 53), ramp([6], step: 5),
          Tensor([0.01] as [Float], shape: []), Tensor([0.01, 0.02, 0.03, 0.04, 0.05, 0.06] as [Float]), nil,
          Tensor([100] as [UInt8], shape: []), Tensor([1, 2, 3, 4, 5, 6] as [UInt8]), ramp([2, 1, 1, 1, 2], step: 9),
        ], ["num_heads": .int(1)],
        [
          Tensor([-9.296, -3.1928] as [Float], shape: [1, 1, 2]),
          Tensor([-1.25, 1, -6.0652, -11.1396, 0.5, 0, -9.296, -3.1928] as [Float], shape: [2, 1, 1, 2, 2]),
        ]),
    ] as [ContribCase])
  func projections(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "MultiHeadAttention", [ramp([1, 2, 4]), ramp([1, 3, 4], step: 3), ramp([1, 3, 4], step: 5)],
        ["num_heads": .int(2)],
        [
          Tensor(
            [0.003545458, -0.4559348, 0.9461718, -0.5538282, 0.03064924, -0.4705755, 0.6913792, -0.8086208] as [Float],
            shape: [1, 2, 4])
        ]),
      .init(
        "MultiHeadAttention",
        [
          ramp([1, 2, 4]), ramp([1, 3, 4], step: 3), ramp([1, 3, 4], step: 5), ramp([12], step: 9),
          Tensor([1, 0, 1] as [Int32], shape: [1, 3]),
        ], ["num_heads": .int(2)],
        [
          Tensor(
            [-0.2780883, -0.6625209, 0.3796095, -1.62039, -0.2403347, -0.6840945, -0.1295601, -2.12956] as [Float],
            shape: [1, 2, 4])
        ]),
      .init(
        "MultiHeadAttention",
        [
          ramp([1, 2, 4]), ramp([1, 3, 4], step: 3), ramp([1, 3, 4], step: 5), nil, nil, ramp([1, 1, 2, 3], step: 9),
        ], ["num_heads": .int(2), "scale": .float(0.5)],
        [
          Tensor(
            [0.6783098, -0.6308427, 0.7403465, -0.7596536, -0.2733748, -0.3217549, 0.8721568, -0.6278431] as [Float],
            shape: [1, 2, 4]),
          Tensor([-1.25, -0.5, -1, -0.25, -0.75, 0, 0.25, 1, 0.5, 1.25, 0.75, -1.25] as [Float], shape: [1, 2, 3, 2]),
          nil,
          Tensor(
            [-0.59375, 1.5625, 0.96875, 0.03125, -0.53125, -1.09375, -0.6875, 1.65625, -0.46875, 0.125, -0.25, -0.625]
              as [Float], shape: [1, 2, 2, 3]),
        ]),
      .init(
        "MultiHeadAttention",
        [
          ramp([1, 1, 4]), ramp([1, 1, 4], step: 3), ramp([1, 1, 4], step: 5), nil, nil, nil,
          ramp([1, 2, 2, 2], step: 2), ramp([1, 2, 2, 2], step: 9),
        ], ["num_heads": .int(2)],
        [
          Tensor([-0.8658946, 0.3730198, 0.5059779, -0.4007971] as [Float], shape: [1, 1, 4]),
          Tensor(
            [-1.25, -0.75, -0.25, 0.25, -1.25, -0.5, 0.75, 1.25, -1, -0.5, 0.25, 1] as [Float], shape: [1, 2, 3, 2]),
          Tensor([-1.25, 1, 0.5, 0, -1.25, 0, -0.5, -1, 1.25, 0.75, 1.25, -0.25] as [Float], shape: [1, 2, 3, 2]),
        ]),
      .init(
        "MultiHeadAttention", [ramp([1, 2, 4]), ramp([1, 2, 2, 2], step: 2), ramp([1, 2, 2, 2], step: 9)],
        ["num_heads": .int(2)],
        [
          Tensor(
            [-0.6017302, 0.6295601, -0.004198954, -0.504199, -0.5280883, 0.587479, -0.1064557, -0.6064557] as [Float],
            shape: [1, 2, 4])
        ]),
      .init(
        "MultiHeadAttention",
        [
          ramp([1, 1, 4]), ramp([1, 1, 4], step: 3), ramp([1, 1, 4], step: 5), nil, nil, nil,
          ramp([1, 2, 4, 2], step: 2), ramp([1, 2, 4, 2], step: 9), Tensor([2] as [Int32]),
        ], ["num_heads": .int(2)],
        [
          Tensor([-0.8658946, 0.3730198, 0.7452539, -0.3080954] as [Float], shape: [1, 1, 4]),
          Tensor(
            [-1.25, -0.75, -0.25, 0.25, -1.25, -0.5, -1, -0.5, 0, 0.5, 1, -1.25, 0.25, 1, 0.25, 0.75] as [Float],
            shape: [1, 2, 4, 2]),
          Tensor(
            [-1.25, 1, 0.5, 0, -1.25, 0, 1.25, 0.75, 0.25, -0.25, -0.75, -1.25, 1.25, -0.25, 0, -0.5] as [Float],
            shape: [1, 2, 4, 2]),
        ]),
    ] as [ContribCase])
  func heads(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "DecoderMaskedMultiHeadAttention",
        [
          ramp([1, 1, 4]), ramp([1, 1, 4], step: 3), ramp([1, 1, 4], step: 5), nil, nil, ramp([1, 2, 4, 2], step: 2),
          ramp([1, 2, 4, 2], step: 9), Tensor([2] as [Int32]),
        ], ["num_heads": .int(2), "past_present_share_buffer": .int(1)],
        [
          Tensor([-0.8658946, 0.3730198, 0.7452539, -0.3080954] as [Float], shape: [1, 1, 4]),
          Tensor(
            [-1.25, -0.75, -0.25, 0.25, -1.25, -0.5, -1, -0.5, 0, 0.5, 1, -1.25, 0.25, 1, 0.25, 0.75] as [Float],
            shape: [1, 2, 4, 2]),
          Tensor(
            [-1.25, 1, 0.5, 0, -1.25, 0, 1.25, 0.75, 0.25, -0.25, -0.75, -1.25, 1.25, -0.25, 0, -0.5] as [Float],
            shape: [1, 2, 4, 2]),
        ]),
      .init(
        "DecoderMaskedMultiHeadAttention",
        [
          ramp([1, 1, 4]), ramp([1, 1, 4], step: 3), ramp([1, 1, 4], step: 5),
          Tensor([0, 1, 1] as [Int32], shape: [1, 3]), nil, ramp([1, 2, 4, 2], step: 2), ramp([1, 2, 4, 2], step: 9),
          Tensor([2] as [Int32]), nil, nil, ramp([12], step: 9),
        ], ["num_heads": .int(2), "past_present_share_buffer": .int(1)],
        [
          Tensor([-0.533515, -0.1722525, 0.4176408, -1.483528] as [Float], shape: [1, 1, 4]),
          Tensor(
            [-1.25, -0.75, -0.25, 0.25, -1.75, -1.5, -1, -0.5, 0, 0.5, 1, -1.25, 1.5, 1.75, 0.25, 0.75] as [Float],
            shape: [1, 2, 4, 2]),
          Tensor(
            [-1.25, 1, 0.5, 0, -1, -0.25, 1.25, 0.75, 0.25, -0.25, -0.75, -1.25, 0.5, -1.5, 0, -0.5] as [Float],
            shape: [1, 2, 4, 2]),
        ]),
      .init(
        "DecoderMaskedMultiHeadAttention",
        [
          ramp([2, 1, 2]), ramp([2, 1, 2], step: 3), ramp([2, 1, 2], step: 5), nil, nil, ramp([2, 1, 3, 2], step: 2),
          ramp([2, 1, 3, 2], step: 9), Tensor([2] as [Int32]), Tensor([2] as [Int32]),
          Tensor([0, 1, 0, 1, 0, 0] as [Int32], shape: [1, 2, 3]),
        ], ["num_heads": .int(1), "past_present_share_buffer": .int(1)],
        [
          Tensor([-0.9535685, 0.3340655, 1.022579, 0.02952481] as [Float], shape: [2, 1, 2]),
          Tensor([-1.25, -0.75, -0.25, 0.25, -1.25, -0.5, -1, -0.5, 0, 0.5, 0.25, 1] as [Float], shape: [2, 1, 3, 2]),
          Tensor([-1.25, 1, 0.5, 0, -1.25, 0, 1.25, 0.75, 0.25, -0.25, 1.25, -0.25] as [Float], shape: [2, 1, 3, 2]),
        ]),
      .init(
        "DecoderMaskedMultiHeadAttention",
        [ramp([1, 1, 4]), ramp([1, 2, 2, 2], step: 2), ramp([1, 2, 2, 2], step: 9)],
        ["num_heads": .int(2), "output_qk": .int(1)],
        [
          Tensor([-0.6017302, 0.6295601, -0.004198939, -0.504199] as [Float], shape: [1, 1, 4]), nil, nil,
          Tensor([0.8396893, 0.3093592, 0.8396893, -0.08838835] as [Float], shape: [1, 2, 1, 2]),
        ]),
    ] as [ContribCase])
  func steps(_ row: ContribCase) throws { try row.check() }
}

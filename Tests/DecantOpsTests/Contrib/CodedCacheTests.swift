import DecantIR
import Testing

import DecantOps

/// Caches of attention that hold codes of 8 or 4 bits.
@Suite struct CodedCacheTests {
  @Test(
    arguments: [
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), codes([1, 1, 2, 16], Int8.self),
          codes([1, 1, 2, 16], Int8.self, step: 53), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil, nil,
          nil, ramp([1], step: 3, offset: -1, scale: 0.0625), ramp([1], step: 5, offset: -1, scale: 0.0625),
        ],
        [
          "k_quant_type": .string("PER_TENSOR"), "kv_cache_bit_width": .int(8), "kv_num_heads": .int(1),
          "num_heads": .int(1), "v_quant_type": .string("PER_TENSOR"),
        ],
        [
          Tensor(
            [
              0.1792499, 3.246802, 6.363245, -5.211902, -2.09546, 0.7595732, 3.827126, 6.682158, -4.631578, -1.776546,
              1.339897, 4.146039, -7.167698, -4.051255, -1.196222, 1.92022,
            ] as [Float], shape: [1, 1, 16]),
          Tensor(
            [
              5, 42, 79, 116, -103, -66, -29, 8, 45, 82, 119, -100, -63, -26, 11, 48, 85, 122, -97, -60, -23, 14, 51,
              88, 125, -94, -57, -20, 17, 54, 91, -128, -20, -8, 4, 16, -16, -4, 8, 20, -12, 0, 12, -20, -8, 4, 16, -16,
            ] as [Int8], shape: [1, 1, 3, 16]),
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), codes([1, 1, 2, 16], Int8.self),
          codes([1, 1, 2, 16], Int8.self, step: 53), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil, nil,
          nil, ramp([1, 1, 1, 16], step: 3, offset: -1, scale: 0.0625),
          ramp([1, 1, 1, 16], step: 5, offset: -1, scale: 0.0625),
        ],
        [
          "k_quant_type": .string("PER_CHANNEL"), "kv_cache_bit_width": .int(8), "kv_num_heads": .int(1),
          "num_heads": .int(1), "v_quant_type": .string("PER_CHANNEL"),
        ],
        [
          Tensor(
            [
              0.3125002, 21.75, 76.3125, -28.75, -24.375, 3.500001, 37.6875, 22.5, -41.5, -3.75, 10.0625, 4.75, -47.625,
              -50.875, -6.562499, 20,
            ] as [Float], shape: [1, 1, 16]),
          Tensor(
            [
              5, 42, 79, 116, -103, -66, -29, 8, 45, 82, 119, -100, -63, -26, 11, 48, 85, 122, -97, -60, -23, 14, 51,
              88, 125, -94, -57, -20, 17, 54, 91, -128, -20, -2, 1, 2, -8, -1, 1, 2, -4, 0, 1, -20, -2, 1, 2, -8,
            ] as [Int8], shape: [1, 1, 3, 16]),
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), codes([1, 1, 2, 8], UInt8.self),
          codes([1, 1, 2, 8], UInt8.self, step: 53), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil, nil,
          nil, ramp([1], step: 3, offset: -1, scale: 0.0625), ramp([1], step: 5, offset: -1, scale: 0.0625),
        ],
        [
          "k_quant_type": .string("PER_TENSOR"), "kv_cache_bit_width": .int(4), "kv_num_heads": .int(1),
          "num_heads": .int(1), "v_quant_type": .string("PER_TENSOR"),
        ],
        [
          Tensor(
            [
              -0.2239763, -0.07353859, 0.1614763, -0.1017814, 0.3083423, -0.4044843, 0.2435524, -0.3031362, 0.1321031,
              -0.1988718, 0.1795888, -0.3224082, -0.01770838, 0.2758418, -0.2616649, 0.1217908,
            ] as [Float], shape: [1, 1, 16]),
          Tensor(
            [5, 42, 79, 116, 153, 190, 227, 8, 45, 82, 119, 156, 193, 230, 11, 48, 0, 252, 64, 255, 128, 15, 192, 15]
              as [UInt8], shape: [1, 1, 3, 8]),
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), codes([1, 1, 2, 8], UInt8.self),
          codes([1, 1, 2, 8], UInt8.self, step: 53), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil, nil,
          nil, ramp([1, 1, 1, 16], step: 3, offset: -1, scale: 0.0625),
          ramp([1, 1, 1, 16], step: 5, offset: -1, scale: 0.0625),
        ],
        [
          "k_quant_type": .string("PER_CHANNEL"), "kv_cache_bit_width": .int(4), "kv_num_heads": .int(1),
          "num_heads": .int(1), "v_quant_type": .string("PER_CHANNEL"),
        ],
        [
          Tensor(
            [
              -0.3560889, 0.0562272, 0.4501165, 0.02622919, 1.007504, -0.7102008, 0.7807461, -0.72379, -0.1726425,
              -0.7939805, 0.267753, -0.3843896, 0.1454974, 1.741338, -0.6730708, 0.3655135,
            ] as [Float], shape: [1, 1, 16]),
          Tensor(
            [5, 42, 79, 116, 153, 190, 227, 8, 45, 82, 119, 156, 193, 230, 11, 48, 96, 169, 112, 169, 132, 9, 150, 10]
              as [UInt8], shape: [1, 1, 3, 8]),
        ]),
    ] as [ContribCase])
  func agree(_ row: ContribCase) throws { try row.check() }
}

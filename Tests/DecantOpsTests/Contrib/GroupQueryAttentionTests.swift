import DecantIR
import Testing

import DecantOps

/// Attention of `com.microsoft`, as decoders have it.
@Suite struct GroupQueryAttentionTests {
  @Test(
    arguments: [
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 2, 16]), ramp([1, 2, 16], step: 3), ramp([1, 2, 16], step: 5), nil, nil, Tensor([1] as [Int32]),
          Tensor([2] as [Int32]),
        ], ["kv_num_heads": .int(1), "num_heads": .int(1)],
        [
          Tensor(
            [
              -1.25, 0, 1.25, -0.25, 1, -0.5, 0.75, -0.75, 0.5, -1, 0.25, -1.25, 0, 1.25, -0.25, 1, -0.6140242,
              0.6359758, -0.4459355, 0.3859759, -0.6959355, 0.1359758, -0.9459355, -0.1140242, 1.135976, -0.3640242,
              0.8859759, -0.6140242, 0.6359758, -0.4459355, 0.3859759, -0.6959355,
            ] as [Float], shape: [1, 2, 16])
        ]),
      .init(
        "GroupQueryAttention", [ramp([1, 1, 64]), nil, nil, nil, nil, Tensor([0] as [Int32]), Tensor([1] as [Int32])],
        ["kv_num_heads": .int(1), "num_heads": .int(2)],
        [
          Tensor(
            [
              0.25, -0.75, 1, 0, -1, 0.75, -0.25, -1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0, -1, 0.25, -0.75, 1, 0, -1,
              0.75, -0.25, -1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0, -1,
            ] as [Float], shape: [1, 1, 32])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 2, 16]), ramp([1, 2, 16], step: 3), ramp([1, 2, 16], step: 5), nil, nil, Tensor([1] as [Int32]),
          Tensor([2] as [Int32]), ramp([4, 8], step: 3), ramp([4, 8], step: 5),
        ], ["do_rotary": .int(1), "kv_num_heads": .int(1), "num_heads": .int(1)],
        [
          Tensor(
            [
              -1.25, 0, 1.25, -0.25, 1, -0.5, 0.75, -0.75, 0.5, -1, 0.25, -1.25, 0, 1.25, -0.25, 1, -0.5697008,
              0.6802992, -0.564131, 0.4302991, -0.8141311, 0.1802992, -1.064131, -0.06970084, 1.180299, -0.3197008,
              0.9302991, -0.5697008, 0.6802992, -0.564131, 0.4302991, -0.8141311,
            ] as [Float], shape: [1, 2, 16])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 2, 16]), ramp([1, 2, 16], step: 3), ramp([1, 2, 16], step: 5), nil, nil, Tensor([1] as [Int32]),
          Tensor([2] as [Int32]),
        ], ["causal": .int(0), "kv_num_heads": .int(1), "num_heads": .int(1)],
        [
          Tensor(
            [
              -1.173272, 0.07672854, 1.045391, -0.1732715, 0.7953906, -0.4232715, 0.5453906, -0.6732715, 0.5767285,
              -0.9232715, 0.3267285, -1.173272, 0.07672854, 1.045391, -0.1732715, 0.7953906, -0.6140242, 0.6359758,
              -0.4459355, 0.3859758, -0.6959355, 0.1359758, -0.9459356, -0.1140242, 1.135976, -0.3640242, 0.8859758,
              -0.6140242, 0.6359758, -0.4459355, 0.3859758, -0.6959355,
            ] as [Float], shape: [1, 2, 16])
        ]),
    ] as [ContribCase])
  func prompts(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 32]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]),
        ], ["kv_num_heads": .int(1), "num_heads": .int(2)],
        [
          Tensor(
            [
              -1.238296, 0.3237498, 1.02767, -0.1602846, 0.5436352, -0.6443189, 0.7889833, -0.2702273, 0.4336925,
              -0.7542617, -0.05034188, -1.238296, 0.3237498, 1.02767, -0.1602846, 0.5436352, -1.196819, 0.8624975,
              0.6961929, 0.005509814, -0.1607948, -0.8514779, 0.6228526, 0.5171559, 0.3508513, -0.3398317, -0.5061363,
              -1.196819, 0.8624975, 0.6961929, 0.005509814, -0.1607948,
            ] as [Float], shape: [1, 1, 32])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 32]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 3, 16], step: 2),
          ramp([1, 1, 3, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]),
        ], ["kv_num_heads": .int(1), "local_window_size": .int(2), "num_heads": .int(2)],
        [
          Tensor(
            [
              -1.234071, 0.07964375, 1.218143, -0.2181425, 0.9203563, -0.5159287, 0.62257, -0.6384988, 0.5, -0.936285,
              0.2022137, -1.234071, 0.07964375, 1.218143, -0.2181425, 0.9203563, -1.118171, 0.6591457, 0.9863417,
              0.01365826, 0.3408543, -0.6318291, -0.3046331, 0.1728039, 0.5, -0.4726835, -0.1454874, -1.118171,
              0.6591457, 0.9863417, 0.01365826, 0.3408543,
            ] as [Float], shape: [1, 1, 32])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]), ramp([4, 8], step: 3),
          ramp([4, 8], step: 5),
        ], ["do_rotary": .int(1), "kv_num_heads": .int(1), "num_heads": .int(1), "rotary_interleaved": .int(1)],
        [
          Tensor(
            [
              -1.184716, 0.6258196, 0.8948834, -0.04458167, 0.2244821, -0.7149829, 0.3774216, 0.156087, 0.4251508,
              -0.5143142, -0.2452504, -1.184716, 0.6258196, 0.8948834, -0.04458167, 0.2244821,
            ] as [Float], shape: [1, 1, 16])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]),
        ], ["kv_num_heads": .int(1), "num_heads": .int(1), "scale": .float(0.5), "softcap": .float(1.5)],
        [
          Tensor(
            [
              -1.240809, 0.3826448, 0.9791002, -0.1474457, 0.4490096, -0.6775363, 0.8448197, -0.1806281, 0.4158272,
              -0.7107187, -0.1142634, -1.240809, 0.3826448, 0.9791002, -0.1474457, 0.4490096,
            ] as [Float], shape: [1, 1, 16])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]),
        ], ["kv_num_heads": .int(1), "num_heads": .int(1), "smooth_softmax": .int(1)],
        [
          Tensor(
            [
              -1.059649, 0.277043, 0.8794096, -0.1371606, 0.465206, -0.5513642, 0.675158, -0.2312421, 0.3711245,
              -0.6454457, -0.04307914, -1.059649, 0.277043, 0.8794096, -0.1371606, 0.465206,
            ] as [Float], shape: [1, 1, 16])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil, nil,
          Tensor([0.5] as [Float]),
        ], ["kv_num_heads": .int(1), "num_heads": .int(1)],
        [
          Tensor(
            [
              -0.9689641, 0.2533336, 0.8041494, -0.1254224, 0.4253935, -0.5041783, 0.6173778, -0.2114523, 0.3393635,
              -0.5902082, -0.0393924, -0.9689641, 0.2533336, 0.8041494, -0.1254224, 0.4253935,
            ] as [Float], shape: [1, 1, 16])
        ]),
      .init(
        "GroupQueryAttention",
        [
          ramp([1, 1, 16]), ramp([1, 1, 16], step: 3), ramp([1, 1, 16], step: 5), ramp([1, 1, 2, 16], step: 2),
          ramp([1, 1, 2, 16], step: 9), Tensor([2] as [Int32]), Tensor([3] as [Int32]), nil, nil, nil,
          ramp([1, 1, 1, 3], step: 9),
        ], ["kv_num_heads": .int(1), "num_heads": .int(1)],
        [
          Tensor(
            [
              -1.226213, 0.175749, 1.159815, -0.1882226, 0.7958435, -0.5521943, 0.5881131, -0.4982699, 0.4857963,
              -0.8622415, 0.1218246, -1.226213, 0.175749, 1.159815, -0.1882226, 0.7958435,
            ] as [Float], shape: [1, 1, 16])
        ]),
    ] as [ContribCase])
  func steps(_ row: ContribCase) throws { try row.check() }
}

internal import DecantIR

/// Mixtures of experts, in floats and in codes of a few bits.
enum ContribExperts {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("MoE"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input", "router_probs", "fc1_experts_weights", "fc1_experts_bias?", "fc2_experts_weights",
          "fc2_experts_bias?", "fc3_experts_weights?", "fc3_experts_bias?",
        ], attributes: attributes),
      infer: Infer.sameType, evaluate: ExpertsKernel.evaluate),
    OpDefinition(
      .microsoft("QMoE"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input", "router_probs", "fc1_experts_weights", "fc1_scales?", "fc1_experts_bias?", "fc2_experts_weights",
          "fc2_scales?", "fc2_experts_bias?", "fc3_experts_weights?", "fc3_scales?", "fc3_experts_bias?",
          "fc1_zero_points?", "fc2_zero_points?", "fc3_zero_points?", "router_weights?", "fc1_global_scale?",
          "fc2_global_scale?", "fc1_act_scale?", "fc2_act_scale?", "fc1_act_block_scale?", "fc2_act_block_scale?",
        ],
        attributes: attributes + [
          .init("accuracy_level", .int), .init("block_size", .int), .init("expert_weight_bits", .int),
          .init("fc1_expert_weight_bits", .int), .init("fc2_expert_weight_bits", .int),
          .init("fc3_expert_weight_bits", .int), .init("quant_type", .string), .init("weights_prepacked", .int),
        ]),
      infer: Infer.sameType, evaluate: ExpertsKernel.evaluateQuantized),
  ]

  private static let attributes: [OpSchema.AttributeRule] = [
    .init("activation_alpha", .float), .init("activation_beta", .float), .init("activation_type", .string),
    .init("k", .int), .init("normalize_routing_weights", .int), .init("swiglu_fusion", .int),
    .init("swiglu_limit", .float), .init("use_sparse_mixer", .int),
  ]
}

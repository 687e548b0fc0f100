internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// Normalization of each group of channels of a float32 tensor by its own moments.
struct GroupNormalizationKernel: Kernel {
  private let type: ConcreteType
  /// How many channels share their moments.
  private let channels: Int
  private let epsilon: Float
  private let threads: Int

  static let groups: NativeBackend.Maker = { (request) throws(OpError) in
    guard let type = request.operand(0), type.rank >= 2, let groups = request.attributes.int("num_groups"),
      groups >= 1, type.shape[1] % groups == 0
    else { return nil }
    return GroupNormalizationKernel(request, channels: type.shape[1] / groups)
  }

  /// Each channel is its own group.
  static let instances: NativeBackend.Maker = { (request) throws(OpError) in
    guard let type = request.operand(0), type.rank >= 3 else { return nil }
    return GroupNormalizationKernel(request, channels: 1)
  }

  private init?(_ request: KernelRequest, channels: Int) {
    guard let type = request.operand(0, of: .float32), request.attributes.int("stash_type", default: 1) == 1
    else { return nil }
    let parameters = ConcreteType(.float32, [type.shape[1]])
    guard request.operand(1) == parameters, request.operand(2) == parameters else { return nil }
    self.type = type
    self.channels = channels
    epsilon = request.attributes.float("epsilon", default: 1e-5)
    threads = request.threads
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (x, scale, shift) = (try call.source(0), try call.source(1), try call.source(2))
    let plane = type.shape[2...].reduce(1, *)
    let groups = type.shape[0] * type.shape[1] / channels
    let result = try call.make(type, from: [x, scale, shift]) { target in
      Shares.forEach(groups, cost: 3 * channels * plane, threads: threads) { range in
        for group in range {
          let (start, channel) = (group * channels * plane, group * channels % type.shape[1])
          unsafe decant_normalize_group_f32(
            x.floats(at: start), channels, plane, epsilon, scale.floats(at: channel), shift.floats(at: channel),
            target.floats(at: start))
        }
      }
    }
    return [result]
  }
}

internal import CKernels
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `MaxPool` of float32 images of few channels, plain, row by row.
struct PlainPoolingKernel: Kernel {
  /// From so many channels on they fill vectors.
  private static let mostChannels = 16
  private let type: ConcreteType
  private let planes: Int
  private let rows: Window.Axis
  private let columns: Window.Axis

  static let maximum: NativeBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0, of: .float32), x.rank == 4, x.shape[1] < mostChannels, request.wanted.count == 1,
      let kernel = request.attributes.ints("kernel_shape")
    else { return nil }
    let window = try WindowRule(request.attributes, kernel: kernel).resolve(Array(x.shape[2...])).axes
    guard window.allSatisfy({ WindowAxis($0).isPool }) else { return nil }
    return PlainPoolingKernel(
      type: ConcreteType(.float32, Array(x.shape[..<2]) + window.map(\.output)), planes: x.shape[0] * x.shape[1],
      rows: window[0], columns: window[1])
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let source = try call.source(0)
    let result = try call.make(type, from: [source]) { target in
      for plane in 0..<planes {
        for row in 0..<rows.output {
          let line = unsafe target.floats(at: (plane * rows.output + row) * columns.output)
          unsafe line.update(repeating: -.infinity, count: columns.output)
          for tap in 0..<rows.kernel {
            let place = row * rows.stride - rows.padBegin + tap * rows.dilation
            guard (0..<rows.input).contains(place) else { continue }
            unsafe raise(line, by: source.floats(at: (plane * rows.input + place) * columns.input))
          }
        }
      }
    }
    return [result]
  }

  /// Raises each element of a row of the result to the largest of its window in one row of the image.
  private func raise(_ line: UnsafeMutablePointer<Float>, by image: UnsafePointer<Float>) {
    for tap in 0..<columns.kernel {
      let offset = tap * columns.dilation - columns.padBegin
      for column in 0..<columns.output {
        let place = column * columns.stride + offset
        guard (0..<columns.input).contains(place) else { continue }
        let value = unsafe image[place]
        if unsafe value > line[column] { unsafe line[column] = value }
      }
    }
  }
}

internal import DecantBytes
internal import DecantCompression

extension SampleSet {
  /// The samples as a calibrator takes them; those that are not finite are refused, by input and element.
  var forCalibration: Calibrator.Samples {
    Calibrator.Samples(count: count) { (index) throws(DecantError) in
      let inputs = try inputs(index)
      try refuseNotFinite(inputs, run: index)
      return inputs
    }
  }
}

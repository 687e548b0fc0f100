internal import DecantIR

/// A string cut at delimiters, or at runs of white space.
enum StringSplitting {
  /// The parts between delimiters: at most `limit` cuts from the left, and the rest as it stands.
  ///
  /// - Parameter delimiter: at least one byte.
  static func parts(_ bytes: [UInt8], at delimiter: [UInt8], limit: Int) -> [ByteString] {
    var result: [ByteString] = []
    var start = 0
    var place = 0
    while result.count < limit, place + delimiter.count <= bytes.count {
      guard bytes[place..<(place + delimiter.count)].elementsEqual(delimiter) else {
        place += 1
        continue
      }
      result.append(ByteString(bytes: Array(bytes[start..<place])))
      place += delimiter.count
      start = place
    }
    result.append(ByteString(bytes: Array(bytes[start...])))
    return result
  }

  /// The words between white space; after `limit` cuts the rest, without the white space around it.
  ///
  /// - Throws: ``OpError`` when the string is not UTF-8.
  static func words(_ string: ByteString, limit: Int) throws(OpError) -> [ByteString] {
    var rest = try string.decoded().unicodeScalars.drop(while: \.properties.isWhitespace)
    while rest.last?.properties.isWhitespace ?? false { rest.removeLast() }
    var result: [ByteString] = []
    while !rest.isEmpty {
      guard result.count < limit else {
        result.append(ByteString(String(rest)))
        break
      }
      result.append(ByteString(String(rest.prefix { !$0.properties.isWhitespace })))
      rest = rest.drop { !$0.properties.isWhitespace }.drop(while: \.properties.isWhitespace)
    }
    return result
  }
}

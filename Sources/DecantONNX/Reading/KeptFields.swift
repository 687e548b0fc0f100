internal import DecantBytes
internal import DecantIR
internal import DecantWire

extension Annotations {
  /// From what a message says beyond its meaning; `keeping` holds fields that the graph in memory has no place for,
  /// which are kept as bytes and stand in the message again when it is written.
  init<R: WireRecord>(documentation: String?, properties: [StringStringEntryProto], keeping record: R) {
    self.init()
    self.documentation = documentation ?? ""
    self.properties = properties.map { Property(key: $0.key ?? "", value: $0.value ?? "") }
    let bytes = try? WireWriter.write(record, to: MemorySink()).bytes
    unknownFields = bytes ?? []
  }

  /// Itself, or nil when there is nothing in it.
  var unlessEmpty: Annotations? { isEmpty ? nil : self }

  /// The properties as a file holds them.
  var entries: [StringStringEntryProto] {
    properties.map { property in
      var entry = StringStringEntryProto()
      entry.key = property.key
      entry.value = property.value
      return entry
    }
  }

  /// The doc string, nil when it is empty.
  var docString: String? { documentation.isEmpty ? nil : documentation }

  /// The kept fields as a file holds them.
  var unknown: [ByteSlice] { unknownFields.isEmpty ? [] : [ByteSlice(copying: unknownFields)] }
}

internal import CKernels
internal import COneDNN
internal import DecantIR

/// libdnnl, loaded at the first use; its threads, OpenMP's, are everybody's from then on.
enum Library {
  /// Loads the library; does nothing when it is there.
  ///
  /// - Throws: ``OpError`` when the machine does not have it.
  static func load() throws(OpError) {
    guard let reason = unsafe decant_dnnl_load() else {
      return unsafe decant_join_threads(decant_dnnl_parallel(), decant_dnnl_member())
    }
    throw OpError(
      "the onednn backend needs oneDNN 2.6 (Debian's libdnnl2): \(unsafe String(cString: reason))", kind: .unsupported)
  }

  /// Passes when `status` is success.
  ///
  /// - Throws: ``OpError`` with oneDNN's own word for it.
  static func check(_ status: dnnl_status_t, _ what: @autoclosure () -> String) throws(OpError) {
    guard status != dnnl_success else { return }
    let word = unsafe decant_dnnl_status(status).map { unsafe String(cString: $0) } ?? "status \(status.rawValue)"
    throw OpError("oneDNN cannot \(what()): \(word)", kind: status == dnnl_out_of_memory ? .overBudget : .unsupported)
  }
}

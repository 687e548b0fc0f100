internal import CKernels

/// What becomes of memory that this process frees.
public enum FreedMemory {
  /// Keeps up to 256 MiB of it for the next tensors, for the rest of the process.
  ///
  /// Running a model frees and takes the same blocks again and again, and a page from the system costs more than what most
  /// kernels do with it: convolutional networks run up to 1.5 times as fast. It is for the program to decide, not for a library.
  public static func keep() { decant_keep_freed_memory() }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `cblas_sgemm` of an installed OpenBLAS, on one thread.
struct OpenBLAS {
  private typealias Multiply =
    @convention(c) (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>, CInt, Float,
      UnsafeMutablePointer<Float>, CInt
    ) -> Void
  private typealias SetThreads = @convention(c) (CInt) -> Void

  private let sgemm: Multiply

  /// nil where the library is not installed.
  init?() {
    // OpenBLAS reads it when it is loaded, and would use the kernels of another processor.
    unsetenv("OPENBLAS_CORETYPE")
    guard
      let library = dlopen("libopenblas.so.0", RTLD_NOW), let sgemm = dlsym(library, "cblas_sgemm"),
      let setThreads = dlsym(library, "openblas_set_num_threads")
    else { return nil }
    unsafeBitCast(setThreads, to: SetThreads.self)(1)
    self.sgemm = unsafeBitCast(sgemm, to: Multiply.self)
  }

  /// y [N, H] = x [N, D] · w [D, H]
  func multiply(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, rows: Int, inputs: Int, units: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    let (rowMajor, notTransposed): (CInt, CInt) = (101, 111)
    sgemm(
      rowMajor, notTransposed, notTransposed, CInt(rows), CInt(units), CInt(inputs), 1, x, CInt(inputs), w, CInt(units),
      0, y, CInt(units))
  }
}

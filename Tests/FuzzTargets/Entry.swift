import Glibc

/// What libFuzzer calls with each input; `RADIAL_FUZZ_TARGET` names the reader.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  _ = chosen.run(UnsafeRawBufferPointer(start: data, count: size))
  return 0
}

private let chosen: FuzzTarget = {
  let name = getenv("RADIAL_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("RADIAL_FUZZ_TARGET is '\(name)', expected one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

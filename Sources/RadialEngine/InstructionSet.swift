internal import RadialKernels

/// A set of vector instructions that the kernels exist for. All give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable {
  case avx512
  case avx2
  case neon
  /// What every processor of the architecture has.
  case portable

  /// Those of this processor, best first.
  public static let available: [InstructionSet] = allCases.filter { radial_kernels_for($0.kernelName) != nil }

  /// The best of this processor.
  public static let best: InstructionSet = available[0]

  /// The one to use: the best, or the one that an operator forces by name.
  public static func selected(forcing name: String?) throws(EngineError) -> InstructionSet {
    guard let name else { return best }
    guard let set = InstructionSet(rawValue: name) else { throw .unknownInstructionSet(name) }
    guard available.contains(set) else { throw .unavailableInstructionSet(set) }
    return set
  }

  /// Runs independent fused multiply-adds in registers alone, to measure what a core can do at most; returns the
  /// number of floating-point operations. Traps where the set is not available.
  public func spin(rounds: Int) -> Double {
    kernels.pointee.spin(rounds)
  }

  var kernels: UnsafePointer<radial_kernels> {
    guard let kernels = radial_kernels_for(kernelName) else {
      preconditionFailure("the instruction set \(rawValue) is not available on this processor")
    }
    return kernels
  }

  private var kernelName: radial_instruction_set {
    switch self {
    case .avx512: RADIAL_AVX512
    case .avx2: RADIAL_AVX2
    case .neon: RADIAL_NEON
    case .portable: RADIAL_PORTABLE
    }
  }
}

internal import RadialKernels

/// The instruction sets that the kernels are built for. All give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable {
  case avx512, avx2, neon, portable

  /// Those that this processor has, best first.
  public static let available = allCases.filter { rk_kernels_for($0.identifier) != nil }

  /// The first of `available`; there always is `portable`.
  public static let best = available.first ?? .portable

  /// The one that `name` (RADIAL_ISA) forces; `best` without a name.
  public static func selected(forcing name: String?) throws(EngineError) -> InstructionSet {
    guard let name, !name.isEmpty else { return best }
    guard let set = InstructionSet(rawValue: name) else { throw .unknownInstructionSet(name) }
    guard available.contains(set) else { throw .unavailableInstructionSet(name) }
    return set
  }

  private var identifier: rk_instruction_set {
    switch self {
    case .avx512: RK_AVX512
    case .avx2: RK_AVX2
    case .neon: RK_NEON
    case .portable: RK_PORTABLE
    }
  }

  var kernels: rk_kernels {
    guard let kernels = rk_kernels_for(identifier) else { preconditionFailure("\(self) is not available here") }
    return kernels.pointee
  }

  /// Runs fused multiply-adds on registers alone and returns how many floating-point operations that were: the peak that
  /// benchmarks divide by.
  public func runPeak(iterations: Int) -> Double { kernels.peak(iterations) }
}

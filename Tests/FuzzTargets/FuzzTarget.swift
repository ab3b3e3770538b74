import RowFiles

/// A reader of bytes that nobody vouches for, as fuzzers and their corpus see it.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// The JSON core, through its fence.
  case json
  /// A zip archive, as `.keras` files are.
  case zip
  /// An HDF5 file, as `.h5` files and the weights within `.keras` files are.
  case hdf5
  /// A safetensors file with everything that Radial reads of it.
  case safetensors
  /// NumPy's array file, or an archive of those.
  case npy
  /// Rows of text.
  case csv

  /// What became of the bytes.
  public enum Outcome: Equatable, Sendable {
    /// Read to their end.
    case read
    /// Refused; the sentence says why.
    case refused(String)

    /// Of a text whose rows are good or bad one by one: refused as the first bad one is.
    init(firstProblem: String?) { self = firstProblem.map(Outcome.refused) ?? .read }
  }

  /// Reads everything that can be read in `bytes`. It ends the process where the reader breaks a promise; a damaged file is only refused.
  public func run(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    let outcome =
      switch self {
      case .json: JSONTarget.run(bytes)
      case .zip: ZipTarget.run(bytes)
      case .hdf5: HDF5Target.run(bytes)
      case .safetensors: SafetensorsTarget.run(bytes)
      case .npy: RowsTarget.run(bytes, .npy)
      case .csv: RowsTarget.run(bytes, .csv)
      }
    if case .refused(let sentence) = outcome {
      require(sentence.utf8.count > 10, "'\(sentence)' says nothing")
      require(!isShown || sentence.unicodeScalars.allSatisfy(Self.isPrintable), "more than a line: \(sentence)")
    }
    return outcome
  }

  /// Whether a refusal goes to a terminal as it is. The others are escaped, or filtered, by who asks for them.
  private var isShown: Bool {
    switch self {
    case .json, .zip, .hdf5: false
    case .safetensors, .npy, .csv: true
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x20 && !(0x7f..<0xa0).contains(scalar.value)
  }
}

/// Ends the process, in every build and with the words that say why, unless a promise is kept.
func require(_ isKept: Bool, _ broken: @autoclosure () -> String) {
  if !isKept { fatalError(broken()) }
}

import Models

@testable import InferenceAPI

/// A version of a model whose files are a number: another number, other files; nil, none.
struct FakeSource: VersionSource {
  let key: ModelSource.Key
  let fingerprint: Int?

  init(_ name: String, _ version: Int = 1, _ fingerprint: Int?) {
    key = ModelSource.Key(name: name, version: version)
    self.fingerprint = fingerprint
  }
}

extension ModelSource.Key {
  /// `m/2` in tests' tables.
  var short: String { "\(name)/\(version)" }
}

import Models

/// One version of a model as a look at the files finds it: which one, and whether it has changed since another look.
///
/// `ModelSource` in the server; tests of what is loaded when have plain values instead of files.
protocol VersionSource: Sendable, Equatable {
  associatedtype Fingerprint: Sendable, Equatable
  var key: ModelSource.Key { get }
  /// nil: there is no such file, or it cannot be looked at.
  var fingerprint: Fingerprint? { get }
}

extension ModelSource: VersionSource {}

/// What the paths of the command line stand for at one look at the files. Two looks that find the same are equal.
struct SourceSnapshot<Source: VersionSource>: Sendable, Equatable {
  /// The versions that one path stands for, and what is wrong with it.
  struct Place: Sendable, Equatable {
    var sources: [Source] = []
    /// Why the path stands for nothing that can be told; its versions are then those of the look before.
    var complaint: String?
  }

  /// What looking at one path finds.
  typealias Found = Result<[Source], ModelError>

  /// Files, and directories with one model, that were named one by one.
  private(set) var named: [Place]
  /// The directory of models.
  private(set) var directory: Place?
  /// A sentence for each of its files that looks like a model and is none that is looked for.
  var overlooked: [String] = []

  /// A snapshot from before the first look: nothing is known of any path.
  init(namedPaths: Int, hasDirectory: Bool) {
    named = [Place](repeating: Place(), count: namedPaths)
    directory = hasDirectory ? Place() : nil
  }

  /// Every version, once. A path that was named goes before the directory, an earlier path before a later one.
  var sources: [Source] {
    var seen: Set<ModelSource.Key> = []
    // What is named on the command line goes before what lies in a directory.
    return (named + [directory].compactMap { $0 }).flatMap(\.sources).filter { seen.insert($0.key).inserted }
  }

  /// What is wrong with the paths now.
  var complaints: [String] { (named + [directory].compactMap { $0 }).compactMap(\.complaint) }

  /// The snapshot of the look after this one.
  /// - Parameters:
  ///   - named: what each of the named paths stands for now, in their order.
  ///   - directory: what is in the directory of models now; nil: there is none on the command line.
  ///   - lookAgain: finds out how one version's files are now.
  func following(named: [Found], directory: Found?, lookAgain: (Source) -> Source) -> Self {
    var next = self
    for (index, found) in named.enumerated() {
      var found = found
      // What was named one by one stays served when it vanishes: a volume that is mounted anew, or a file that is
      // replaced in two steps, is away for a moment.
      if case .success(let sources) = found, !sources.contains(where: { $0.fingerprint != nil }),
        !self.named[index].sources.isEmpty
      {
        found = .success(self.named[index].sources.map(lookAgain))
      }
      next.named[index] = self.named[index].following(found, lookAgain: lookAgain)
    }
    next.directory = directory.map { (self.directory ?? Place()).following($0, lookAgain: lookAgain) }
    return next
  }
}

extension SourceSnapshot.Place {
  /// A path that cannot be read says nothing about its versions: it stands for those that it stood for before.
  fileprivate func following(_ found: SourceSnapshot.Found, lookAgain: (Source) -> Source) -> Self {
    switch found {
    case .success(let sources): Self(sources: sources)
    case .failure(let error): Self(sources: sources.map(lookAgain), complaint: "\(error)")
    }
  }
}

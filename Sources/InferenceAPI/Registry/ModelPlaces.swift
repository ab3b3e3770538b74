import Models

/// The paths of the command line at which models are looked for. The only part of the registry that sees the file
/// system.
struct ModelPlaces: Sendable {
  /// Files, and directories with one model, each with the name that its model is given.
  let files: [(path: String, name: String?)]
  /// A directory of models, as `ModelDirectory` describes it.
  let directory: String?

  /// The snapshot that the first look follows.
  var snapshotBeforeFirstLook: SourceSnapshot<ModelSource> {
    SourceSnapshot(namedPaths: files.count, hasDirectory: directory != nil)
  }

  /// Finds out what the paths stand for now: reads directories and looks at files, but reads none.
  /// - Parameter known: what the look before found.
  func look(after known: SourceSnapshot<ModelSource>) -> SourceSnapshot<ModelSource> {
    // What the look before found decides what an unreadable path stands for now.
    var snapshot = known.following(
      named: files.map { file in
        found { () throws(ModelError) in try ModelDirectory.sources(of: file.path, name: file.name) }
      },
      directory: directory.map { path in found { () throws(ModelError) in try ModelDirectory.scan(path) } },
      lookAgain: \.lookedAtAgain)
    snapshot.overlooked = directory.map(ModelDirectory.overlooked) ?? []
    return snapshot
  }

  private func found(_ look: () throws(ModelError) -> [ModelSource]) -> SourceSnapshot<ModelSource>.Found {
    do throws(ModelError) { return .success(try look()) } catch { return .failure(error) }
  }
}

import Testing

@testable import InferenceAPI
@testable import Models

/// What paths stand for from one look to the next, without a file system.
@Suite struct SourceSnapshotTests {
  typealias Snapshot = SourceSnapshot<FakeSource>
  static let unreadable = ModelError(.file, "models", "the models directory cannot be read")

  /// What the files are when they are looked at again one by one.
  static func away(_ source: FakeSource) -> FakeSource { FakeSource(source.key.name, source.key.version, nil) }

  private func first(named: [[FakeSource]] = [], directory: [FakeSource]? = nil) -> Snapshot {
    Snapshot(namedPaths: named.count, hasDirectory: directory != nil)
      .following(named: named.map { .success($0) }, directory: directory.map { .success($0) }, lookAgain: \.self)
  }

  @Test func `two looks that find the same are equal, and two that do not are not`() {
    let before = first(named: [[FakeSource("m", 1, 10)]], directory: [FakeSource("a", 1, 5)])
    func next(_ named: Snapshot.Found, _ directory: Snapshot.Found) -> Snapshot {
      before.following(named: [named], directory: directory, lookAgain: \.self)
    }
    let (m, a) = ([FakeSource("m", 1, 10)], [FakeSource("a", 1, 5)])
    #expect(next(.success(m), .success(a)) == before)
    let others: [(Snapshot.Found, Snapshot.Found)] = [
      (.success([FakeSource("m", 1, 11)]), .success(a)), (.success(m), .success([FakeSource("a", 1, 6)])),
      (.success(m), .success([])), (.success(m), .success(a + [FakeSource("a", 2, 6)])),
      (.success(m), .failure(Self.unreadable)), (.failure(Self.unreadable), .success(a)),
    ]
    for (named, directory) in others { #expect(next(named, directory) != before) }
  }

  @Test func `what was named one by one stays when it vanishes, what was in a directory does not`() {
    let before = first(named: [[FakeSource("m", 1, 10), FakeSource("m", 2, 20)]], directory: [FakeSource("a", 1, 5)])
    for gone: Snapshot.Found in [.success([FakeSource("m", 1, nil)]), .success([]), .failure(Self.unreadable)] {
      let after = before.following(named: [gone], directory: .success([]), lookAgain: Self.away)
      #expect(after.sources == [FakeSource("m", 1, nil), FakeSource("m", 2, nil)])
      // And for as long as it is away.
      #expect(after.following(named: [gone], directory: .success([]), lookAgain: Self.away) == after)
      let back = after.following(
        named: [.success([FakeSource("m", 1, 10)])], directory: .success([]), lookAgain: Self.away)
      #expect(back.sources == [FakeSource("m", 1, 10)] && back.complaints.isEmpty)
    }
  }

  @Test func `a version that goes while another stays is gone`() {
    let before = first(named: [[FakeSource("m", 1, 10), FakeSource("m", 2, 20)]])
    let after = before.following(
      named: [.success([FakeSource("m", 2, 20)])], directory: nil, lookAgain: Self.away)
    #expect(after.sources == [FakeSource("m", 2, 20)])
  }

  @Test func `a directory that cannot be read says nothing about its models, and is complained of`() {
    let before = first(directory: [FakeSource("a", 1, 5)])
    let after = before.following(named: [], directory: .failure(Self.unreadable), lookAgain: \.self)
    #expect(after.sources == before.sources && after.complaints == ["\(Self.unreadable)"])
    let back = after.following(named: [], directory: .success([FakeSource("a", 1, 5)]), lookAgain: \.self)
    #expect(back == before)
  }

  @Test func `a file that is not there at the first look is a version that cannot be loaded`() {
    let found = first(named: [[FakeSource("m", 1, nil)]])
    #expect(found.sources == [FakeSource("m", 1, nil)] && found.complaints.isEmpty)
  }

  @Test func `a version that several paths have is that of the first, a named one before the directory's`() {
    let found = first(
      named: [[FakeSource("m", 1, 10)], [FakeSource("m", 1, 11), FakeSource("n", 1, 12)]],
      directory: [FakeSource("m", 1, 13), FakeSource("m", 2, 14), FakeSource("n", 1, 15)])
    #expect(found.sources == [FakeSource("m", 1, 10), FakeSource("n", 1, 12), FakeSource("m", 2, 14)])
  }
}

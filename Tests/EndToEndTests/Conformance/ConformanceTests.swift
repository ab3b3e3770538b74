import Testing

/// One item of the wire protocols' conformance checklist: an exchange or a few.
struct ConformanceItem: Sendable, CustomTestStringConvertible {
  let number: Int
  let name: String
  let check: @Sendable (Conformance) throws -> Void

  init(_ number: Int, _ name: String, check: @escaping @Sendable (Conformance) throws -> Void) {
    self.number = number
    self.name = name
    self.check = check
  }

  var testDescription: String { "\(number). \(name)" }

  static let table = discovery + inference + binary + tensorFlow + kserve
}

@Suite(.conformanceServer) struct ConformanceTests {
  @Test(arguments: ConformanceItem.table, Transport.allCases)
  func `an item of the checklist holds`(item: ConformanceItem, transport: Transport) throws {
    try item.check(try #require(ConformanceServer.current).over(transport))
  }

  @Test func `the table holds every item once, in order`() {
    #expect(ConformanceItem.table.map(\.number) == Array(1...64))
  }
}

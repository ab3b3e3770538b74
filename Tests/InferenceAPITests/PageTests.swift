import Testing

@testable import InferenceAPI

@Suite struct PageTests {
  static let accepts: [(String, Bool)] = [
    ("text/html", true), ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true), ("*/*", false),
    ("application/json", false), ("application/json, text/html", false), ("application/json;q=0.5,text/html", true),
    ("text/html;q=0", false), ("TEXT/HTML", true), ("text/html;q=0.4, application/json;q=0.5", false), ("", false),
  ]

  @Test(arguments: accepts) func `only who prefers HTML gets the page`(accept: String, isPreferred: Bool) {
    #expect(Page.isPreferred(accept: accept) == isPreferred)
  }

  @Test func `the page is small, and its lines can be read`() throws {
    let page = String(decoding: PackageResources.page_html, as: UTF8.self)
    #expect(page.utf8.count <= 40_000)
    #expect(page.split(separator: "\n").allSatisfy { $0.count <= 300 })
  }
}

import Foundation
import HTTPServer
import Testing

@testable import InferenceAPI

@Suite struct OpenAPITests {
  static func example(_ path: String) -> String {
    [("{model}", "m"), ("{version}", "3"), ("{label}", "stable")].reduce(path) {
      $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
  }

  @Test func `every documented operation is a route that takes its method alone`() throws {
    for operation in OpenAPIDocument.operations {
      let route = try #require(Route(path: Self.example(operation.path)), "\(operation.path)")
      #expect(route.allows(operation.method == .post ? .post : .get), "\(operation.path)")
      #expect(!route.allows(operation.method == .post ? .get : .post), "\(operation.path)")
    }
  }

  @Test func `every route is documented`() {
    let documented = Set(OpenAPIDocument.operations.compactMap { Route(path: Self.example($0.path))?.label })
    #expect(documented == Set(RouteLabel.allCases).subtracting([.unknown, .refused]))
    // And every way to name a model, of every route that names one.
    let paths = Set(OpenAPIDocument.operations.map(\.path))
    for (path, route) in RouteTests.routes where route != nil && path.contains(/\/models\/(m|stats\/)/) {
      let template = path.replacing(/models\/(m|stats)(?=[\/:]|$)/, with: "models/{model}")
        .replacing("versions/3", with: "versions/{version}").replacing("labels/l", with: "labels/{label}")
      if !paths.contains(template) { Issue.record("\(path) is not documented as \(template)") }
    }
  }

  @Test func `the document is JSON whose references lead somewhere and whose operations have names of their own`()
    throws
  {
    let text = OpenAPIDocument.json(version: "1.2.3")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["openapi"] as? String == "3.1.0")
    #expect((document["info"] as? [String: Any])?["version"] as? String == "1.2.3")
    for reference in text.matches(of: /"\$ref": ?"#\/([^"]*)"/) {
      let found = reference.1.split(separator: "/").reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
      #expect(found != nil, "\(reference.1)")
    }
    let names = OpenAPIDocument.operations.map(\.id)
    #expect(Set(names).count == names.count)
  }
}

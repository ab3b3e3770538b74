import Foundation
import HTTPServer
import Testing

@testable import InferenceAPI

@Suite struct OpenAPITests {
  /// A path of a template.
  static func example(_ template: String) -> String {
    [("{model}", "m"), ("{version}", "3"), ("{label}", "stable")].reduce(template) {
      $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
  }

  private static func document() throws -> [String: Any] {
    let text = OpenAPI.document(version: "1.2.3")
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// `get /models`, of every operation that the document has.
  private static func documented() throws -> [String: [String: Any]] {
    let paths = try #require(document()["paths"] as? [String: [String: [String: Any]]])
    let operations = paths.flatMap { path, operations in operations.map { ("\($0.key) \(path)", $0.value) } }
    return Dictionary(uniqueKeysWithValues: operations)
  }

  @Test func `every form of every endpoint is documented`() throws {
    let documented = Set(try Self.documented().keys)
    for endpoint in EndpointTable.all {
      for template in endpoint.templates {
        #expect(documented.contains("\(endpoint.method) \(template.text)"), "\(endpoint.method) \(template.text)")
      }
    }
  }

  @Test func `every documented operation is an endpoint's, of its method alone, and is refused or not as it says`()
    throws
  {
    for (operation, description) in try Self.documented() {
      let parts = operation.split(separator: " ").map(String.init)
      let endpoint = try #require(EndpointTable.route(Self.example(parts[1]))?.endpoint, "\(operation)")
      #expect(endpoint.method.rawValue == parts[0], "\(operation)")
      #expect(endpoint.method.includes(.post) != endpoint.method.includes(.get), "\(operation)")
      // A slash behind a path is documented once: /v2/, which KServe's clients ask for.
      let text = parts[1] == "/v2/" ? "/v2" : parts[1]
      #expect(endpoint.templates.contains { $0.text == text }, "\(operation)")
      let responses = try #require(description["responses"] as? [String: Any], "\(operation)")
      #expect(endpoint.isRefused == (responses["200"] == nil), "\(operation)")
    }
  }

  @Test func `the document is JSON whose references lead somewhere and whose operations have names of their own`()
    throws
  {
    let document = try Self.document()
    #expect(document["openapi"] as? String == "3.1.0")
    #expect((document["info"] as? [String: Any])?["version"] as? String == "1.2.3")
    let references = OpenAPI.document(version: "1").matches(of: /"\$ref": ?"#\/([^"]*)"/)
    #expect(references.count > 500)
    for reference in references {
      let found = reference.1.split(separator: "/").reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
      #expect(found != nil, "\(reference.1)")
    }
    let names = try Self.documented().values.map { try #require($0["operationId"] as? String) }
    #expect(Set(names).count == names.count)
  }

  @Test func `the version is written as JSON has it`() {
    #expect(OpenAPI.document(version: #"1"2"#).contains(#""version": "1\"2""#))
  }
}

import Foundation
import Testing

/// The page of the model file: its example is written by Python and served.
@Suite struct ModelFormatPageTests {
  @Test func `the file that the page writes by hand is served with the answers that the page shows`() throws {
    let blocks = try Page("ModelFormat").blocks
    let program = try #require(blocks.last { $0.language == "python" }).text
    let console = try #require(blocks.last { $0.language == "console" }).text
    let expected = try #require(blocks.last { $0.language == "json" }).text
    let body = try #require(console.firstMatch(of: /-d '([^']+)' localhost:8080\/predict/)?.output.1)
    let name = try #require(program.firstMatch(of: /open\("([^"]+)"/)?.output.1)
    #expect(console.contains("$ radial serve \(name)\n"))

    let runner = try OfflineRunner()
    let script = try runner.file("make.py", program)
    let made = try OfflineRunner.shell("cd \(runner.folder.path) && python3 \(script)", [])
    #expect(made.status == 0, "\(made.error)")
    let path = runner.folder.appendingPathComponent(String(name)).path
    let server = try RunningServer(["--model", path], model: nil)
    let answer = try Client(port: server.port).exchange("POST", "/predict", String(body))
    #expect(answer.status == 200)
    let shown = try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? NSDictionary
    #expect(shown == answer.json as NSDictionary, "\(answer.body)")
    let inspected = try RunningServer.run(["inspect", path])
    #expect(inspected.output.contains("Self-test: passed, 3 rows"), "\(inspected)")
  }
}

import Foundation
import Testing

/// What KServe and Kubernetes expect of a container.
@Suite struct ContainerTests {
  /// A folder with copies of the example model under these paths; removed afterwards.
  static func withFolder(_ files: [String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mounted-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for file in files {
      let target = folder.appendingPathComponent(file)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: RunningServer.weights("example.safetensors"), toPath: target.path)
    }
    try body(folder.path)
  }

  static func keys(_ server: RunningServer) throws -> [String] {
    let answer = try Client(port: server.port).exchange("GET", "/models")
    return (answer.json["models"] as? [[String: Any]] ?? []).map { "\($0["name"] ?? "") \($0["version"] ?? "")" }
  }

  @Test func `a directory stands for the model in it, under the name that was given`() throws {
    try Self.withFolder(["whatever.safetensors", "README.md"]) { folder in
      // As KServe's own runtimes spell them.
      let server = try RunningServer(["--model_dir=\(folder)", "--model_name=m"], model: nil)
      #expect(try Self.keys(server) == ["m 1"])
      #expect(try Client(port: server.port).exchange("GET", "/v2/models/m/ready").status == 200)
      #expect(try Self.keys(RunningServer(["--model", folder], model: nil)) == ["whatever 1"])
      let service = ["INFERENCE_SERVICE_NAME": "service"]
      #expect(try Self.keys(RunningServer(["--model", folder], model: nil, environment: service)) == ["service 1"])
      #expect(try Self.keys(RunningServer(["--model", "\(folder)=n"], model: nil, environment: service)) == ["n 1"])
      let variables = ["RADIAL_MODEL": folder, "RADIAL_MODEL_NAME": "v"]
      #expect(try Self.keys(RunningServer([], model: nil, environment: variables)) == ["v 1"])
    }
  }

  @Test func `a directory of versions stands for all of them, and a new one is taken in`() throws {
    try Self.withFolder(["2/model.safetensors", "10/model.safetensors", "3.tmp/model.safetensors"]) { folder in
      let server = try RunningServer(
        ["--model", folder, "--model-name", "m", "--models-scan-interval", "0.05"], model: nil)
      #expect(try Self.keys(server) == ["m 2", "m 10"])
      try FileManager.default.moveItem(atPath: folder + "/3.tmp", toPath: folder + "/3")
      var found: [String] = []
      // Bounded: each round is a request.
      for _ in 0..<5_000 where found.count < 3 { found = try Self.keys(server) }
      #expect(found == ["m 2", "m 3", "m 10"])
      // What vanishes as a whole, in one step, stays served.
      try FileManager.default.moveItem(atPath: folder, toPath: folder + "-gone")
      defer { try? FileManager.default.removeItem(atPath: folder + "-gone") }
      for _ in 0..<500 { #expect(try Self.keys(server).count == 3) }
    }
  }

  @Test func `what a directory leaves open is refused with a sentence`() throws {
    try Self.withFolder(["a.safetensors", "b.safetensors"]) { folder in
      let several = try RunningServer.run(["serve", "--port", "0", "--model", folder])
      #expect(several.status == 2 && several.error.contains("found a.safetensors, b.safetensors"))
      let named = try RunningServer.run(
        ["serve", "--model", folder + "/a.safetensors", "--model", folder + "/b.safetensors", "--model-name", "m"])
      #expect(named.status == 2 && named.error.contains("found 2"))
    }
    try Self.withFolder(["x/README.md"]) { folder in
      let none = try RunningServer.run(["serve", "--port", "0", "--model", folder])
      #expect(none.status == 2 && none.error.contains("found none"))
    }
  }

  @Test func `the variable that Kubernetes sets for a service of our name is not ours`() throws {
    // A flag that is wrong ends the process with a list of the variables that it used.
    let environment = ["RADIAL_PORT": "tcp://10.0.0.1:80", "RADIAL_THREADS": "zero"]
    let found = try RunningServer.run(["serve"], environment: environment)
    #expect(found.status == 2 && found.error.contains("RADIAL_THREADS") && !found.error.contains("RADIAL_PORT"))
  }
}

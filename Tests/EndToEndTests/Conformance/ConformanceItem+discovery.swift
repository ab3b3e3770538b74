import Foundation
import Testing

extension ConformanceItem {
  static let discovery: [ConformanceItem] = [
    ConformanceItem(1, "the server is live") { radial in
      let answer = try radial.get("/v2/health/live")
      answer.expectJSON()
      #expect(answer.canonical == #"{"live":true}"#)
      // Load balancers like HEAD.
      let head = try radial.connect().exchange("HEAD", "/v2/health/live")
      #expect(head.status == 200 && head.bytes.isEmpty, head.excerpt)
    },
    ConformanceItem(2, "the server is ready") { radial in
      let answer = try radial.get("/v2/health/ready")
      answer.expectJSON()
      #expect(answer.canonical == #"{"live":true,"ready":true}"#)
    },
    ConformanceItem(3, "the model is ready, also by its version") { radial in
      for path in ["/v2/models/m/ready", "/v2/models/m/versions/1/ready"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        #expect(answer.canonical == #"{"name":"m","ready":true}"#, "\(path)")
      }
    },
    ConformanceItem(4, "an unknown model's readiness is 404") { radial in
      try radial.get("/v2/models/nope/ready").expectError(404)
      try radial.get("/v2/models/m/versions/9/ready").expectError(404)
    },
    ConformanceItem(5, "server metadata, with and without the trailing slash") { radial in
      for path in ["/v2", "/v2/"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        #expect(answer.json["name"] as? String == "radial", answer.excerpt)
        #expect((answer.json["version"] as? String)?.isEmpty == false, answer.excerpt)
        let extensions = try #require(answer.json["extensions"] as? [String], answer.excerpt)
        #expect(
          extensions.sorted() == [
            "binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters",
            "statistics",
          ])
      }
    },
    ConformanceItem(6, "model metadata has the batch dimension, its versions and a platform") { radial in
      for path in ["/v2/models/m", "/v2/models/m/versions/1"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        let platform = try #require(answer.json["platform"] as? String, answer.excerpt)
        #expect(
          answer.canonical == """
            {"inputs":[{"datatype":"FP32","name":"x","shape":[-1,784]}],"name":"m","outputs":[\
            {"datatype":"FP32","name":"scores","shape":[-1,10]},\
            {"datatype":"FP32","name":"distances","shape":[-1,10]}],"platform":"\(platform)","versions":["1"]}
            """)
      }
    },
    ConformanceItem(7, "unknown and malformed versions are 404") { radial in
      try radial.get("/v2/models/m/versions/9").expectError(404)
      try radial.get("/v2/models/m/versions/abc").expectError(404)
      try radial.get("/v2/models/nope").expectError(404)
    },
    ConformanceItem(8, "the model's configuration has dims without the batch dimension, and numbers") { radial in
      for path in ["/v2/models/m/config", "/v2/models/m/versions/1/config"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        let config = answer.json
        #expect(config["name"] as? String == "m" && config["platform"] is String, answer.excerpt)
        #expect(config["max_batch_size"] as? Int == 8, answer.excerpt)
        #expect(!(config["max_batch_size"] is String))
        #expect(
          Client.Answer.canonical(config["input"]) == """
            [{"allow_ragged_batch":false,"data_type":"TYPE_FP32","dims":[784],"format":"FORMAT_NONE",\
            "is_shape_tensor":false,"name":"x","optional":false}]
            """)
        let output = #""data_type":"TYPE_FP32","dims":[10],"is_shape_tensor":false,"label_filename":"","name""#
        #expect(Client.Answer.canonical(config["output"]) == "[{\(output):\"scores\"},{\(output):\"distances\"}]")
        #expect(Client.Answer.canonical(config["version_policy"]) == #"{"latest":{"num_versions":1}}"#)
        #expect(config["dynamic_batching"] is [String: Any], answer.excerpt)
        // Each would switch perf_analyzer to another mode.
        for absent in ["sequence_batching", "ensemble_scheduling", "model_transaction_policy", "response_cache"] {
          #expect(config[absent] == nil, "\(absent)")
        }
      }
    },
    ConformanceItem(9, "statistics have eight durations of integers, and equal compute counts") { radial in
      for path in ["/v2/models/m/stats", "/v2/models/m/versions/1/stats"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        let statistics = try ModelStatistics(answer)
        #expect(statistics.entry["name"] as? String == "m" && statistics.entry["version"] as? String == "1")
        #expect(statistics.durations.keys.sorted() == ModelStatistics.durationNames.sorted(), answer.excerpt)
        #expect(statistics.hasEqualComputeCounts, answer.excerpt)
        #expect(statistics.durations["cache_hit"] == .init(count: 0, ns: 0), answer.excerpt)
        #expect(statistics.durations["cache_miss"] == .init(count: 0, ns: 0), answer.excerpt)
        #expect(statistics.entry["response_stats"] is [String: Any], answer.excerpt)
        #expect(statistics.entry["memory_usage"] is [Any], answer.excerpt)
        // Integers as text, too: neither fractions, nor exponents, nor strings.
        #expect(answer.body.matches(of: /"(?:count|ns)": *([0-9]+) *[,}]/).count >= 16, answer.excerpt)
      }
      for unknown in ["/v2/models/nope/stats", "/v2/models/m/versions/9/stats"] {
        let answer = try radial.get(unknown)
        // 400 in Triton, 404 for every other question about an unknown model.
        answer.expectError(answer.status == 400 ? 400 : 404, unknown)
      }
    },
    ConformanceItem(10, "statistics of all models list m") { radial in
      let answer = try radial.get("/v2/models/stats")
      answer.expectJSON()
      let list = try #require(answer.json["model_stats"] as? [[String: Any]], answer.excerpt)
      #expect(list.map { $0["name"] as? String } == ["m"], answer.excerpt)
    },
    ConformanceItem(11, "a batch of three counts as one request and three rows, before its answer is read") { shared in
      // Its own server: the others' requests would be counted, too.
      let radial = try Conformance(over: shared.transport)
      let client = try radial.connect()
      func statistics() throws -> ModelStatistics { try ModelStatistics(client.exchange("GET", "/v2/models/m/stats")) }
      let before = try statistics()
      let start = Date()
      let request = radial.jsonRequest(0..<3)
      #expect(try client.exchange("POST", Conformance.infer, request.json).status == 200)
      let after = try statistics()
      for name in ["success", "queue", "compute_input", "compute_infer", "compute_output"] {
        #expect(after.count(name) == before.count(name) + 1, "\(name): \(after.entry)")
      }
      #expect(after.inferenceCount == before.inferenceCount + 3, "\(after.entry)")
      #expect(after.executionCount == before.executionCount + 1, "\(after.entry)")
      #expect(after.count("fail") == before.count("fail"), "\(after.entry)")
      func nanoseconds(_ name: String) throws -> Int { try after.duration(name).ns - (try before.duration(name).ns) }
      // The sum of the parts: what is left of success is the overhead, which cannot be negative.
      let parts = ["queue", "compute_input", "compute_infer", "compute_output"]
      #expect(try nanoseconds("success") >= parts.map(nanoseconds).reduce(0, +), "\(after.entry)")
      #expect(try nanoseconds("compute_infer") > 0, "\(after.entry)")
      let last = try #require(after.entry["last_inference"] as? Int)
      let range = Int(start.timeIntervalSince1970 * 1000)...Int((Date().timeIntervalSince1970 * 1000).rounded(.up))
      #expect(range.contains(last), "milliseconds since 1970")
      #expect(after.batchCounts == [3: 1], "\(after.entry)")

      #expect(try client.exchange("POST", Conformance.infer, "{}").status == 400)
      let failed = try statistics()
      #expect(failed.count("fail") == after.count("fail") + 1, "\(failed.entry)")
      #expect(failed.count("success") == after.count("success"), "\(failed.entry)")
    },
    ConformanceItem(12, "the repository's index is an array, with and without a body") { radial in
      for body in ["", "{}", #"{"ready":true}"#] {
        let answer = try radial.post("/v2/repository/index", body)
        answer.expectJSON()
        #expect(answer.canonical == #"[{"name":"m","state":"READY","version":"1"}]"#, "\(body)")
      }
      let answer = try radial.get("/v2/repository/index")
      answer.expectError(405)
      #expect(answer.headers["allow"] == "POST", answer.excerpt)
    },
    ConformanceItem(13, "unloading is not allowed unless asked for") { radial in
      for body in ["", "{}", #"{"parameters":{"unload_dependents":false}}"#] {
        try radial.post("/v2/repository/models/m/unload", body).expectError(503)
      }
      #expect(try radial.get("/v2/models/m/ready").status == 200)
    },
    ConformanceItem(14, "a wrong method is 405, an unknown path 404") { radial in
      for path in ["/v2/models/m/infer", "/v2/models/m/versions/1/infer"] {
        let answer = try radial.get(path)
        answer.expectError(405)
        #expect(answer.headers["allow"] == "POST", answer.excerpt)
      }
      let post = try radial.post("/v2/health/live")
      post.expectError(405)
      #expect(post.headers["allow"]?.contains("GET") == true, post.excerpt)
      for path in ["/v2/nothing", "/v2/models/m/nothing", "/v2/models//ready", "/v2/trace/setting", "/v3"] {
        try radial.get(path).expectError(404, path)
      }
    },
  ]
}

// swift-tools-version: 6.3
import PackageDescription

// Dependencies, each a choice:
// - swift-argument-parser: the command line; the standard one, with generated help. Imports FoundationEssentials alone.
// - swift-log: the logging façade that Swift servers share; no Foundation.
// - libmicrohttpd (system): HTTP/1.1. Every fact of it that we rely on is quoted in Sources/HTTPServer.
// - simdjson (system): JSON in; the fastest parser that validates everything it reads.
// - zlib (system): gzip and deflate request bodies, gzip files of rows, deflated members of .keras files.
// - GnuTLS (system): what libmicrohttpd speaks TLS with; called for what it leaves to its users: certificates that change, clients'
//   certificates, answers past it.
// - nettle (system): SHA-256 of model files. libmicrohttpd already brings it along through GnuTLS.
// - the kernel (COpenat2): openat2, by which the data beside an ONNX file cannot lead out of its folder.
// Protocol buffers are read by our own 150 lines: of onnx.proto nine messages are needed, and weights stay slices of the file.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
  // Tests run with the dynamic exclusivity checks, the product without: 50 accesses a request, 7 % of its instructions.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
  name: "radial",
  products: [
    .executable(name: "radial", targets: ["radial"]),
    // What scripts/fuzz.sh links libFuzzer's main function to.
    .library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    // The targets, bottom to top. An import may only point to a target above it in this list.
    .target(
      name: "RadialKernels", cSettings: [.treatAllWarnings(as: .error)], linkerSettings: [.linkedLibrary("m")]),
    .target(name: "RadialEngine", dependencies: ["RadialKernels"], swiftSettings: strict),
    .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "COpenat2"),
    .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
    .target(name: "DecimalNumber", cxxSettings: [.treatAllWarnings(as: .error)]),
    .target(
      name: "JSONCore", dependencies: ["DecimalNumber"], cxxSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CSVCore", dependencies: ["DecimalNumber"], cxxSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "Bytes", dependencies: ["CZlib"], swiftSettings: strict),
    .target(
      name: "JSON", dependencies: ["JSONCore", "Bytes"],
      swiftSettings: strict + [
        // Pieces of a text cannot outlive the call that gave them.
        .enableExperimentalFeature("Lifetimes")
      ]),
    .target(name: "FileFormats", dependencies: ["Bytes"], swiftSettings: strict),
    .target(
      name: "Models", dependencies: ["RadialEngine", "FileFormats", "Bytes", "CNettle", "COpenat2"],
      swiftSettings: strict),
    .target(
      name: "Predictions", dependencies: ["Models", "RadialEngine", "JSON", "Bytes"], swiftSettings: strict),
    .target(name: "Batching", dependencies: ["RadialEngine", "Bytes"], swiftSettings: strict),
    .target(
      name: "RowFiles", dependencies: ["JSON", "CSVCore", "FileFormats", "Bytes"], swiftSettings: strict),
    .target(
      name: "OfflineScoring", dependencies: ["Predictions", "Models", "RowFiles", "RadialEngine", "JSON", "Bytes"],
      swiftSettings: strict),
    .target(
      name: "Evaluation", dependencies: ["OfflineScoring", "Models", "RowFiles", "RadialEngine", "Bytes"],
      swiftSettings: strict),
    .target(
      name: "HTTPServer",
      dependencies: ["Bytes", "CMicroHTTPD", "CGnuTLS", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .target(
      name: "InferenceAPI",
      dependencies: [
        "HTTPServer", "Batching", "Predictions", "Models", "RadialEngine", "JSON", "Bytes", "CMalloc",
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.embedInCode("Resources/openapi.json"), .embedInCode("Resources/page.html")],
      swiftSettings: strict),
    .executableTarget(
      name: "radial",
      dependencies: [
        "InferenceAPI", "HTTPServer", "OfflineScoring", "Evaluation", "Predictions", "Models", "RadialEngine",
        "RowFiles", "Bytes",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .executableTarget(name: "radial-bench", dependencies: ["Models", "RadialEngine", "Bytes"], swiftSettings: strict),

    // What several targets' tests share.
    .target(
      name: "TestSupport",
      dependencies: ["HTTPServer", "Bytes", "CGnuTLS", .product(name: "Logging", package: "swift-log")],
      path: "Tests/TestSupport", swiftSettings: strict),
    // The readers as scripts/fuzz.sh drives them.
    .target(
      name: "FuzzTargets", dependencies: ["JSON", "FileFormats", "Models", "RadialEngine", "RowFiles"],
      path: "Tests/FuzzTargets",
      swiftSettings: strict),
    .testTarget(
      name: "FuzzTargetsTests", dependencies: ["FuzzTargets", "TestSupport"], resources: [.copy("Corpus")],
      swiftSettings: strict),
    .testTarget(
      name: "RadialEngineTests", dependencies: ["RadialEngine", "RadialKernels", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "BytesTests", dependencies: ["Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "RadialEngine", "FileFormats", "TestSupport"],
      exclude: ["make_kernels.py"], resources: [.copy("Golden"), .copy("Kernels"), .copy("Keras"), .copy("ONNX")],
      swiftSettings: strict),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation", "Models", "RadialEngine", "TestSupport"],
      exclude: ["make_linear.py", "make_reference.py"], resources: [.copy("Data")], swiftSettings: strict),
    .testTarget(
      name: "FileFormatsTests", dependencies: ["FileFormats", "TestSupport"], resources: [.copy("Data")],
      swiftSettings: strict),
    .testTarget(
      name: "BatchingTests", dependencies: ["Batching", "RadialEngine", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RowFilesTests", dependencies: ["RowFiles", "CZlib", "TestSupport"], exclude: ["make_rows.py"],
      resources: [.copy("Data")], swiftSettings: strict),
    .testTarget(
      name: "HTTPServerTests", dependencies: ["HTTPServer", "CMicroHTTPD", "Bytes", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "InferenceAPITests",
      dependencies: [
        "InferenceAPI", "HTTPServer", "Predictions", "Batching", "Bytes", "JSON", "Models", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "radial", "InferenceAPI", "HTTPServer", "RadialEngine", "FileFormats", "Bytes", "CZlib", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.copy("Data")],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

// The Dockerfile says so, which builds of the sources alone. A checkout without its tests is an error.
if Context.environment["RADIAL_WITHOUT_TESTS"] != nil {
  package.products.removeAll { $0.name == "FuzzTargets" }
  package.targets.removeAll { $0.type == .test || $0.path?.hasPrefix("Tests/") == true }
}

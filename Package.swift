// swift-tools-version: 6.2
import PackageDescription

/// One floor of the house per group; a target imports only what stands below it (see Decant.docc/Architecture).
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// The command line holds the Swift runtime in itself, for it starts in half the time and runs where no Swift is; addresses in it are
/// packed.
let startsFast = [
  "-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims", "-use-ld=lld", "-Xlinker", "-z", "-Xlinker",
  "pack-relative-relocs", "-Xlinker", "--gc-sections",
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func system(_ name: String, pkgConfig: String?, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
  name: "Decant",
  products: [
    .library(name: "Decant", targets: ["Decant"]),
    .executable(name: "decant", targets: ["DecantCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Floor 0: C.
    system("CProtobufC", pkgConfig: "libprotobuf-c", apt: "libprotobuf-c-dev"),
    system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    system("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    .target(name: "CSchemas", dependencies: ["CProtobufC"]),
    .target(name: "CKernels"),
    .target(name: "COneDNN"),
    .target(name: "CImages"),

    // Floor 1: bytes.
    library("DecantBytes", ["CKernels", "CCrypto"]),
    library("DecantWire", ["DecantBytes", "CProtobufC"]),

    // Floor 2: the IR.
    library("DecantIR", ["DecantBytes"]),

    // Floor 3: what operators mean.
    library("DecantOps", ["DecantIR", "DecantBytes", "CImages", "CKernels"]),

    // Floor 4: what is done with graphs and files.
    library("DecantPasses", ["DecantOps", "DecantIR", "DecantBytes"]),
    library("DecantForms", ["DecantOps", "DecantIR", "DecantBytes", "CKernels"]),
    library("DecantRuntime", ["DecantOps", "DecantIR", "DecantBytes", "CKernels"]),
    library("DecantONNX", ["DecantOps", "DecantIR", "DecantWire", "DecantBytes", "CSchemas", "CProtobufC"]),
    library("DecantNumPy", ["DecantIR", "DecantBytes", "CZlib"]),
    library("DecantBundle", ["DecantIR", "DecantWire", "DecantBytes", "CZstd", "CKernels", "CSchemas", "CProtobufC"]),

    // Floor 5: compression, and the fast backends.
    library(
      "DecantCompression",
      ["DecantForms", "DecantPasses", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes", "CKernels"]),
    library(
      "DecantEngine",
      ["DecantForms", "DecantPasses", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes", "CKernels"]),
    library("DecantOneDNN", ["DecantRuntime", "DecantOps", "DecantIR", "DecantBytes", "CKernels", "COneDNN"]),

    // Floor 6: the façade.
    library(
      "Decant",
      [
        "DecantCompression", "DecantEngine", "DecantOneDNN", "DecantForms", "DecantPasses", "DecantRuntime",
        "DecantONNX", "DecantNumPy", "DecantBundle", "DecantOps", "DecantIR", "DecantBytes",
      ]),

    // Floor 7: the command line.
    .executableTarget(
      name: "DecantCLI", dependencies: ["Decant", argumentParser], swiftSettings: settings,
      linkerSettings: [.unsafeFlags(startsFast, .when(platforms: [.linux], configuration: .release))]),
    .executableTarget(
      name: "DecantBench", dependencies: ["Decant", "DecantBundle", "DecantIR", argumentParser], exclude: ["Runtime"],
      swiftSettings: settings),

    // ONNX's own backend suite, in process.
    .executableTarget(
      name: "Conformance", dependencies: ["Decant", "DecantONNX", "DecantOps", "DecantRuntime", argumentParser],
      path: "Tests/Conformance", exclude: ["write_suite.py"], swiftSettings: settings),

    // Tests mirror the sources.
    tests("CKernelsTests", ["CKernels"]),
    tests("DecantBytesTests", ["DecantBytes"]),
    tests("DecantWireTests", ["DecantWire", "DecantBytes", "CSchemas", "CProtobufC"]),
    tests("DecantIRTests", ["DecantIR", "DecantBytes"]),
    tests("DecantOpsTests", ["DecantOps", "DecantIR", "DecantBytes"]),
    tests("DecantPassesTests", ["DecantPasses", "DecantOps", "DecantIR", "DecantBytes"]),
    tests("DecantFormsTests", ["DecantForms", "DecantOps", "DecantIR"]),
    tests("DecantRuntimeTests", ["DecantRuntime", "DecantOps", "DecantIR", "DecantBytes"]),
    tests("DecantONNXTests", ["DecantONNX", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes", "DecantWire"]),
    tests("DecantNumPyTests", ["DecantNumPy", "DecantIR", "DecantBytes"]),
    tests("DecantBundleTests", ["DecantBundle", "DecantIR", "DecantBytes", "CZstd"]),
    tests(
      "DecantCompressionTests",
      [
        "DecantCompression", "DecantForms", "DecantPasses", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes",
      ]),
    tests(
      "DecantEngineTests", ["DecantEngine", "DecantOneDNN", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes"]),
    tests("DecantOneDNNTests", ["DecantOneDNN", "DecantRuntime", "DecantOps", "DecantIR", "DecantBytes"]),
  ]
)

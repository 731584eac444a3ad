// swift-tools-version: 6.2
import PackageDescription

/// One set of compiler settings for every module; the reasons stand beside each.
let strict: [SwiftSetting] = [
    // SE-0335: existentials are spelled out.
    .enableUpcomingFeature("ExistentialAny"),
    // SE-0409: an import is internal unless it says otherwise.
    .enableUpcomingFeature("InternalImportsByDefault"),
    // SE-0444: a member is visible only where its module is imported.
    .enableUpcomingFeature("MemberImportVisibility"),
    // SE-0461: nonisolated async functions run on their caller's actor.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // SE-0470: conformances take the isolation of their type.
    .enableUpcomingFeature("InferIsolatedConformances"),
    // SE-0481: `weak let`.
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    // SE-0458: unsafe code is marked where it stands.
    .strictMemorySafety(),
    // SE-0443: a warning stops the build; a deprecation is only shown.
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let atomics: Target.Dependency = .product(name: "Atomics", package: "swift-atomics")

let package = Package(
    name: "lapwing",
    products: [
        .executable(name: "lapwing", targets: ["lapwing"]),
        .library(name: "SPIFFE", targets: ["SPIFFE"]),
        .library(name: "Authorization", targets: ["Authorization"]),
        .library(name: "AuditLog", targets: ["AuditLog"]),
        .library(name: "Monitoring", targets: ["Monitoring"]),
        .library(name: "ModelTrust", targets: ["ModelTrust"]),
        .library(name: "WorkloadIdentity", targets: ["WorkloadIdentity"]),
        .library(name: "Guardrails", targets: ["Guardrails"]),
        .library(name: "DataAccess", targets: ["DataAccess"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // System calls that Swift's Glibc module does not import.
        .target(name: "CLinux"),
        // SHA-256 of two messages at once is OpenSSL's; only the static library of Debian's libssl-dev has it.
        .target(name: "CSHA256", linkerSettings: [.linkedLibrary(":libcrypto.a")]),

        // What models are compressed with, from Debian's zlib1g-dev, libbz2-dev and liblzma-dev.
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CLzma", providers: [.apt(["liblzma-dev"])]),

        // The vocabulary.
        .target(name: "ZeroTrust", dependencies: [httpTypes]),
        .testTarget(name: "ZeroTrustTests", dependencies: ["ZeroTrust"]),
        // Expressions whose time is that of the text, whatever it is.
        .target(name: "RegularExpressions"),
        .testTarget(name: "RegularExpressionsTests", dependencies: ["RegularExpressions"]),
        .target(name: "Resources", dependencies: ["ZeroTrust", .product(name: "Yams", package: "Yams")]),
        .testTarget(name: "ResourcesTests", dependencies: ["Resources"]),

        // The wire.
        .target(name: "WireProtos", dependencies: [protobuf], exclude: ["protos"]),
        .target(
            name: "RPC",
            dependencies: [
                "CLinux", "WireProtos", protobuf, logging, .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ] + nio
        ),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "RPC", "WireProtos", protobuf, logging, .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ] + nio,
            exclude: ["Peers"]
        ),

        // The path of a request: identity, transport, policy, record, gateway.
        .target(name: "SPIFFE", dependencies: ["ZeroTrust", x509, crypto, cryptoExtras, asn1]),
        .testTarget(
            name: "SPIFFETests",
            dependencies: ["ZeroTrust", "SPIFFE", "TestIdentities", x509, crypto, cryptoExtras, asn1]
        ),
        .target(
            name: "WorkloadIdentity",
            dependencies: [
                "CLinux", "SPIFFE", "Resources", "RPC", "WireProtos", protobuf, x509, crypto, cryptoExtras, asn1,
                logging,
            ] + nio
        ),
        .testTarget(
            name: "WorkloadIdentityTests",
            dependencies: [
                "WorkloadIdentity", "SPIFFE", "Resources", "RPC", "WireProtos", "Storage", "TestIdentities", protobuf,
                x509,
                crypto, asn1, logging,
            ] + nio
        ),
        .target(
            name: "MutualTLS",
            dependencies: [
                "ZeroTrust", "SPIFFE", x509, crypto, asn1, nioSSL, logging, atomics,
                .product(name: "NIOTLS", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "MutualTLSTests",
            dependencies: [
                "MutualTLS", "ZeroTrust", "SPIFFE", "TestIdentities", x509, crypto, asn1, nioSSL,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + nio
        ),
        .target(name: "Authorization", dependencies: ["SPIFFE", "Resources", atomics, crypto]),
        .testTarget(
            name: "AuthorizationTests",
            dependencies: [
                "CAllocationCounter", "Authorization", "SPIFFE", "Resources", "ZeroTrust", x509, crypto, cryptoExtras,
            ]
        ),
        // The keys of token issuers, which are fetched outside the stage that verifies with them.
        .target(
            name: "IssuerKeys",
            dependencies: [
                "ZeroTrust", "Resources", "SPIFFE", "Authorization", nioSSL, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "IssuerKeysTests",
            dependencies: [
                "IssuerKeys", "ZeroTrust", "SPIFFE", "Authorization", "Resources", "TestIdentities", crypto, nioSSL,
                logging,
            ]
        ),
        // Clouds that take a JWT-SVID in the place of a key.
        .target(
            name: "CloudIdentity",
            dependencies: [
                "CLinux", "ZeroTrust", "Resources", "SPIFFE", "RPC", "WorkloadIdentity", nioSSL, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "CloudIdentityTests",
            dependencies: [
                "CloudIdentity", "ZeroTrust", "Resources", "SPIFFE", "RPC", "WorkloadIdentity", "TestIdentities",
                logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        // The bundles of other trust domains, and ours to them.
        .target(
            name: "Federation",
            dependencies: [
                "ZeroTrust", "SPIFFE", "WorkloadIdentity", nioSSL, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "FederationTests",
            dependencies: [
                "Federation", "ZeroTrust", "Resources", "SPIFFE", "RPC", "WireProtos", "WorkloadIdentity", "Storage",
                "TestIdentities", x509, crypto, asn1, nioSSL, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        // Which pod a local process is in, and which one shows a token.
        .target(
            name: "Kubernetes",
            dependencies: [
                "Resources", "SPIFFE", "WorkloadIdentity", crypto, nioSSL, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "KubernetesTests",
            dependencies: ["Kubernetes", "Resources", "SPIFFE", "WorkloadIdentity", logging]
        ),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .target(name: "AuditLog", dependencies: ["CLinux", "CSHA256", "ZeroTrust", crypto]),
        .testTarget(
            name: "AuditLogTests",
            dependencies: ["AuditLog", "ZeroTrust", "audit-crash-writer", crypto],
            exclude: ["Peers"]
        ),
        // Writes a log until it is killed.
        .executableTarget(
            name: "audit-crash-writer",
            dependencies: ["AuditLog"],
            path: "Tests/Support/audit-crash-writer"
        ),
        // What `Benchmarks/audit/run` measures the record's cost to a request with.
        .executableTarget(
            name: "audit-cost",
            dependencies: [
                "AuditLog", "Authorization", "Gateway", "MutualTLS", "Resources", "SPIFFE", "TestIdentities",
                "ZeroTrust",
                logging,
            ] + nio,
            path: "Tests/Support/audit-cost"
        ),
        // What `Benchmarks/identity/run` measures the identity layer with.
        .executableTarget(
            name: "identity-figures",
            dependencies: ["RPC", "SPIFFE", "Storage", "WireProtos", "WorkloadIdentity", "ZeroTrust", logging],
            path: "Tests/Support/identity-figures"
        ),
        // What is unusual in the records, and why.
        .target(name: "Monitoring", dependencies: ["ZeroTrust", "Resources", "RegularExpressions"]),
        .testTarget(name: "MonitoringTests", dependencies: ["Monitoring", "ZeroTrust", "Resources"]),
        .target(
            name: "Gateway",
            dependencies: [
                "CLinux", "ZeroTrust", "Resources", "SPIFFE", "MutualTLS", "Authorization", "Guardrails", "AuditLog",
                "RPC", "WireProtos", protobuf, httpTypes, crypto, nioSSL, logging, atomics,
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ] + nio
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "CLinux", "ZeroTrust", "Resources", "MutualTLS", "Authorization", "Guardrails", "AuditLog",
                "SPIFFE", "RPC", "WireProtos",
                "TestIdentities", protobuf,
                x509, crypto, nioSSL, logging,
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ] + nio,
            exclude: ["Peers"]
        ),

        // What goes in and what comes out. Vectorscan is Debian's libvectorscan-dev.
        .systemLibrary(name: "CVectorscan", providers: [.apt(["libvectorscan-dev"])]),
        // The tables that `Training/` makes are read by the C compiler, which embeds a file at once.
        .target(name: "CGuardrailData", exclude: ["injection.bin", "names.bin", "unicode.bin"]),
        .target(
            name: "Guardrails",
            dependencies: [
                "CGuardrailData", "CVectorscan", "CZlib", "ZeroTrust", "Resources", "RegularExpressions", crypto,
            ]
        ),
        .testTarget(
            name: "GuardrailsTests",
            dependencies: ["Guardrails", "ZeroTrust", "Resources", "RegularExpressions", crypto]
        ),
        // Makes `injection.bin` out of the corpus: see Training/README.md.
        .executableTarget(
            name: "guardrail-training",
            dependencies: ["Guardrails"],
            path: "Training",
            exclude: ["README.md", "unicode_tables.py", "names.py"],
            sources: ["Sources"]
        ),

        // The artifacts.
        .target(
            name: "ModelTrust",
            dependencies: [
                "CBLAKE2", "CBLAKE3", "CSHA256", "CLinux", "CZlib", "CBzip2", "CLzma", "ZeroTrust", "SPIFFE",
                "Resources", x509, crypto, cryptoExtras, asn1, .product(name: "Yams", package: "Yams"),
            ]
        ),
        .testTarget(
            name: "ModelTrustTests",
            dependencies: [
                "CBLAKE3", "CZlib", "ModelTrust", "TestIdentities", "SPIFFE", "Resources", "ZeroTrust",
                "confinement-probe", x509, crypto, asn1,
            ]
        ),
        // Tries what a confined process may not do.
        .executableTarget(name: "confinement-probe", dependencies: ["CLinux"], path: "Tests/Support/confinement-probe"),
        // BLAKE2b is Debian's libb2; BLAKE3, of which there is no library, is written here.
        .systemLibrary(name: "CBLAKE2", providers: [.apt(["libb2-dev"])]),
        .target(name: "CBLAKE3"),

        .target(
            name: "Registry",
            dependencies: [
                "CLinux", "ZeroTrust", "SPIFFE", "Resources", "RPC", "ModelTrust", crypto, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),
        .testTarget(
            name: "RegistryTests",
            dependencies: [
                "Registry", "Storage", "ZeroTrust", "Resources", "ModelTrust", crypto, logging,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio
        ),

        // What the stages keep.
        .target(
            name: "Storage",
            dependencies: [
                "AuditLog", "ZeroTrust", "WorkloadIdentity", "Registry", .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "AuditLog", "WorkloadIdentity", "Registry", "ZeroTrust",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),

        // Data opened only for its purpose: the estate, its enforcement, and the proof.
        .target(name: "DataAccess", dependencies: ["ZeroTrust", "Resources", crypto]),
        .testTarget(name: "DataAccessTests", dependencies: ["DataAccess", "ZeroTrust", "Resources"]),

        // PostgreSQL, through Debian's libpq: headers from libpq-dev, the library when it is first wanted.
        .target(name: "CPostgres"),
        .target(name: "PostgreSQLClient", dependencies: ["CPostgres"]),
        .testTarget(
            name: "PostgreSQLTests",
            dependencies: [
                "DataAccess", "PostgreSQLClient", "Resources", "ZeroTrust", "SPIFFE", "TestIdentities",
                "TestPostgreSQL",
                "WorkloadIdentity", "Storage", x509, asn1, logging,
            ]
        ),
        // A PostgreSQL server of a test's own.
        .target(
            name: "TestPostgreSQL",
            dependencies: ["PostgreSQLClient", "SPIFFE", "ZeroTrust", "TestIdentities", x509, asn1],
            path: "Tests/TestPostgreSQL"
        ),

        // The web page of a node: HTML and SVG out of plain values.
        .target(name: "Console", dependencies: ["ZeroTrust"]),
        .testTarget(name: "ConsoleTests", dependencies: ["Console", "ZeroTrust"]),

        // The program.
        .executableTarget(
            name: "lapwing",
            dependencies: [
                "CLinux", "ZeroTrust", "Resources", "SPIFFE", "WorkloadIdentity", "MutualTLS", "Authorization",
                "AuditLog", "ModelTrust", "Registry", "Storage", "RPC", "WireProtos", "IssuerKeys", "CloudIdentity",
                "Federation", "Kubernetes", "Gateway", "Guardrails", "DataAccess", "PostgreSQLClient", "Monitoring",
                "Console", x509, crypto, logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            resources: [.embedInCode("Demo/Resources/model.safetensors")],
            // A quarter of a million relative relocations, packed into 40 KB: 4 MB less to read at each start (DT_RELR,
            // glibc 2.36). Of the linkers that are there, LLD writes them. Nothing looks symbols up in a program: 86,000
            // that it would export cost time at each start, of the dynamic linker and of the first `dladdr`.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
                        "-Xlinker", "--no-export-dynamic",
                    ],
                    .when(platforms: [.linux], configuration: .release)
                )
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "lapwing", "ZeroTrust", "Resources", "SPIFFE", "MutualTLS", "Authorization", "AuditLog", "Gateway",
                "WorkloadIdentity", "RPC", "DataAccess", "Monitoring", "PostgreSQLClient", "TestPostgreSQL", "Console",
                "TestIdentities", "Federation", "Registry", "Storage", "WireProtos", crypto, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            exclude: ["Peers"]
        ),

        // Certificates, good and bad, that the tests of several modules present.
        .target(
            name: "TestIdentities",
            dependencies: ["ZeroTrust", "SPIFFE", x509, crypto, asn1, nioSSL] + nio,
            path: "Tests/TestIdentities"
        ),

        // The outside suites.
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "ZeroTrust", "SPIFFE", "TestIdentities", "Authorization", "Resources", "AuditLog", "Guardrails",
                "ModelTrust", "DataAccess", "Monitoring", x509, crypto, asn1,
            ]
        ),
    ]
)

let writtenInC: Set = ["CLinux", "CAllocationCounter", "CBLAKE3", "CGuardrailData", "CPostgres"]
for target in package.targets where target.type != .system && !writtenInC.contains(target.name) {
    // Generated code is exempt from the last three settings.
    target.swiftSettings = target.name == "WireProtos" ? Array(strict.prefix(6)) : strict
}

// Searches over automata and proofs take ten times as long without optimization, so that `make` asks for it in builds for
// development too. It is not there unless asked for: SwiftPM takes no package with such a flag as a dependency.
if Context.environment["LAPWING_OPTIMIZE_SEARCHES"] == "1" {
    for target in package.targets where ["Authorization", "DataAccess"].contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
    }
}

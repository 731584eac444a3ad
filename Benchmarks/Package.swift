// swift-tools-version: 6.2
import PackageDescription

/// The settings of the modules that are measured: the scanner's sources are compiled here as they are there.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

let package = Package(
    name: "lapwing-benchmarks",
    dependencies: [
        .package(name: "lapwing", path: ".."),
    ],
    targets: [
        // `HTTP1` in it is a link to the gateway's scanner, which no other package can import.
        .executableTarget(
            name: "microbenchmarks",
            dependencies: [
                .product(name: "AuditLog", package: "lapwing"),
                .product(name: "Authorization", package: "lapwing"),
            ],
            path: "Sources/Microbenchmarks",
            swiftSettings: strict
        ),
        // What `guardrails/run` measures Lapwing with.
        .executableTarget(
            name: "guardrailfilters",
            dependencies: [.product(name: "Guardrails", package: "lapwing")],
            path: "Sources/GuardrailFilters",
            swiftSettings: strict
        ),
        // How much goes through the detectors, and what it takes to remember it.
        .executableTarget(
            name: "monitorrate",
            dependencies: [.product(name: "Monitoring", package: "lapwing")],
            path: "Sources/MonitorRate",
            swiftSettings: strict
        ),
        // What `audit/run` measures the log with.
        .executableTarget(
            name: "auditfigures",
            dependencies: [.product(name: "AuditLog", package: "lapwing")],
            path: "Sources/AuditFigures",
            swiftSettings: strict
        ),
        // What `policy/run` measures Lapwing with.
        .executableTarget(
            name: "policydecisions",
            dependencies: [
                .product(name: "AuditLog", package: "lapwing"),
                .product(name: "Authorization", package: "lapwing"),
            ],
            path: "Sources/PolicyDecisions",
            swiftSettings: strict
        ),
    ]
)

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
        .package(name: "lapwing", path: "..")
    ],
    targets: [
        // `HTTP1` in it is a link to the gateway's scanner, which no other package can import.
        .executableTarget(
            name: "microbenchmarks",
            dependencies: [
                .product(name: "Authorization", package: "lapwing"),
            ],
            path: "Sources/Microbenchmarks",
            swiftSettings: strict
        )
    ]
)

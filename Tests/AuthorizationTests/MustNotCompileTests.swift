import Foundation
import Testing

/// What the design says cannot be written does not compile.
@Suite struct MustNotCompileTests {
    struct Snippet: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let source: String
        /// What the compiler must say, or nil where the snippet must compile.
        let message: String?
    }

    static let snippets = [
        Snippet(
            testDescription: "a permit from the engine is used once",
            source: """
                func forward(_ peer: Peer, _ exchange: Exchange, _ engine: PolicyEngine) {
                    switch engine.authorize(peer, exchange) {
                    case .allow(let permit): use(permit)
                    case .deny(let denial): print(denial.reason)
                    case .ask(let question): print(question.provider)
                    }
                }
                func use(_ permit: consuming Permit) { permit.redeem() }
                """,
            message: nil
        ),
        Snippet(
            testDescription: "a permit is forged",
            source: """
                func forge(_ peer: Peer, _ exchange: Exchange, _ decision: Decision) -> Permit {
                    Permit(peer: peer, requestID: exchange.id, decision: decision)
                }
                """,
            message: "'Permit' initializer is inaccessible due to 'fileprivate' protection level"
        ),
        Snippet(
            testDescription: "a permit is used twice",
            source: """
                func forward(_ permit: consuming Permit) {
                    permit.redeem()
                    permit.redeem()
                }
                """,
            message: "'permit' consumed more than once"
        ),
        Snippet(
            testDescription: "a permit is copied",
            source: """
                func keep(_ permit: borrowing Permit) -> [Permit] { [permit] }
                """,
            message: "Permit"
        ),
        Snippet(
            testDescription: "a permit is used after a decision without one",
            source: """
                func forward(_ attributes: Attributes, _ engine: PolicyEngine) -> Permit { engine.evaluate(attributes) }
                """,
            message: "cannot convert return expression of type 'Decision' to return type 'Permit'"
        ),
        Snippet(
            testDescription: "what a token proves is forged",
            source: """
                func forge(_ claims: TokenClaims) -> RequestIdentity { RequestIdentity(claims) }
                """,
            message: "'RequestIdentity' initializer is inaccessible due to 'fileprivate' protection level"
        ),
        Snippet(
            testDescription: "a provider's answer alone is a permit",
            source: """
                func forward(_ question: ExternalQuestion) -> Permit { question.answered(.allow(.init())) }
                """,
            message: "cannot convert return expression of type 'ExternalAnswer' to return type 'Permit'"
        ),
        Snippet(
            testDescription: "a peer is forged",
            source: """
                func forge(_ id: SPIFFEID) -> Peer { Peer(id: id, serialNumber: "", fingerprint: "", notAfter: .now) }
                """,
            message: "'Peer' initializer is inaccessible due to 'fileprivate' protection level"
        ),
    ]

    @Test(arguments: snippets)
    func `the compiler holds the promise`(_ snippet: Snippet) throws {
        let output = try Self.typecheck(snippet.source)
        if let message = snippet.message {
            #expect(output.text.contains(message), "expected \(message), the compiler says:\n\(output.text)")
            #expect(output.status != 0)
        } else {
            #expect(output.status == 0, "the compiler says:\n\(output.text)")
        }
    }

    /// Compiles a snippet against the modules that this test was built from.
    private static func typecheck(_ source: String) throws -> (status: Int32, text: String) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("snippet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("snippet.swift")
        let imports = ["Authorization", "SPIFFE", "ZeroTrust", "Foundation"].map { "import \($0)\n" }.joined()
        try Data((imports + source + "\n").utf8).write(to: file)

        let build = try buildFolder()
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Consumption is checked after type checking, where the intermediate language is made.
        compiler.arguments =
            ["swiftc", "-emit-sil", "-o", "/dev/null", "-module-name", "Snippet", "-swift-version", "6"]
            + ["-I", build.appendingPathComponent("Modules").path] + moduleMaps(build) + [file.path]
        let pipe = Pipe()
        compiler.standardOutput = pipe
        compiler.standardError = pipe
        try compiler.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        compiler.waitUntilExit()
        return (compiler.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// The folder that holds the products of the build that this test belongs to.
    private static func buildFolder() throws -> URL {
        let candidates = CommandLine.arguments + ["/proc/self/exe"]
        for candidate in candidates {
            var url = URL(fileURLWithPath: candidate).resolvingSymlinksInPath()
            while url.path != "/" {
                url.deleteLastPathComponent()
                let modules = url.appendingPathComponent("Modules/Authorization.swiftmodule")
                if FileManager.default.fileExists(atPath: modules.path) { return url }
            }
        }
        throw FixtureError(description: "the built modules were not found beside the test")
    }

    /// The module maps of the C modules that ours need: those of the packages, and those that the build made.
    private static func moduleMaps(_ build: URL) -> [String] {
        let checkouts = build.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("checkouts")
        let packages = ["Yams", "swift-crypto", "swift-atomics", "swift-nio-ssl"]
        var maps = packages.flatMap { package in
            contents(checkouts.appendingPathComponent("\(package)/Sources")).map {
                $0.appendingPathComponent("include/module.modulemap")
            }
        }
        maps += contents(build).filter { $0.pathExtension == "build" }.map {
            $0.appendingPathComponent("module.modulemap")
        }
        return maps.filter { FileManager.default.fileExists(atPath: $0.path) }.flatMap {
            ["-Xcc", "-fmodule-map-file=\($0.path)"]
        }
    }

    private static func contents(_ folder: URL) -> [URL] {
        (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    }
}

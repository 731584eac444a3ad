import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// The analysis and a real Envoy, which carries the exported policies, agree on each of many requests: first those that the
/// analysis names as witnesses of what is allowed and of what is denied, then random ones.
///
/// Envoy is not among the test peers: `scripts/check-reach-with-envoy` runs this with one, and `LAPWING_SCALE` makes it
/// longer; 80 makes more than a hundred thousand random requests.
@Suite(.enabled(if: RealEnvoy.isAvailable, "Envoy is not installed (scripts/setup-test-peers)")) struct ReachEnvoyTests
{
    private static let scale = max(1, Int(RealEnvoy.environment["LAPWING_SCALE"] ?? "") ?? 1)
    private static let policySets = 24
    private static let requestsEach = 120
    /// How many of the requests share a connection, and with it caller, addresses, port and server name.
    private static let requestsPerConnection = 4

    private struct Setting: Sendable, CustomTestStringConvertible {
        let number: Int
        let callers: Reachability.Options.Callers
        let normalization: PathNormalization
        var testDescription: String { "\(callers) \(normalization)" }
    }

    private static let settings = [
        Setting(number: 0, callers: .anyone, normalization: .base),
        Setting(number: 1, callers: .named, normalization: .none),
        Setting(number: 2, callers: .spiffe, normalization: .mergeSlashes),
        Setting(number: 3, callers: .anyone, normalization: .decodeAndMergeSlashes),
    ]

    /// What the peer prints at its end.
    private struct Count: Decodable {
        let agree, differ, leftOut: Int
    }

    @Test(.timeLimit(.minutes(60)), arguments: settings)
    private func `what the analysis calls allowed, a real Envoy allows, and nothing else`(_ setting: Setting) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cases = folder.appending(path: "cases")
        let sampled = try Self.write(setting, to: cases)
        let (status, output) = try RealEnvoy.put(cases.path)
        print("policy reach in Envoy, \(setting.testDescription):\n\(output)", terminator: "")
        let last = try #require(output.split(separator: "\n").last)
        let count = try JSONDecoder().decode(Count.self, from: Data(last.utf8))
        #expect(status == 0 && count.differ == 0, "\(output)")
        #expect(count.agree > sampled / 2, "most requests can be said to an Envoy")
    }

    /// Writes the cases of a setting; returns how many requests there are.
    private static func write(_ setting: Setting, to file: URL) throws -> Int {
        var lines = ["{\"normalization\": \"\(setting.normalization.rawValue)\"}"]
        var sampled = 0
        for index in 0..<(policySets * scale / settings.count) {
            var random = RandomPolicies(
                seed: UInt64(1_000_000_007 * (setting.number + 1) + index),
                callers: setting.callers
            )
            let documents = try ResourceLoader.parse(yaml: random.policies(), file: "random.yaml")
            let policies = try PolicySet.load(documents, checks: .dataPlane).policies
            let trustDomains = index % 3 == 0 ? ["cluster.local", "td2"] : []
            let engine = try PolicyEngine(
                applying: policies,
                options: PolicyEngine.Options(compatibility: .istio, trustDomains: trustDomains)
            )
            let reach = try Reachability(
                engine,
                options: Reachability.Options(
                    callers: setting.callers,
                    normalization: setting.normalization,
                    limits: ReachLimits(states: 20_000, regions: 3_000)
                )
            )
            guard let witnesses = try witnesses(reach) else { continue }
            let export = EnvoyExport(trustDomains: trustDomains).export(policies, compatibility: .istio)
            lines.append("{\"filters\": \(try compact(export.values))}")
            for witness in witnesses { lines.append(try line(witness, reach, kind: "witnesses")) }
            var group: Attributes?
            for number in 0..<requestsEach {
                guard var request = try random.request(setting.normalization, .istio) else { continue }
                if number % requestsPerConnection == 0 { group = nil }
                if let group { request.takeConnection(of: group) } else { group = request }
                lines.append(try line(request, reach, kind: "samples"))
                sampled += 1
            }
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return sampled
    }

    /// A request of each region of what is allowed and of what is denied, or nil where they are too many.
    private static func witnesses(_ reach: Reachability) throws -> [Attributes]? {
        do {
            let allowed = try reach.allowedRegions().map(\.region)
            var requests: [Attributes] = []
            for region in allowed {
                let witness = try reach.space.witness(region, like: reach.options.template)
                requests.append(try #require(witness).attributes)
            }
            let denied = try? reach.space.difference([.all], allowed)
            for region in try (denied ?? []).prefix(200).flatMap({ try reach.space.possible($0) }) {
                let witness = try reach.space.witness(region, like: reach.options.template)
                requests.append(try #require(witness).attributes)
            }
            return requests
        } catch let error as ReachError {
            guard error.code == .tooLarge else { throw error }
            return nil
        }
    }

    private static func compact(_ filters: [ExportValue]) throws -> String {
        let objects = try filters.map { try JSONSerialization.jsonObject(with: Data($0.json.utf8)) }
        return String(decoding: try JSONSerialization.data(withJSONObject: objects), as: UTF8.self)
    }

    /// A request as a line for the peer, with what the analysis says of it.
    private static func line(_ request: Attributes, _ reach: Reachability, kind: String) throws -> String {
        var request = request
        // A caller without identity comes without TLS, and so without a server name.
        if request.caller.name == nil { request.serverName = nil }
        if let token = request.token, !token.hasTextAudience {
            // Envoy takes a token whose audience is no text for no token.
            request.token = TokenClaims(token.members.filter { $0.key != "aud" }, spaceDelimited: [])
        }
        if request.destination.address.family != request.source.family {
            let address = request.source.family == .v4 ? IPAddress(v4: 0x0a09_0909) : IPAddress(v6: 0xfd << 120 | 9)
            request.destination = Exchange.Endpoint(address: address, port: request.destination.port)
        }
        let isAllowed: Bool? = try reach.allows(request)
        var object: [String: Any] = [
            "kind": kind, "method": request.method, "path": request.path, "authority": request.authority,
            "headers": request.headers.map { [$0.name, $0.value] }, "source": request.source.description,
            "remote": request.remote.description, "destination": request.destination.address.description,
            "port": Int(request.destination.port), "allowed": try #require(isAllowed as Bool?),
        ]
        object["caller"] = request.caller.name
        object["serverName"] = request.serverName
        object["token"] = try request.token.map { try $0.members.mapValues { try $0.json } }
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }
}

extension Attributes {
    /// Comes over the connection of another request.
    fileprivate mutating func takeConnection(of other: Attributes) {
        caller = other.caller
        source = other.source
        destination = other.destination
        serverName = other.serverName
    }
}

extension TokenClaims {
    /// Whether the audience is a text, a list of texts, or not there.
    fileprivate var hasTextAudience: Bool {
        switch audience {
        case nil, .text: true
        case .list(let elements): elements.allSatisfy { $0.text != nil }
        default: false
        }
    }
}

extension TokenClaims.Claim {
    /// The claim as JSON.
    fileprivate var json: Any {
        get throws {
            switch self {
            case .text(let text): text
            case .list(let elements): try elements.map { try $0.json }
            case .members(let members): try members.mapValues { try $0.json }
            case .other(let text):
                try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            }
        }
    }
}

/// The Envoy that requests are put to, where there is one.
enum RealEnvoy {
    static let environment = ProcessInfo.processInfo.environment
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let peers = URL(fileURLWithPath: environment["LAPWING_PEERS"] ?? root.appending(path: ".venv").path)

    /// The binary, or nil where there is none.
    static let binary: String? = {
        let folders = [peers, root.appending(path: "Benchmarks/proxy/.venv")]
        let candidates =
            [environment["LAPWING_ENVOY"]].compactMap { $0 } + folders.map { $0.appending(path: "bin/envoy").path }
        let found = candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
        return found
    }()

    /// Whether there is one; in CI there must be.
    static let isAvailable: Bool = {
        if binary != nil || environment["CI"] == "true" { return true }
        print("policy reach in Envoy: skipped, there is no Envoy (scripts/setup-test-peers)")
        return false
    }()

    /// Puts the requests of a file to it.
    static func put(_ cases: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments =
            (geteuid() == 0 ? [] : ["--map-root-user"])
            + [
                "--net", peers.appending(path: "bin/python").path,
                root.appending(path: "Tests/Peers/reach_in_envoy.py").path, binary ?? "", cases,
            ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}

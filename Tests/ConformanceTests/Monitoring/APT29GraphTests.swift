import Foundation
import Monitoring
import Testing

/// The network of an exercise in which APT29 was played: with all edges declared but those to the attacker's hosts, M1 finds
/// exactly those.
@Suite struct APT29GraphTests {
    /// The hosts that the exercise's plan gives to the attackers lie in this network.
    private static let attackers = "192.168.0."

    @Test func `undeclared edges are those of the attackers, and nothing else is`() throws {
        guard let folder = MonitoringCorpus.folder("otrf-apt29-zeek") else { return }
        var report = SuiteReport(name: "apt29-graph")
        for file in MonitoringCorpus.files(in: folder, ending: ".log") {
            let observations = try Self.observations(in: file)
            let edges = Set(observations.map { Edge($0) })
            let hostile = edges.filter { $0.callee.hasPrefix(Self.attackers) || $0.caller.hasPrefix(Self.attackers) }
            let declared = EdgeSet(
                edges.subtracting(hostile).map { .init(caller: $0.caller, callee: $0.callee, verbs: [$0.verbClass]) },
                name: file.lastPathComponent
            )
            var settings = MonitorSettings()
            settings.disabled = Set(FindingType.allCases).subtracting([.undeclaredEdge])
            var monitor = Monitor(settings: settings, declared: declared)
            for observation in observations { monitor.observe(observation) }
            let found = Set(
                monitor.findings.findings.map { finding in
                    hostile.first { $0.caller == finding.subject && $0.callee == finding.object }
                }
            )
            for edge in hostile {
                if found.contains(edge) { report.passed() } else { report.failed("\(edge) was not found") }
            }
            for edge in edges.subtracting(hostile) {
                let isFound = monitor.findings.findings.contains {
                    $0.subject == edge.caller && $0.object == edge.callee
                }
                if isFound { report.failed("\(edge) is declared and was found") } else { report.passed() }
            }
            print(
                "apt29-graph \(file.lastPathComponent): \(hostile.count) of \(edges.count) edges are the attackers', "
                    + "\(monitor.findings.findings.count) findings, \(observations.count) flows"
            )
            #expect(monitor.findings.findings.count == hostile.count)
        }
        report.finish()
    }

    private static func observations(in file: URL) throws -> [Observation] {
        var observations: [Observation] = []
        for (index, line) in Array(try Data(contentsOf: file)).split(separator: UInt8(ascii: "\n")).enumerated() {
            if let seen = try LogParser.observation(in: line, of: .flow, record: UInt64(index)) {
                observations.append(seen)
            }
        }
        return observations
    }
}

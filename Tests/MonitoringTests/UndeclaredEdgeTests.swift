import Monitoring
import Testing

@Suite struct UndeclaredEdgeTests {
    private static let caller = "spiffe://cluster.local/ns/ml-api/sa/api-gateway"

    @Test func `an edge that nothing declares is a finding with the record that shows it`() throws {
        let declared = EdgeSet([.init(caller: Self.caller, callee: "10.0.0.9:443")], name: "policies")
        var monitor = monitor(for: [.undeclaredEdge], declared: declared)
        monitor.observe(seen(0, at: 0, gateway, "10.0.0.9:443", source: .flow))
        monitor.observe(seen(1, at: second, gateway, "10.0.0.10:5432", source: .flow))
        monitor.observe(seen(2, at: 2 * second, gateway, "10.0.0.10:5432", source: .flow))
        let finding = try #require(monitor.findings.findings.first)
        #expect(monitor.findings.findings.count == 1)
        #expect(finding.id == "M1-flow-1")
        #expect(finding.subject == Self.caller && finding.object == "10.0.0.10:5432")
        #expect(finding.severity == .high)
        #expect(finding.records.first?.ranges == [1...2])
        #expect(finding.recordCount == 2)
        #expect(!finding.attack.isEmpty && !finding.atlas.isEmpty)
    }

    @Test func `a way out to the internet is critical, and one that was refused is less`() {
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet([], name: "nothing"))
        monitor.observe(seen(0, at: 0, gateway, "203.0.113.9:443", source: .flow, marks: [.leaves]))
        monitor.observe(seen(1, at: 1, gateway, "203.0.113.8:443", source: .flow, decision: .deny, marks: [.leaves]))
        monitor.observe(seen(2, at: 2, gateway, "10.0.0.1:22", source: .flow, decision: .deny))
        #expect(monitor.findings.findings.map(\.severity) == [.critical, .high, .medium])
    }

    @Test func `what our policies allowed is declared, and what they refused for want of a rule is not`() {
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet([], name: "nothing"))
        monitor.observe(seen(0, at: 0))
        #expect(monitor.findings.findings.isEmpty)
        // Refused for another reason, such as a limit of its rate.
        monitor.observe(seen(1, at: 1, decision: .deny))
        #expect(monitor.findings.findings.isEmpty)
        monitor.observe(seen(2, at: 2, decision: .deny, marks: [.undeclared]))
        #expect(monitor.findings.findings.map(\.id) == ["M1-2"])
    }

    @Test func `somebody who tries thousands of places has a bounded number of findings`() throws {
        var monitor = monitor(for: [.undeclaredEdge])
        for record in 0..<5_000 {
            monitor.observe(
                seen(
                    UInt64(record),
                    at: Int64(record),
                    gateway,
                    "host-\(record):443",
                    decision: .deny,
                    marks: [.undeclared, .leaves]
                )
            )
        }
        #expect(monitor.findings.findings.count == 257)
        let last = try #require(monitor.findings.findings.last)
        #expect(last.cause.contains("goes on") && last.recordCount == 5_000 - 256)
    }

    /// Policies and traffic made at random: whatever one of the declarations allows is never told of, and whatever none
    /// allows always is.
    @Test(arguments: 0..<40) func `there is no false alarm and none is missed`(seed: Int) {
        var numbers = SeededNumbers(UInt64(seed))
        let namespaces = (0..<4).map { "ns\($0)" }
        func name(_ isPattern: Bool) -> String {
            let namespace = namespaces.randomElement(using: &numbers) ?? ""
            switch isPattern ? Int.random(in: 0..<4, using: &numbers) : 3 {
            case 0: return "*"
            case 1: return "spiffe://td/ns/\(namespace)/*"
            case 2: return "*/sa/s\(Int.random(in: 0..<3, using: &numbers))"
            default: return "spiffe://td/ns/\(namespace)/sa/s\(Int.random(in: 0..<3, using: &numbers))"
            }
        }
        func fits(_ pattern: String, _ text: String) -> Bool {
            guard let star = pattern.firstIndex(of: "*") else { return pattern == text }
            let tail = pattern[pattern.index(after: star)...]
            return text.hasPrefix(pattern[..<star]) && text.hasSuffix(tail) && text.count >= pattern.count - 1
        }
        let declarations = (0..<Int.random(in: 0..<6, using: &numbers)).map { _ in
            EdgeSet.Declaration(
                caller: name(true),
                callee: name(true),
                verbs: Bool.random(using: &numbers) ? [] : [VerbClass.allCases.randomElement(using: &numbers) ?? .read]
            )
        }
        var monitor = monitor(for: [.undeclaredEdge], declared: EdgeSet(declarations, name: "generated"))
        let verbs = ["GET", "POST", "PUT", "DELETE", "TCP"]
        var expected: Set<Edge> = []
        for record in 0..<400 {
            let observation = seen(
                UInt64(record),
                at: Int64(record) * second,
                name(false),
                name(false),
                verb: verbs.randomElement(using: &numbers) ?? "GET",
                source: .envoy
            )
            monitor.observe(observation)
            let edge = Edge(observation)
            let isDeclared = declarations.contains {
                fits($0.caller, edge.caller) && fits($0.callee, edge.callee)
                    && ($0.verbs.isEmpty || $0.verbs.contains(edge.verbClass))
            }
            if !isDeclared { expected.insert(edge) }
        }
        let found = monitor.findings.findings
        #expect(found.count == expected.count)
        for finding in found {
            #expect(expected.contains { $0.caller == finding.subject && $0.callee == finding.object })
        }
    }
}

import Monitoring
import Testing
import ZeroTrust

@Suite struct FirstSeenTests {
    private static let caller = "spiffe://cluster.local/ns/ml-api/sa/api-gateway"

    /// Two days of one caller on one path.
    private static func learned(_ types: Set<FindingType>) -> Monitor {
        var monitor = monitor(for: types)
        for step in 0..<48 {
            monitor.observe(
                seen(UInt64(step), at: Int64(step) * hour, model: .init(name: "scorer", digest: "sha256:01"))
            )
        }
        return monitor
    }

    @Test func `nothing is told of while a log is learned from, nor what was used before`() {
        let monitor = Self.learned([.firstSeenEdge, .firstModelAccess])
        #expect(monitor.findings.findings.isEmpty)
    }

    @Test func `a path that was never used is a finding, and only once`() throws {
        var monitor = Self.learned([.firstSeenEdge])
        monitor.observe(seen(48, at: 48 * hour, gateway, "ml-training/pipeline"))
        monitor.observe(seen(49, at: 48 * hour + second, gateway, "ml-training/pipeline"))
        let finding = try #require(monitor.findings.findings.first)
        #expect(monitor.findings.findings.count == 1)
        #expect(finding.id == "M2-48" && finding.severity == .medium)
        #expect(finding.recordCount == 1)
        #expect(finding.measure.baseline ?? 1 < 1)
    }

    @Test func `fifty new edges of one roll-out are one finding`() throws {
        var monitor = Self.learned([.firstSeenEdge])
        for index in 0..<50 {
            monitor.observe(
                seen(UInt64(48 + index), at: 48 * hour + Int64(index) * 5 * second, gateway, "shop/service-\(index)")
            )
        }
        #expect(monitor.findings.findings.count == 1)
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.memberCount == 50 && finding.members.count == 50)
        #expect(finding.recordCount == 50)
        #expect(finding.cause.hasPrefix("50 new edges"))
    }

    @Test func `one new service that fifty callers call is one finding, of the service`() throws {
        var monitor = monitor(for: [.firstSeenEdge])
        for index in 0..<50 {
            for step in 0..<2 {
                let caller = "spiffe://cluster.local/ns/n\(index)/sa/a"
                monitor.observe(
                    seen(UInt64(index * 2 + step), at: Int64(index) * second + Int64(step) * 40 * hour, caller)
                )
            }
        }
        let before = monitor.findings.findings.count
        for index in 0..<50 {
            let caller = "spiffe://cluster.local/ns/n\(index)/sa/a"
            monitor.observe(seen(UInt64(200 + index), at: 60 * hour + Int64(index) * second, caller, "shop/new"))
        }
        let new = Array(monitor.findings.findings[before...])
        #expect(new.count == 1)
        #expect(new.first?.memberCount == 50)
        #expect(new.first?.cause == "50 new edges to `shop/new`")
    }

    @Test func `an edge that was not used for a month is new again`() {
        var monitor = Self.learned([.firstSeenEdge])
        monitor.observe(seen(48, at: 2 * day + 31 * day))
        #expect(monitor.findings.findings.map(\.id) == ["M2-48"])
    }

    @Test func `the first access to a model is told apart from a new version of one`() throws {
        var monitor = Self.learned([.firstModelAccess])
        monitor.observe(seen(48, at: 48 * hour, model: .init(name: "scorer", digest: "sha256:02")))
        monitor.observe(seen(49, at: 48 * hour + second, model: .init(name: "chat", digest: "sha256:ff")))
        monitor.observe(seen(50, at: 48 * hour + 2 * second, model: .init(name: "chat", digest: "sha256:ff")))
        let findings = monitor.findings.findings
        #expect(findings.map(\.severity) == [.info, .medium])
        #expect(findings.map(\.subject) == ["scorer", Self.caller])
        #expect(findings.last?.object == "sha256:ff")
    }

    @Test func `a model that others of the namespace use matters less`() {
        var monitor = Self.learned([.firstModelAccess])
        let other = "spiffe://cluster.local/ns/ml-api/sa/reporter"
        monitor.observe(seen(48, at: 48 * hour, other, model: .init(name: "scorer", digest: "sha256:01")))
        #expect(monitor.findings.findings.map(\.severity) == [.low])
        let stranger = "spiffe://cluster.local/ns/shop/sa/cart"
        monitor.observe(seen(49, at: 49 * hour, stranger, model: .init(name: "scorer", digest: "sha256:01")))
        #expect(monitor.findings.findings.map(\.severity) == [.low, .medium])
    }

    @Test func `what was refused is no access`() {
        var monitor = Self.learned([.firstModelAccess, .firstSeenEdge])
        monitor.observe(
            seen(48, at: 48 * hour, gateway, "x", model: .init(name: "chat", digest: "sha256:ff"), decision: .deny)
        )
        #expect(monitor.findings.findings.isEmpty)
    }
}

import Foundation
import Monitoring
import Resources
import Testing
import ZeroTrust

@Suite struct DeliveryTests {
    private static let now = Timestamp(nanoseconds: monday)

    private static func later(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: monday + seconds * second) }

    private static func finding() throws -> Finding {
        var monitor = monitor(for: [.undeclaredEdge])
        monitor.observe(seen(5, at: 0, "spiffe://td/ns/a/sa/<b>\"&\n", "c", decision: .deny, marks: [.undeclared]))
        return try #require(monitor.findings.findings.first)
    }

    @Test func `an alert is tried again with growing pauses, and arrives once`() throws {
        var queue = DeliveryQueue()
        _ = queue.add(route: "a", finding: "M1-1", severity: .medium, body: "{}", at: Self.now)
        let item = try #require(queue.due(at: Self.now).first)
        #expect(queue.finish(item.number, .failed("no answer"), at: Self.now) == nil)
        #expect(queue.due(at: Self.now).isEmpty)
        #expect(queue.due(at: Self.later(1)).count == 1)
        _ = queue.finish(item.number, .failed("no answer"), at: Self.later(1))
        #expect(queue.due(at: Self.later(2)).isEmpty && queue.due(at: Self.later(3)).count == 1)
        _ = queue.finish(item.number, .delivered, at: Self.later(3))
        #expect(queue.items.isEmpty && queue.delivered["a"] == 1)
    }

    @Test func `what is refused, or failed too often, is given up and laid aside`() throws {
        var queue = DeliveryQueue()
        _ = queue.add(route: "a", finding: "M1-1", severity: .medium, body: "{}", at: Self.now)
        let first = try #require(queue.due(at: Self.now).first)
        #expect(queue.finish(first.number, .refused("400"), at: Self.now)?.problem == "400")
        _ = queue.add(route: "a", finding: "M1-2", severity: .medium, body: "{}", at: Self.now)
        var time: Int64 = 0
        var dead: DeliveryQueue.Item?
        while dead == nil, time < 10 * 86_400 {
            for item in queue.due(at: Self.later(time)) {
                dead = queue.finish(item.number, .failed("down"), at: Self.later(time))
            }
            time += 600
        }
        #expect(dead?.finding == "M1-2" && dead?.attempts == DeliveryQueue.maximumAttempts)
        #expect(time > 86_400 && queue.givenUp["a"] == 2)
        #expect(dead?.json.contains(#""problem":"down""#) == true)
    }

    @Test func `one receiver that is down holds up no other, and its own alerts stay in order`() throws {
        var queue = DeliveryQueue()
        for number in 1...3 {
            _ = queue.add(route: "down", finding: "M1-\(number)", severity: .medium, body: "{}", at: Self.now)
            _ = queue.add(route: "up", finding: "M1-\(number)", severity: .medium, body: "{}", at: Self.now)
        }
        for _ in 0..<3 {
            for item in queue.due(at: Self.now) {
                _ = queue.finish(item.number, item.route == "up" ? .delivered : .failed("down"), at: Self.now)
            }
        }
        #expect(queue.delivered == ["up": 3])
        #expect(queue.items.map(\.finding) == ["M1-1", "M1-2", "M1-3"])
        #expect(queue.due(at: Self.later(10)).map(\.finding) == ["M1-1"])
    }

    @Test func `what matters least is given up first, and a route that is down fills no other's room`() {
        var queue = DeliveryQueue()
        _ = queue.add(route: "up", finding: "M2-0", severity: .info, body: "", at: Self.now)
        _ = queue.add(route: "down", finding: "M8-0", severity: .critical, body: "", at: Self.now)
        var gone: [DeliveryQueue.Item] = []
        for number in 0..<(DeliveryQueue.maximumItems + 5) {
            gone += queue.add(route: "down", finding: "M2-\(number)", severity: .low, body: "", at: Self.now)
        }
        #expect(gone.map(\.finding) == (0..<6).map { "M2-\($0)" })
        #expect(queue.items.contains { $0.route == "up" } && queue.items.contains { $0.finding == "M8-0" })
    }

    @Test func `what is on its way goes out once, and is neither replaced nor given up meanwhile`() throws {
        var queue = DeliveryQueue()
        _ = queue.add(route: "a", finding: "M1-0", severity: .info, body: "old", at: Self.now)
        let item = try #require(queue.begin(at: Self.now).first)
        #expect(queue.begin(at: Self.later(100)).isEmpty && queue.due(at: Self.later(100)).isEmpty)
        _ = queue.add(route: "a", finding: "M1-0", severity: .info, body: "new", at: Self.now)
        #expect(queue.items.map(\.body) == ["old", "new"])
        var gone: [String] = []
        for number in 1...DeliveryQueue.maximumItems {
            gone += queue.add(route: "a", finding: "M1-\(number)", severity: .low, body: "", at: Self.now).map(\.body)
        }
        #expect(gone.first == "new" && !gone.contains("old") && queue.items.first?.number == item.number)
        // Whoever takes the list up after a crash sends it again.
        var copy = try DeliveryQueue(encoded: queue.encoded())
        #expect(copy.begin(at: Self.now).first?.number == item.number)
        _ = queue.finish(item.number, .delivered, at: Self.now)
        #expect(queue.delivered["a"] == 1 && queue.begin(at: Self.now).first?.finding == "M1-2")
    }

    @Test func `too many alerts give up the oldest`() {
        var queue = DeliveryQueue()
        var gone: [DeliveryQueue.Item] = []
        for number in 0..<(DeliveryQueue.maximumItems + 2) {
            gone += queue.add(route: "a", finding: "M1-\(number)", severity: .medium, body: "", at: Self.now)
        }
        #expect(gone.map(\.finding) == ["M1-0", "M1-1"])
    }

    @Test func `Alertmanager is told that an alert goes on, of which severity, and when it is over`() throws {
        var monitor = monitor(for: [.undeclaredEdge])
        monitor.observe(seen(5, at: 0, "spiffe://td/ns/a/sa/b", "c", decision: .deny, marks: [.undeclared]))
        /// Of each severity, whether its alert goes on after a day.
        func alerts() throws -> [String: Bool] {
            let finding = try #require(monitor.findings.findings.first)
            let body = AlertPayload.alertmanager(finding, node: "n")
            let all = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]])
            return try all.reduce(into: [:]) { result, alert in
                let labels = try #require(alert["labels"] as? [String: String])
                let end = try #require((alert["endsAt"] as? String).flatMap { Timestamp($0) })
                let start = try #require((alert["startsAt"] as? String).flatMap { Timestamp($0) })
                #expect(end.nanoseconds >= start.nanoseconds, "Alertmanager refuses it")
                result[labels["severity"] ?? ""] = end.nanoseconds > Self.later(86_400).nanoseconds
            }
        }
        #expect(try alerts() == ["info": false, "low": false, "medium": true])
        let open = monitor
        // By a clock that is behind that of the records, too.
        for time in [3_600, -3_600] as [Int64] {
            monitor = open
            try monitor.apply(.resolve, to: "M1-5", by: "ada", at: Self.later(time))
            #expect(try alerts() == ["info": false, "low": false, "medium": false])
        }
    }

    @Test func `an Alertmanager is told each minute what goes on, and nobody else, and nothing that is over`() throws {
        var monitor = monitor(for: [.undeclaredEdge])
        for number in 0..<70 as Range<UInt64> {
            let caller = "spiffe://td/ns/a/sa/\(number)"
            monitor.observe(seen(number, at: 0, caller, "c", decision: .deny, marks: [.undeclared]))
        }
        let receivers = ["alertmanager: {url: 'http://127.0.0.1:9093'}", "webhook: {url: 'https://a', secretFile: /s}"]
        let text = receivers.enumerated().map {
            "apiVersion: lapwing.dev/v1alpha1\nkind: AlertRoute\nmetadata: {name: r\($0)}\nspec: {\($1)}\n"
        }
        .joined(separator: "---\n")
        let documents = try ResourceLoader.load(sources: [(file: "x.yaml", bytes: Data(text.utf8))]).documents
        let routes = try AlertRoute.load(documents)
        var renewal = AlertRenewal()
        func told(_ route: Int, after seconds: Int64) throws -> [[String: Any]] {
            try renewal.bodies(
                for: routes[route],
                of: monitor.findings.findings,
                node: "n",
                at: Self.later(seconds)
            )
            .flatMap { body in
                let alerts = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]])
                #expect(alerts.count <= 64)
                return alerts
            }
        }
        #expect(try told(1, after: 0).isEmpty)
        let first = try told(0, after: 0)
        #expect(first.count == 70 && first.allSatisfy { ($0["labels"] as? [String: String])?["severity"] == "medium" })
        #expect(first.allSatisfy { ($0["endsAt"] as? String ?? "") > Self.later(86_400).description })
        #expect(try told(0, after: 59).isEmpty)
        try monitor.apply(.resolve, to: "M1-5", by: "ada", at: Self.later(60))
        #expect(try told(0, after: 60).count == 69)
        #expect(try told(0, after: -3_600).count == 69, "a clock that was set back holds nothing up")
    }

    @Test func `what is told again goes out between the alerts, and what waited goes on once it arrives`() throws {
        var queue = DeliveryQueue()
        _ = queue.add(route: "a", finding: "M1-1", severity: .medium, body: "{}", at: Self.now)
        let item = try #require(queue.begin(at: Self.now).first)
        func claims() -> Bool { queue.claim("a") }
        #expect(!claims())
        for _ in 0..<2 { _ = queue.finish(item.number, .failed("down"), at: Self.now) }
        #expect(claims() && !claims() && queue.due(at: Self.later(10)).isEmpty)
        queue.release("a", hasArrived: false, at: Self.later(1))
        #expect(queue.due(at: Self.later(1)).isEmpty)
        #expect(claims())
        queue.release("a", hasArrived: true, at: Self.later(1))
        #expect(queue.due(at: Self.later(1)).count == 1)
    }

    @Test func `bodies are JSON whatever names hold`() throws {
        let finding = try Self.finding()
        for body in [
            AlertPayload.alertmanager(finding, node: "n"), AlertPayload.webhook(finding, node: "n"),
            AlertPayload.slack(finding, node: "n"), finding.json,
        ] {
            _ = try JSONSerialization.jsonObject(with: Data(body.utf8))
        }
        let alerts = try JSONSerialization.jsonObject(with: Data(AlertPayload.alertmanager(finding, node: "n").utf8))
        let labels = try #require(((alerts as? [[String: Any]])?.first)?["labels"] as? [String: String])
        #expect(labels["alertname"] == "LapwingFinding" && labels["finding"] == "M1-5" && labels["node"] == "n")
        #expect(labels["subject"]?.contains("<b>\"&\n") == true)
        #expect(!AlertPayload.slack(finding, node: "n").contains("<b>"))
        let object = try JSONSerialization.jsonObject(with: Data(finding.json.utf8)) as? [String: Any]
        #expect(object?["version"] as? Int == 1 && object?["severity"] as? String == "medium")
    }
}

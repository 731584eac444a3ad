import Console
import Foundation
import Testing
import ZeroTrust

@testable import lapwing

/// The console's pages of made-up installations of 3 and 200 services, as a browser shows them on a phone and on a desk, by
/// day and by night; the pictures are kept.
@Suite(.enabled(if: Chromium.isHere, "chromium is not installed (scripts/setup --tests)"), .timeLimit(.minutes(5)))
struct ConsolePictureTests {
    private static let now = Timestamp.now()

    private static func ago(_ minutes: Int) -> Timestamp {
        Timestamp(nanoseconds: now.nanoseconds - Int64(minutes) * 60_000_000_000)
    }

    private static func id(_ namespace: String, _ account: String) -> String {
        "spiffe://cluster.local/ns/\(namespace)/sa/\(account)"
    }

    /// What is declared and seen in an installation of so many services, in layers as such installations have them.
    private static func traffic(services: Int) -> (declared: [DeclaredPath], picture: TrafficPicture) {
        var declared: [DeclaredPath] = []
        var picture = TrafficPicture()
        var entry: UInt64 = 0
        func call(_ caller: String, _ callee: String, times: Int, isUndeclared: Bool = false, isPlaintext: Bool = false)
        {
            for time in 0..<times {
                entry += 1
                var seen = Sighting(
                    entry: entry,
                    id: "0197f2d8-5c1e-7abc-8def-0123456789ab",
                    time: ago((time * 7 + Int(entry) * 3) % 60),
                    caller: caller,
                    callee: callee,
                    asked: isUndeclared ? "GET /v1/admin" : "POST /v1/predict",
                    isAllowed: !isUndeclared,
                    reason: isUndeclared ? "no_rule_matched" : "allowed_by_rule",
                    rule: isUndeclared ? nil : "ml-inference/callers:0"
                )
                seen.isUndeclared = isUndeclared
                seen.isPlaintext = isPlaintext
                seen.model = "fraud-scorer"
                picture.take(seen)
            }
        }
        let inference = id("ml-inference", "inference-service")
        let gateway = id("ml-api", "api-gateway")
        declared.append(DeclaredPath(caller: gateway, callee: inference))
        call(gateway, inference, times: 40)
        call(id("ml-batch", "batch-job"), inference, times: 2, isUndeclared: true)
        if services > 3 {
            let teams = ["fraud", "search", "ads", "vision", "speech", "ranking", "support", "risk", "maps", "growth"]
            for number in 0..<(services * 5 / 16) {
                let team = teams[number % teams.count]
                let front = id("\(team)-web", "front-\(number)")
                let model = id("\(team)-models", "model-server-\(number)")
                let features = id("\(team)-features", "feature-store-\(number / 4)")
                let data = id("data", "warehouse-\(number / 8)")
                for (caller, callee) in [(gateway, front), (front, model), (model, features), (features, data)] {
                    declared.append(DeclaredPath(caller: caller, callee: callee))
                    if !number.isMultiple(of: 5) {
                        call(caller, callee, times: 1 + number % 3, isPlaintext: number == 7)
                    }
                }
            }
            call(id("vision-models", "model-server-3"), id("data", "warehouse-1"), times: 3, isUndeclared: true)
            call(id("ads-web", "front-12"), "pastebin.example:443", times: 1, isUndeclared: true)
        }
        return (declared, picture)
    }

    private static func findings(_ services: Int) -> [FindingLine] {
        var all = [
            FindingLine(
                id: "M1-4711",
                severity: "high",
                weight: .bad,
                state: "open",
                cause: "`\(id("ml-batch", "batch-job"))` called `predict` (GET), which no policy declares",
                subject: id("ml-batch", "batch-job"),
                records: 2,
                updated: ago(3)
            ),
            FindingLine(
                id: "M7-4630",
                severity: "medium",
                weight: .warn,
                state: "acknowledged",
                cause:
                    "`\(id("ml-api", "api-gateway"))` sent 9 requests that a guardrail stopped, against 0.4 of its like",
                subject: id("ml-api", "api-gateway"),
                records: 9,
                updated: ago(22)
            ),
        ]
        for number in 0..<(services / 40) {
            all.append(
                FindingLine(
                    id: "M2-\(number)",
                    severity: "low",
                    weight: .plain,
                    state: "open",
                    cause: "12 declared paths were used for the first time",
                    subject: "roll-out",
                    records: 12,
                    updated: ago(40 + number)
                )
            )
        }
        return all
    }

    private static func pages(services: Int) -> [String: HTML] {
        let (declared, picture) = traffic(services: services)
        let graph = ServiceGraph(declared: declared, seen: picture.paths)
        var frame = Frame(now: now)
        frame.node = "node-1"
        frame.trustDomain = "cluster.local"
        frame.viewer = "uid 1000"
        frame.version = "0.1.0"
        var page = Overview()
        page.findings = findings(services)
        page.facts = [
            .init("Over mutual TLS", "100 %", "all of 1,284 requests", .ok),
            .init("Default deny", "on", "at 3 gateways", .ok),
            .init("Unsigned models", "0", "of 2 that callers have loaded", .ok),
            .init("SVIDs near end", "1", "ml-batch/batch-job has under a fifth left", .warn),
            .init("Records", "12,904", "durable; none is altered unseen", .ok, key: "log"),
            .init("Checkpoint's age", "<1 s", "it covers every record", .ok, key: "checkpoint"),
            .init("Witnesses", "none", "who takes this node over could rewrite its past", .warn),
        ]
        page.graph = graph
        page.minutes = picture.recent(at: now)
        page.uses = picture.uses.map {
            .init(
                caller: $0.caller,
                model: $0.model,
                count: $1.count,
                refused: $1.refused,
                first: $1.first,
                last: $1.last,
                isNew: $1.refused > 0
            )
        }.sorted { $0.caller < $1.caller }
        page.rows = picture.rows.suffix(10).map { RecordRow($0) }
        page.source = "Counts are of all 12,904 entries of the log."
        var finding = FindingPage(page.findings[0])
        finding.facts = [
            ("Type", "M1, undeclared edge"), ("Subject", id("ml-batch", "batch-job")), ("Object", "predict GET"),
            ("Observed", "2 requests"), ("Threshold", "0"), ("Techniques", "T1021, T1048, T1071, AML.T0025"),
        ]
        finding.records = picture.rows.filter(\.isUndeclared).map { RecordRow($0) }
        finding.canAcknowledge = true
        return ["overview": page.page(frame), "graph": GraphPage(graph).page(frame), "finding": finding.page(frame)]
    }

    /// How many parts of a page can be moved sideways, and how many boxes of a drawing are seen.
    private static let moved = """
        (() => {
            const seen = [...document.querySelectorAll("main *")].filter(e => e.getClientRects().length > 0)
            const moved = seen.filter(e => /auto|scroll/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1)
            return moved.length + " " + seen.filter(e => e.matches("rect.node")).length
        })()
        """

    @Test(.timeLimit(.minutes(3)), arguments: [3, 200])
    func `pages fit their window, violate nothing, and are as light as they must be`(_ services: Int) async throws {
        let pages = Self.pages(services: services)
        let server = try await ConsoleServer.start(port: 0) { request in
            switch ConsolePath(path: request.path, form: request.query) {
            case .stylesheet: return .whole(ConsoleResponse(contentType: "text/css", text: Stylesheet.text))
            case .icon: return .whole(ConsoleResponse(contentType: "image/svg+xml", text: Icon.file))
            case .script: return .whole(ConsoleResponse(contentType: "text/javascript", text: Script.text))
            case .live:
                return .events(
                    next: {
                        try? await Task.sleep(for: .seconds(30)); return nil
                    },
                    done: {}
                )
            default:
                let name = request.path.split(separator: "/").last.map(String.init) ?? ""
                return .whole(ConsoleResponse(pages[name] ?? "<!doctype html><title>none</title>"))
            }
        }
        var steps: [Chromium.Step] = []
        for (name, html) in pages.sorted(by: { $0.key < $1.key }) {
            #expect(html.length <= 100 << 10, "\(name): \(html.length)")
            print("\(name) with \(services) services: \(html.length) bytes")
            for (width, device) in [(390, "phone"), (1280, "desk")] {
                for isDark in [false, true] {
                    let scheme = isDark ? "dark" : "light"
                    steps.append(
                        Chromium.Step(
                            url: "http://127.0.0.1:\(server.port)/policies/x/\(name)",
                            name: "\(name) \(device) \(scheme)",
                            width: width,
                            dark: isDark,
                            then: Self.moved,
                            picture: "\(Chromium.pictures)/\(name)-\(services)-\(device)-\(scheme).png"
                        )
                    )
                }
            }
        }
        for seen in try Chromium.look(steps) {
            #expect(seen.complaints.isEmpty, "\(seen.name): \(seen.complaints)")
            // On a phone nothing has to be moved sideways to be seen, and something is drawn.
            if seen.name.contains("phone") {
                #expect(seen.then?.hasPrefix("0 ") == true, "\(seen.name): \(seen.then ?? "")")
            }
            if !seen.name.contains("finding") { #expect(seen.then?.hasSuffix(" 0") == false, "\(seen.name)") }
        }
        print("pictures: \(Chromium.pictures)")
        await server.stop()
    }
}

import Testing
import ZeroTrust

@testable import Console

@Suite struct PageTests {
    private static let now = Timestamp("2026-11-26T05:12:33Z") ?? Timestamp(nanoseconds: 0)
    private static let limit = 100 << 10

    private static var frame: Frame {
        var frame = Frame(now: now)
        frame.viewer = "uid 0 <b>"
        frame.formToken = "0123"
        frame.node = "node-1\u{202E}"
        frame.trustDomain = "cluster.local"
        return frame
    }

    private static func finding(_ number: Int, _ name: String) -> FindingLine {
        FindingLine(
            id: "M1-\(number)",
            severity: "high",
            weight: .bad,
            state: "open",
            cause: "`\(name)` called `inference-service`, which no policy declares",
            subject: name,
            records: 3,
            updated: Timestamp(nanoseconds: now.nanoseconds - Int64(number) * 60_000_000_000)
        )
    }

    private static func row(_ number: Int, _ name: String) -> RecordRow {
        RecordRow(
            entry: UInt64(number),
            id: "0197f2d8-5c1e-7abc-8def-0123456789ab",
            time: now,
            caller: name,
            callee: "spiffe://cluster.local/ns/ml-inference/sa/inference-service",
            asked: "POST /v1/predict/" + name,
            outcome: number.isMultiple(of: 2) ? "allow" : "deny",
            reason: name,
            policy: number.isMultiple(of: 3) ? ("ml-inference", name, 0) : nil
        )
    }

    private static func overview(_ graph: ServiceGraph, _ name: String) -> Overview {
        var page = Overview()
        page.graph = graph
        page.findings = (0..<300).map { finding($0, name) }
        page.facts = [
            .init("Over mutual TLS", "100 %", "of 1,234 requests", .ok), .init("Default deny", "off", name, .bad),
            .init("Witnesses", "none", "nobody would notice a rewritten past", .warn), .init("Models", "–", "", .idle),
        ]
        page.minutes = (0..<60).map { .init(allowed: UInt64($0 * 7), denied: UInt64($0 % 5), guarded: 0) }
        page.uses = (0..<300).map {
            .init(caller: name, model: "m\($0)", count: 1, refused: 1, first: now, last: now, isNew: true)
        }
        page.rows = (0..<20).map { row($0, name) }
        return page
    }

    @Test func `a search that was not made does not say that nothing was found`() {
        var page = AuditPage(query: "since=yesterday")
        #expect(page.page(Self.frame).text.contains("No record fits."))
        page.progress = "The index is behind."
        #expect(page.page(Self.frame).text.contains("No record fits so far."))
        page.problem = "`since=yesterday` is no time"
        #expect(!page.page(Self.frame).text.contains("No record fits"))
    }

    @Test func `what has no room on a page is on the next, and the page says so`() throws {
        var page = DatasetsPage()
        var estate = DatasetsPage.Section(name: "reference")
        estate.rows = (0..<200).map { number in
            var row = DatasetsPage.Row()
            row.name = "set-\(number)."
            return row
        }
        page.estates = [estate]
        var seen: [String] = []
        var path = ConsolePath.datasets(from: 0)
        while case .datasets(let first) = path, seen.count < 10 {
            page.first = first
            let text = page.page(Self.frame).text
            seen.append(text)
            let size = "\(first + 1) to \(min(first + 80, 200)) of 200"
            #expect(text.contains(size), "\(size)")
            guard let link = text.firstMatch(of: #/href="([^"]+)" rel="next"/#)?.1 else { break }
            let request = ConsoleRequest(method: "GET", target: String(link), hosts: [])
            path = try #require(ConsolePath(path: request.path, form: request.query))
        }
        #expect(seen.count == 3)
        for number in 0..<200 { #expect(seen.count { $0.contains("set-\(number).") } == 1) }
        page.first = .max
        #expect(page.page(Self.frame).text.contains("1 to 80 of 200"))
        #expect(ConsolePath(path: "/policies", form: FormText("from=-3")) == .policies(from: 0))
    }

    /// Every page, filled as far as it goes with a name.
    private static func pages(_ name: String, services: Int) -> [(name: String, html: HTML)] {
        let graph = GraphTests.graph(services: services)
        var finding = FindingPage(finding(1, name))
        finding.facts = [(name, name)]
        finding.members = (0..<64).map { "\(name)\($0)" }
        finding.records = (0..<50).map { row($0, name) }
        finding.canAcknowledge = true
        var record = RecordPage(id: name)
        record.entries = (0..<4).map {
            .init(index: UInt64($0), kind: "decision", text: name + "\n{}", isCovered: $0 == 0)
        }
        record.line = row(1, name)
        record.rule = RuleText(policy: name, rule: 1, place: name, first: 3, lines: ["- from: \(name)", "  to:"])
        record.explanation = name
        record.note = name
        var audit = AuditPage(query: name)
        audit.rows = (0..<50).map { row($0, name) }
        audit.next = 7
        audit.progress = name
        var wrong = AuditPage(query: name)
        wrong.problem = name
        var identities = IdentitiesPage()
        identities.rows = (0..<500).map { _ in
            .init(
                name: name,
                id: "spiffe://cluster.local/" + name,
                selectors: [name],
                source: name,
                lifetime: "15 min",
                certificate: name,
                state: .warn
            )
        }
        var policies = PoliciesPage()
        policies.rows = (0..<500).map {
            .init(
                namespace: name,
                name: name + "\($0)",
                kind: "AuthorizationPolicy",
                action: "DENY",
                isDryRun: true,
                rules: 2,
                gateways: [name],
                place: "policies.yaml:12"
            )
        }
        policies.gateways = [(name, name, true), ("other", name, false)]
        policies.question.from = name
        policies.answer = (false, name)
        var models = ModelsPage()
        var model = ModelsPage.Row(pushedAt: now)
        model.repository = name
        model.reasons = [name, name]
        model.tags = [name]
        model.digest = "sha256:" + String(repeating: "a", count: 64)
        models.rows = Array(repeating: model, count: 200)
        models.releases = [.init(tag: name, digest: name, actor: name, time: now, record: name)]
        models.loaded = [(name, name, nil), (name, name, name)]
        var datasets = DatasetsPage()
        var estate = DatasetsPage.Section(name: name)
        var dataset = DatasetsPage.Row()
        dataset.name = name
        dataset.readers = Array(repeating: name, count: 30)
        dataset.purposes = [name]
        estate.rows = Array(repeating: dataset, count: 10)
        estate.invariants = [name]
        datasets.estates = [estate]
        let frame = frame
        return [
            ("overview", overview(graph, name).page(frame)), ("graph", GraphPage(graph).page(frame)),
            ("findings", FindingsPage((0..<300).map { Self.finding($0, name) }, hasAll: true).page(frame)),
            ("finding", finding.page(frame)), ("record", record.page(frame)), ("audit", audit.page(frame)),
            ("wrong", wrong.page(frame)),
            ("identities", identities.page(frame)), ("policies", policies.page(frame)), ("models", models.page(frame)),
            ("datasets", datasets.page(frame)), ("message", Frame.message("Not here", ["\(name)"])),
            (
                "policy",
                PolicyPage(
                    policy: name,
                    action: "ALLOW",
                    place: name,
                    gateways: [name],
                    rules: [.init(policy: name, rule: 0, place: name, first: 1, lines: [name])]
                ).page(frame)
            ),
        ]
    }

    private static let id = "spiffe://td/ns/a/sa/b"

    @Test(
        arguments: [
            ("`\(id)` called `x` (GET)", id, #"<code title="\#(id)">a/b</code> called <code>x</code> (GET)"#),
            ("to `x` by `\(id)`", id, #"to <code>x</code> by <code title="\#(id)">a/b</code>"#),
            ("12 paths were used", "", "12 paths were used"), ("", "", ""), ("a ` b", "", "a ` b"), ("``", "", "``"),
            ("`a`b` called `x`", "a`b", "<code>a`b</code> called <code>x</code>"),
            ("`\(id)` called `x` and `y`", id, #"<code title="\#(id)">a/b</code> called `x` and `y`"#),
            ("`<b>` & `\u{202E}x`", "<b>", "<code>&lt;b&gt;</code> &amp; <code>⟨U+202E⟩x</code>"),
        ]
    )
    func `names stand out in what a finding says`(_ cause: String, _ subject: String, _ html: String) {
        #expect(CauseText.html(cause, subject: subject).text == "<bdi>\(html)</bdi>")
    }

    @Test(arguments: [3, 200])
    func `every page is at most 100 KiB`(_ services: Int) {
        for (name, html) in Self.pages("spiffe://cluster.local/ns/ml-api/sa/api-gateway", services: services) {
            print("\(name) with \(services) services: \(html.length) bytes")
            #expect(html.length <= Self.limit, "\(name): \(html.length)")
        }
        #expect(Stylesheet.text.utf8.count < 14 << 10 && Script.text.utf8.count < 5 << 10)
    }

    /// What a page consists of, as a strict reader of tags has it.
    private static func tags(_ html: HTML) -> [String] {
        html.text.matches(of: /<[^>]*>/).map { String($0.output) }
    }

    @Test func `no page has an inline script, style or handler, and loads nothing from elsewhere`() {
        for (page, html) in Self.pages("x", services: 3) {
            for tag in Self.tags(html) {
                #expect(!tag.contains(/\son[a-z]+\s*=/), "\(page): \(tag)")
                #expect(!tag.contains(/\sstyle\s*=/), "\(page): \(tag)")
                if let target = tag.firstMatch(of: /\s(?:href|src|action)="([^"]*)"/)?.1 {
                    #expect(
                        target.hasPrefix("/") && !target.hasPrefix("//") || target.hasPrefix("#"),
                        "\(page): \(tag)"
                    )
                }
            }
            #expect(!html.text.contains("<style"))
            #expect(!html.text.contains(/<script>/))
        }
    }

    @Test(arguments: HTMLTests.hostile)
    func `a hostile name adds no tag to any page`(_ hostile: String) {
        // The same pages with a harmless name of the same shape have the same tags, but for what links and ids hold.
        for (bad, good) in zip(Self.pages(hostile, services: 3), Self.pages("harmless", services: 3)) {
            let names = { (html: HTML) in Self.tags(html).map { $0.prefix { !$0.isWhitespace && $0 != ">" } } }
            #expect(names(bad.html) == names(good.html), "\(bad.name)")
        }
    }

    @Test func `every field has a label, every table a caption, every page a language, a title and one first heading`()
    {
        for (page, html) in Self.pages("x", services: 3) {
            let text = html.text
            #expect(text.contains("<html lang=\"en\">") && text.contains("<title>"), "\(page)")
            #expect(text.matches(of: /<h1[ >]/).count == 1, "\(page)")
            let inputs = text.matches(of: /<(?:input|select) (?!type="hidden")id="([^"]+)"/).map(\.1)
            for id in inputs { #expect(text.contains("<label for=\"\(id)\""), "\(page): \(id)") }
            #expect(text.matches(of: /<table/).count == text.matches(of: /<caption/).count, "\(page)")
            #expect(text.matches(of: /<svg(?![^>]*(aria-hidden|role="img"))/).isEmpty, "\(page)")
        }
    }

    @Test func `what is missing is said`() {
        let empty = Overview()
        let text = empty.page(Self.frame).text
        #expect(text.contains("No finding is open") && text.contains("nobody has called"))
        #expect(text.contains("Your role may not read the record"))
        #expect(!text.contains("<script"), "there is nothing live for one who may not read records")
        #expect(DatasetsPage().page(Self.frame).text.contains("no <code>Estate</code>"))
    }

    @Test func `a rule is cut out of its file`() {
        let file = """
            spec:
              rules:
              - from:
                - source:
                    principals: ["a"]

                to:
                - operation: { methods: [POST] }
              - from: []
            ---
            kind: Other
            """
        #expect(RuleText.block(in: file, from: 3).count == 6)
        #expect(RuleText.block(in: file, from: 9) == ["  - from: []"])
        #expect(RuleText.block(in: file, from: 99).isEmpty && RuleText.block(in: file, from: 0).isEmpty)
    }
}

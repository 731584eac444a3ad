import Testing
import ZeroTrust

@testable import Console

@Suite struct GraphTests {
    static let moment = Timestamp(nanoseconds: 1_795_300_801_000_000_000)

    static func id(_ namespace: Int, _ account: Int) -> String {
        "spiffe://cluster.local/ns/team-\(namespace)/sa/service-\(account)"
    }

    /// A graph of so many services in namespaces of about ten, with cycles, hubs, and a few paths that nobody declared.
    static func graph(services: Int) -> ServiceGraph {
        if services == 3 {
            return ServiceGraph(edges: [
                .init(from: id(0, 0), to: id(0, 1), standing: .used, count: 12, last: moment),
                .init(from: id(0, 2), to: id(0, 1), standing: .undeclared, count: 1, last: moment),
                .init(from: id(0, 2), to: id(0, 2), standing: .undeclared, count: 1, last: moment),
            ])
        }
        var generator = Repeatable(state: UInt64(services))
        func any() -> String {
            let number = Int.random(in: 0..<services, using: &generator)
            return id(number / 10, number)
        }
        var edges: [ServiceGraph.Edge] = []
        for number in 0..<services {
            let own = id(number / 10, number)
            edges.append(.init(from: own, to: any(), standing: .used, count: UInt64(number), last: moment))
            edges.append(
                .init(
                    from: any(),
                    to: own,
                    standing: number.isMultiple(of: 3) ? .unused : .used,
                    isPlaintext: number == 7
                )
            )
        }
        edges.append(.init(from: any(), to: any(), standing: .undeclared, count: 3, last: moment))
        edges.append(.init(from: any(), to: "internet.example", standing: .undeclared, count: 1, last: moment))
        return ServiceGraph(edges: edges)
    }

    static let metrics: [(GraphLayout.Direction, GraphLayout.Metrics)] = [
        (.right, .init()), (.right, .init(nodeWidth: 150, nodeHeight: 34, gap: 8, between: 70, perLayer: 16)),
        (.down, .init(nodeWidth: 150, gap: 12, between: 44, perLayer: 2)),
    ]

    @Test(arguments: [0, 1, 3, 8, 40, 200])
    func `no two nodes overlap, and all lie within the drawing`(_ services: Int) {
        let graph =
            services < 2
            ? ServiceGraph(nodes: (0..<services).map { .init(Self.id(0, $0)) }) : Self.graph(services: services)
        for (direction, metrics) in Self.metrics {
            let layout = GraphLayout(graph, direction: direction, metrics: metrics)
            let boxes = graph.nodes.map { layout.boxes[$0.id] }
            #expect(boxes.count == graph.nodes.count)
            let all = boxes.compactMap(\.self)
            #expect(all.count == boxes.count)
            for (place, box) in all.enumerated() {
                #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= layout.width)
                #expect(box.y + box.height <= layout.height)
                #expect(!all[(place + 1)...].contains { $0.overlaps(box) })
            }
            #expect(layout.ways.count == graph.edges.count)
            for (edge, way) in zip(graph.edges, layout.ways) {
                #expect(way.count >= 2, "\(edge)")
                #expect(way.allSatisfy { $0.x >= 0 && $0.y >= 0 && $0.x <= layout.width && $0.y <= layout.height })
            }
        }
    }

    @Test(arguments: [3, 200])
    func `the same graph has the same drawing, in whatever order its paths come`(_ services: Int) {
        let graph = Self.graph(services: services)
        let other = ServiceGraph(nodes: graph.nodes.reversed(), edges: graph.edges.reversed())
        #expect(GraphDrawing(graph).html == GraphDrawing(other).html)
    }

    @Test func `three services fit a phone, and many are drawn by namespace`() {
        let narrow = GraphLayout.Metrics(nodeWidth: 150, gap: 12, between: 44, perLayer: 2)
        #expect(GraphLayout(Self.graph(services: 3), direction: .down, metrics: narrow).width <= 340)
        let whole = Self.graph(services: 200)
        let folded = whole.byNamespace()
        #expect(folded.nodes.count < 30)
        let red = whole.edges.filter { $0.standing == .undeclared }
        for edge in red {
            #expect(folded.edges.contains { $0.from == edge.from && $0.to == edge.to && $0.standing == .undeclared })
        }
        #expect(folded.edges.first?.standing == .undeclared)
        #expect(folded.nodes.contains { $0.name == "team-3" && $0.detail.hasSuffix("services") })
    }

    @Test func `what is drawn together was seen last when the last of it was`() throws {
        let now = Self.moment
        func ago(_ minutes: Int64) -> Timestamp {
            Timestamp(nanoseconds: now.nanoseconds - minutes * 60_000_000_000)
        }
        let graph = ServiceGraph(edges: [
            .init(from: Self.id(0, 0), to: Self.id(1, 10), standing: .used, count: 1, last: ago(9)),
            .init(from: Self.id(0, 1), to: Self.id(1, 11), standing: .used, count: 1, last: ago(10)),
            .init(from: Self.id(0, 2), to: Self.id(1, 11), standing: .used, count: 1, last: ago(200)),
            .init(from: Self.id(0, 3), to: Self.id(1, 12), standing: .unused),
        ])
        let folded = graph.byNamespace()
        let edge = try #require(folded.edges.first)
        #expect(folded.edges.count == 1 && edge.count == 3 && edge.last == ago(9))
        // A page makes a text of it when it is drawn, and none where nothing was seen.
        let text = GraphPage(graph).page(Frame(now: now)).text
        for moment in [ago(9), ago(10), ago(200)] {
            #expect(text.contains("<span class=\"nb\">\(TimeText.ago(moment, now: now))</span>"))
        }
        #expect(text.contains("<span class=\"nb\"></span>"))
    }

    @Test func `what no drawing can tell is cut, the worst kept`() {
        let whole = Self.graph(services: 200)
        let cut = whole.first(nodes: 20, edges: 15)
        #expect(cut.nodes.count <= 20 && cut.edges.count <= 15 && !cut.edges.isEmpty)
        #expect(cut.edges.first == whole.edges.first)
        #expect(whole.first(nodes: 10_000, edges: 10_000) == whole)
    }

    @Test func `what is declared for a pattern is drawn only where nobody took it`() {
        let callee = Self.id(0, 1)
        let declared = [
            DeclaredPath(caller: "spiffe://cluster.local/ns/team-1/sa/*", callee: callee),
            DeclaredPath(caller: "spiffe://cluster.local/ns/team-2/sa/*", callee: callee),
        ]
        var picture = TrafficPicture()
        picture.take(
            Sighting(
                entry: 1,
                id: "a",
                time: Timestamp(nanoseconds: 1),
                caller: Self.id(1, 12),
                callee: callee,
                asked: "GET /",
                isAllowed: true,
                reason: "allowed_by_rule",
                rule: nil
            )
        )
        let graph = ServiceGraph(declared: declared, seen: picture.paths)
        #expect(graph.edges.count == 2)
        #expect(graph.edges.first?.standing == .used)
        #expect(graph.edges.last?.from == "spiffe://cluster.local/ns/team-2/sa/*")
        #expect(graph.node("spiffe://cluster.local/ns/team-2/sa/*")?.name == "anyone in team-2")
    }

    @Test(arguments: [
        ("*", "x", true), ("a*", "ab", true), ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "a", false),
        ("*b*", "abc", true), ("*b*d*", "abcde", true), ("*b*d*", "adcbe", false), ("ab*ba", "aba", false),
        ("plain", "plain", true), ("plain", "plainer", false),
    ])
    func `a star stands for any text`(_ pattern: String, _ text: String, _ fits: Bool) {
        #expect(DeclaredPath.matches(pattern, text) == fits)
    }
}

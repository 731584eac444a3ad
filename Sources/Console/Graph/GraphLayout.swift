/// Places for the nodes of a graph, in layers from caller to called (Sugiyama's method), and ways for its edges.
///
/// The same graph has the same layout, and no two nodes overlap. Long edges keep a lane of their own in the layers that
/// they pass.
struct GraphLayout: Hashable, Sendable {
    /// Which way the layers follow each other.
    enum Direction: Hashable, Sendable { case right, down }

    /// How large things are.
    struct Metrics: Hashable, Sendable {
        var nodeWidth = 168
        var nodeHeight = 40
        /// Between nodes of a layer.
        var gap = 14
        /// Between layers.
        var between = 84
        /// The lane of an edge that passes a layer.
        var lane = 10
        /// The most nodes of a layer; what is more begins another.
        var perLayer = 12
        var margin = 8
        /// The layers from which on services are placed by the shortest way to them, and not by the longest.
        var layers = 7
        /// The lanes in all from which on edges have none, and go behind the nodes.
        var lanes = 160
    }

    /// A box.
    struct Box: Hashable, Sendable {
        var x, y, width, height: Int

        func overlaps(_ other: Box) -> Bool {
            x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
        }
    }

    /// A point.
    struct Point: Hashable, Sendable { var x, y: Int }

    private(set) var boxes: [String: Box] = [:]
    /// For each edge of the graph, the points that it goes through, from the caller's side to the called.
    private(set) var ways: [[Point]] = []
    private(set) var width = 0
    private(set) var height = 0

    /// A node of the graph, or the lane of an edge.
    private enum Item: Hashable {
        case node(Int)
        case lane(edge: Int, layer: Int)
    }

    init(_ graph: ServiceGraph, direction: Direction = .right, metrics: Metrics = Metrics()) {
        let places = Dictionary(
            graph.nodes.enumerated().map { ($1.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let arcs = graph.edges.map { (from: places[$0.from] ?? 0, to: places[$0.to] ?? 0) }
        let forward = Self.acyclic(arcs, count: graph.nodes.count)
        let layerOf = Self.layers(forward, count: graph.nodes.count, metrics)
        var layers: [[Item]] = Array(repeating: [], count: (layerOf.max() ?? -1) + 1)
        for (node, layer) in layerOf.enumerated() { layers[layer].append(.node(node)) }
        // Each from the earlier layer to the later, whichever calls.
        let spans = arcs.map { layerOf[$0.from] <= layerOf[$0.to] ? $0 : (from: $0.to, to: $0.from) }
        let passed = spans.reduce(0) { $0 + max(0, layerOf[$1.to] - layerOf[$1.from] - 1) }
        // Links between neighbouring layers, by which their order is improved.
        var links: [Item: [Item]] = [:]
        var chains: [[Item]] = []
        for (index, span) in spans.enumerated() {
            var chain: [Item] = [.node(span.from)]
            if passed <= metrics.lanes, layerOf[span.from] + 1 < layerOf[span.to] {
                for layer in (layerOf[span.from] + 1)..<layerOf[span.to] {
                    let lane = Item.lane(edge: index, layer: layer)
                    layers[layer].append(lane)
                    chain.append(lane)
                }
            }
            chain.append(.node(span.to))
            for (one, next) in zip(chain, chain.dropFirst()) {
                links[one, default: []].append(next)
                links[next, default: []].append(one)
            }
            chains.append(chain)
        }
        Self.order(&layers, by: links)
        place(layers, graph, direction, metrics)
        route(chains, arcs, graph, layers, direction, metrics)
    }

    // MARK: - Layers

    /// The arcs with those turned round that close a circle, found depth first in the order of the nodes.
    private static func acyclic(_ arcs: [(from: Int, to: Int)], count: Int) -> [(from: Int, to: Int)] {
        var next: [[Int]] = Array(repeating: [], count: count)
        for (index, arc) in arcs.enumerated() where arc.from != arc.to { next[arc.from].append(index) }
        // 0 not seen, 1 on the way, 2 done
        var state = Array(repeating: 0, count: count)
        var result = arcs
        for root in 0..<count where state[root] == 0 {
            var stack: [(node: Int, edge: Int)] = [(root, 0)]
            state[root] = 1
            while let top = stack.last {
                guard top.edge < next[top.node].count else {
                    state[top.node] = 2
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].edge += 1
                let index = next[top.node][top.edge]
                let target = arcs[index].to
                switch state[target] {
                case 0:
                    state[target] = 1
                    stack.append((target, 0))
                case 1: result[index] = (arcs[index].to, arcs[index].from)
                default: break
                }
            }
        }
        return result
    }

    /// The layer of each node: behind all that call it, none with more nodes than the limit.
    ///
    /// Where that would be too many layers, a node stands behind the first that calls it.
    private static func layers(_ arcs: [(from: Int, to: Int)], count: Int, _ metrics: Metrics) -> [Int] {
        let limit = metrics.perLayer
        var depth = Array(repeating: 0, count: count)
        var callers = Array(repeating: 0, count: count)
        var next: [[Int]] = Array(repeating: [], count: count)
        for arc in arcs where arc.from != arc.to {
            next[arc.from].append(arc.to)
            callers[arc.to] += 1
        }
        var ready = (0..<count).filter { callers[$0] == 0 }
        while let node = ready.popLast() {
            for target in next[node] {
                depth[target] = max(depth[target], depth[node] + 1)
                callers[target] -= 1
                if callers[target] == 0 { ready.append(target) }
            }
        }
        if let most = depth.max(), most >= metrics.layers {
            let roots = (0..<count).filter { node in !arcs.contains { $0.to == node && $0.from != node } }
            depth = Array(repeating: -1, count: count)
            var queue = roots.isEmpty ? [0] : roots
            for root in queue { depth[root] = 0 }
            var place = 0
            while place < queue.count {
                for target in next[queue[place]] where depth[target] < 0 {
                    depth[target] = min(depth[queue[place]] + 1, metrics.layers - 1)
                    queue.append(target)
                }
                place += 1
            }
            for node in 0..<count where depth[node] < 0 { depth[node] = 0 }
        }
        // A caller stands beside those that it calls, however short its way is.
        for node in 0..<count where !next[node].isEmpty {
            let nearest = next[node].map { depth[$0] }.min() ?? 0
            let hasCallers = arcs.contains { $0.to == node && $0.from != node }
            if !hasCallers { depth[node] = max(depth[node], nearest - 1) }
        }
        var result = Array(repeating: 0, count: count)
        var shift = 0
        for layer in 0...(depth.max() ?? 0) {
            let members = (0..<count).filter { depth[$0] == layer }
            let parts = max(1, (members.count + limit - 1) / limit)
            let share = max(1, (members.count + parts - 1) / parts)
            for (place, node) in members.enumerated() { result[node] = layer + shift + place / share }
            shift += parts - 1
        }
        return result
    }

    /// Orders each layer by the middle of what it is linked to, forth and back, and keeps the order with the fewest
    /// crossings.
    private static func order(_ layers: inout [[Item]], by links: [Item: [Item]]) {
        guard layers.count > 1 else { return }
        var best = layers
        var fewest = Int.max
        for round in 0..<8 {
            let isForth = round.isMultiple(of: 2)
            let indices = isForth ? Array(1..<layers.count) : Array((0..<(layers.count - 1)).reversed())
            for layer in indices {
                let beside = layers[isForth ? layer - 1 : layer + 1]
                let rank = Dictionary(
                    beside.enumerated().map { ($1, Double($0)) },
                    uniquingKeysWith: { first, _ in first }
                )
                let weighed = layers[layer].enumerated().map { place, item -> (Double, Int, Item) in
                    let ranks = (links[item] ?? []).compactMap { rank[$0] }
                    let scale = Double(beside.count) / Double(max(1, layers[layer].count))
                    let middle = ranks.isEmpty ? Double(place) * scale : ranks.reduce(0, +) / Double(ranks.count)
                    return (middle, place, item)
                }
                layers[layer] = weighed.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
            }
            let crossings = Self.crossings(layers, links)
            if crossings < fewest { (fewest, best) = (crossings, layers) }
            if fewest == 0 { break }
        }
        layers = best
    }

    private static func crossings(_ layers: [[Item]], _ links: [Item: [Item]]) -> Int {
        var sum = 0
        for (one, next) in zip(layers, layers.dropFirst()) {
            let rank = Dictionary(next.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            let ends = one.flatMap { item in (links[item] ?? []).compactMap { rank[$0] }.sorted() }
            // Inversions, counted with a tree of sums.
            var tree = Array(repeating: 0, count: next.count + 1)
            for (seen, end) in ends.enumerated() {
                var smaller = 0
                var index = end + 1
                while index > 0 {
                    smaller += tree[index]
                    index -= index & -index
                }
                sum += seen - smaller
                index = end + 1
                while index < tree.count {
                    tree[index] += 1
                    index += index & -index
                }
            }
        }
        return sum
    }

    // MARK: - Places

    private var lanes: [Item: Point] = [:]

    private mutating func place(
        _ layers: [[Item]],
        _ graph: ServiceGraph,
        _ direction: Direction,
        _ metrics: Metrics
    ) {
        let isRight = direction == .right
        let (along, across) =
            isRight ? (metrics.nodeWidth, metrics.nodeHeight) : (metrics.nodeHeight, metrics.nodeWidth)
        func extent(_ item: Item) -> Int { if case .node = item { across } else { metrics.lane } }
        let extents = layers.map { layer in
            layer.map(extent).reduce(0, +) + metrics.gap * max(0, layer.count - 1)
        }
        let widest = extents.max() ?? 0
        for (number, layer) in layers.enumerated() {
            let main = metrics.margin + number * (along + metrics.between)
            var cross = metrics.margin + (widest - extents[number]) / 2
            for item in layer {
                switch item {
                case .node(let index):
                    boxes[graph.nodes[index].id] =
                        isRight
                        ? Box(x: main, y: cross, width: along, height: across)
                        : Box(x: cross, y: main, width: across, height: along)
                case .lane:
                    let middle = cross + metrics.lane / 2
                    lanes[item] = isRight ? Point(x: main, y: middle) : Point(x: middle, y: main)
                }
                cross += extent(item) + metrics.gap
            }
        }
        let main = layers.isEmpty ? 0 : layers.count * along + (layers.count - 1) * metrics.between
        (width, height) = isRight ? (main, widest) : (widest, main)
        width += 2 * metrics.margin
        height += 2 * metrics.margin
    }

    private mutating func route(
        _ chains: [[Item]],
        _ arcs: [(from: Int, to: Int)],
        _ graph: ServiceGraph,
        _ layers: [[Item]],
        _ direction: Direction,
        _ metrics: Metrics
    ) {
        let isRight = direction == .right
        // Edges that leave or reach a node on one side stand apart from each other.
        var ends: [[Int]: [Int]] = [:]
        for (index, arc) in arcs.enumerated() {
            ends[[arc.from, 0], default: []].append(index)
            ends[[arc.to, 1], default: []].append(index)
        }
        // In the order of where they go, so that they do not cross at the node.
        let middle = graph.nodes.map { node -> Int in
            guard let box = boxes[node.id] else { return 0 }
            return isRight ? box.y + box.height / 2 : box.x + box.width / 2
        }
        func neighbour(_ edge: Int, _ side: Int) -> Int {
            let chain = chains[edge]
            let isForth = chain.first == .node(arcs[edge].from)
            let next = (side == 0) == isForth ? chain.dropFirst().first : chain.dropLast().last
            if let next, let lane = lanes[next] { return isRight ? lane.y : lane.x }
            return middle[side == 0 ? arcs[edge].to : arcs[edge].from]
        }
        for (key, all) in ends { ends[key] = all.sorted { (neighbour($0, key[1]), $0) < (neighbour($1, key[1]), $1) } }
        func offset(_ node: Int, _ side: Int, _ edge: Int) -> Int {
            let all = ends[[node, side]] ?? []
            guard all.count > 1, let place = all.firstIndex(of: edge) else { return 0 }
            let room = (isRight ? metrics.nodeHeight : metrics.nodeWidth / 2) - 12
            let step = min(9, room / max(1, all.count - 1))
            return place * step - (all.count - 1) * step / 2
        }
        for (index, arc) in arcs.enumerated() {
            guard let from = boxes[graph.nodes[arc.from].id], let to = boxes[graph.nodes[arc.to].id] else {
                ways.append([])
                continue
            }
            // Within a layer an edge leaves and arrives on the far side.
            let isBeside = isRight ? to.x == from.x : to.y == from.y
            let isBack = !isBeside && (isRight ? to.x < from.x : to.y < from.y)
            var way: [Point] = []
            // Who calls itself has a loop of some width.
            let isLoop = arc.from == arc.to
            let out = isLoop ? -8 : offset(arc.from, 0, index)
            let into = isLoop ? 8 : offset(arc.to, 1, index)
            if isRight {
                way.append(Point(x: isBack ? from.x : from.x + from.width, y: from.y + from.height / 2 + out))
            } else {
                way.append(Point(x: from.x + from.width / 2 + out, y: isBack ? from.y : from.y + from.height))
            }
            var passed = chains[index].dropFirst().dropLast().compactMap { item -> [Point]? in
                guard let point = lanes[item] else { return nil }
                let far =
                    isRight
                    ? Point(x: point.x + metrics.nodeWidth, y: point.y)
                    : Point(x: point.x, y: point.y + metrics.nodeHeight)
                return isBack ? [far, point] : [point, far]
            }
            if isBack { passed.reverse() }
            way += passed.flatMap(\.self)
            if isRight {
                way.append(Point(x: isBack || isBeside ? to.x + to.width : to.x, y: to.y + to.height / 2 + into))
            } else {
                way.append(Point(x: to.x + to.width / 2 + into, y: isBack || isBeside ? to.y + to.height : to.y))
            }
            ways.append(way)
            // Its bow lies beyond the layer.
            guard isBeside else { continue }
            if isRight {
                width = max(width, from.x + from.width + Self.bow + metrics.margin)
            } else {
                height = max(height, from.y + from.height + Self.bow + metrics.margin)
            }
        }
    }

    /// How far an edge within a layer bows out.
    static let bow = 36
}

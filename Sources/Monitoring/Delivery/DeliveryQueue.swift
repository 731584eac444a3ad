public import ZeroTrust

/// What is still to be delivered: each alert to each receiver, again and again with growing pauses, until it arrives or is
/// given up and laid aside.
///
/// It is a value that does no input or output: whoever sends takes what ``begin(at:)`` gives, and says how it went by
/// ``finish(_:_:at:)``.
public struct DeliveryQueue: Sendable {
    /// One alert for one receiver.
    public struct Item: Hashable, Sendable {
        /// A number of its own.
        public let number: UInt64
        /// The route that it goes by.
        public let route: String
        /// The finding's id.
        public let finding: String
        /// The finding's severity.
        public let severity: Severity
        /// The body.
        public let body: String
        /// How often it was tried.
        public internal(set) var attempts: Int
        /// When it is tried next.
        public internal(set) var next: Timestamp
        /// What went wrong last; empty where nothing did.
        public internal(set) var problem: String
    }

    /// How it went.
    public enum Result: Hashable, Sendable {
        /// It arrived.
        case delivered
        /// It may be tried again: no answer, or one that asks for it.
        case failed(String)
        /// The receiver will never take it.
        case refused(String)
    }

    /// What is to be delivered, oldest first.
    public private(set) var items: [Item] = []
    /// How many arrived, by route.
    public private(set) var delivered: [String: UInt64] = [:]
    /// How many were given up, by route.
    public private(set) var givenUp: [String: UInt64] = [:]
    private var count: UInt64 = 0
    /// The numbers of those that are on their way, by route, 0 for what is sent beside the queue; nobody is sending any that
    /// was read from bytes.
    private var onTheirWay: [String: UInt64] = [:]

    /// The most that waits for one route; then what matters least is given up, the oldest of it first.
    public static let maximumItems = 1_024
    /// The most that waits for all routes.
    private static let maximumOfAll = 1 << 20
    /// Tries before an alert is given up: about a day and a half.
    public static let maximumAttempts = 40

    /// Nothing to deliver.
    public init() {}

    /// Adds an alert.
    ///
    /// - Returns: what had to be given up for it.
    public mutating func add(
        route: String,
        finding: String,
        severity: Severity,
        body: String,
        at time: Timestamp
    ) -> [Item] {
        // What has not gone out yet is told as it is now.
        items.removeAll {
            $0.route == route && $0.finding == finding && $0.attempts == 0 && $0.number != onTheirWay[route]
        }
        count += 1
        items.append(
            Item(
                number: count,
                route: route,
                finding: finding,
                severity: severity,
                body: body,
                attempts: 0,
                next: time,
                problem: ""
            )
        )
        // A route that takes nothing fills its own room and no other's.
        let places = items.indices.filter { items[$0].route == route }
        guard places.count > Self.maximumItems,
            let least = places.filter({ items[$0].number != onTheirWay[route] }).min(by: {
                (items[$0].severity, $0) < (items[$1].severity, $1)
            })
        else { return [] }
        var gone = items.remove(at: least)
        if gone.problem.isEmpty { gone.problem = "too many alerts wait" }
        givenUp[gone.route, default: 0] += 1
        return [gone]
    }

    /// Takes what is to be tried now: it is on its way until ``finish(_:_:at:)``, and nobody else gets it meanwhile.
    ///
    /// - Returns: what ``due(at:)`` says.
    public mutating func begin(at time: Timestamp) -> [Item] {
        let due = due(at: time)
        for item in due { onTheirWay[item.route] = item.number }
        return due
    }

    /// Takes a route for what is sent beside the queue, where nothing is on its way; nobody else gets it until
    /// ``release(_:hasArrived:at:)``.
    public mutating func claim(_ route: String) -> Bool {
        guard onTheirWay[route] == nil else { return false }
        onTheirWay[route] = 0
        return true
    }

    /// Gives a route back.
    ///
    /// Where something has arrived by it, what waits for its next try waits no longer.
    public mutating func release(_ route: String, hasArrived: Bool, at time: Timestamp) {
        onTheirWay[route] = nil
        guard hasArrived else { return }
        for place in items.indices where items[place].route == route && items[place].next.nanoseconds > time.nanoseconds
        {
            items[place].next = time
        }
    }

    /// What is to be tried now: of each route the oldest only, so that alerts arrive in order, and nothing while one is on
    /// its way.
    public func due(at time: Timestamp) -> [Item] {
        var routes = Set(onTheirWay.keys)
        return items.filter { routes.insert($0.route).inserted && $0.next.nanoseconds <= time.nanoseconds }
    }

    /// Says how a try went.
    ///
    /// - Returns: the alert, where it is given up: it belongs in the file of dead letters.
    public mutating func finish(_ number: UInt64, _ result: Result, at time: Timestamp) -> Item? {
        guard let place = items.firstIndex(where: { $0.number == number }) else { return nil }
        if onTheirWay[items[place].route] == number { onTheirWay[items[place].route] = nil }
        items[place].attempts += 1
        switch result {
        case .delivered:
            delivered[items[place].route, default: 0] += 1
            items.remove(at: place)
            return nil
        case .failed(let problem) where items[place].attempts < Self.maximumAttempts:
            items[place].problem = problem
            items[place].next = Timestamp(nanoseconds: time.nanoseconds + Self.pause(after: items[place].attempts))
            return nil
        case .failed(let problem), .refused(let problem):
            var gone = items.remove(at: place)
            gone.problem = problem
            givenUp[gone.route, default: 0] += 1
            return gone
        }
    }

    /// One second, then twice as long each time, up to an hour.
    static func pause(after attempts: Int) -> Int64 {
        1_000_000_000 * min(1 << Int64(min(max(attempts - 1, 0), 12)), 3_600)
    }
}

extension DeliveryQueue.Item {
    /// The alert as one JSON line, for the file of dead letters.
    public var json: String {
        var builder = JSONBuilder()
        builder.object {
            $0.member("route", route)
            $0.member("finding", finding)
            $0.member("severity", severity.name)
            $0.member("attempts", UInt64(attempts))
            $0.member("problem", problem)
            $0.member("body", body)
        }
        return builder.text
    }
}

// MARK: - State

extension DeliveryQueue {
    /// What waits, as bytes.
    public func encoded() -> [UInt8] {
        var writer = StateWriter()
        writer.write("lapwing-deliveries-2")
        writer.write(count)
        writer.write(UInt64(items.count))
        for item in items {
            writer.write(item.number)
            writer.write(item.route)
            writer.write(item.finding)
            writer.write(UInt64(item.severity.rawValue))
            writer.write(item.body)
            writer.write(UInt64(item.attempts))
            writer.write(item.next.nanoseconds)
            writer.write(item.problem)
        }
        return writer.bytes
    }

    /// Takes up what waited.
    ///
    /// - Throws: ``MonitoringError`` where the bytes are not what ``encoded()`` gives.
    public init(encoded bytes: [UInt8]) throws(MonitoringError) {
        var reader = StateReader(bytes)
        guard try reader.string() == "lapwing-deliveries-2" else { throw reader.damaged("no list of deliveries") }
        count = try reader.number()
        for _ in 0..<(try reader.count(of: 8)) {
            let (number, route, finding) = (try reader.number(), try reader.string(), try reader.string())
            guard let severity = Severity(rawValue: UInt8(clamping: try reader.number())) else {
                throw reader.damaged("an alert's severity")
            }
            items.append(
                Item(
                    number: number,
                    route: route,
                    finding: finding,
                    severity: severity,
                    body: try reader.string(),
                    attempts: Int(clamping: try reader.number()),
                    next: Timestamp(nanoseconds: try reader.signed()),
                    problem: try reader.string()
                )
            )
        }
        guard reader.isAtEnd, items.count <= Self.maximumOfAll else { throw reader.damaged("a list of deliveries") }
    }
}

/// Requests whose end has not been seen: who made them, until their amounts are known.
///
/// The oldest make room.
struct PendingRequests: Sendable {
    struct Request: Sendable {
        var caller: String
        var callee: String
        var wasDenied: Bool
        /// The model that its prompt went to; nil where none was read.
        var model: Observation.ModelReference?
    }

    private var requests: [UInt64: Request] = [:]
    /// Ids in the order in which they began, those that have ended included until they come up.
    private var order: [UInt64] = []
    private var first = 0

    private static let maximum = 65_536

    init() {}

    mutating func begin(_ id: UInt64, _ request: Request) {
        if requests.updateValue(request, forKey: id) == nil { order.append(id) }
        while requests.count > Self.maximum {
            requests[order[first]] = nil
            first += 1
        }
        if order.count > 4 * Self.maximum {
            order = order[first...].filter { requests[$0] != nil }
            first = 0
        }
    }

    /// Who began what has not ended; nil where nothing began under the id, or too long ago.
    func caller(of id: UInt64) -> String? { requests[id]?.caller }

    mutating func end(_ id: UInt64) -> Request? { requests.removeValue(forKey: id) }

    func write(to writer: inout StateWriter) {
        let live = order[first...].filter { requests[$0] != nil }
        writer.write(UInt64(live.count))
        for id in live {
            guard let request = requests[id] else { continue }
            writer.write(id)
            writer.write(request.caller)
            writer.write(request.callee)
            writer.write(UInt64(request.wasDenied ? 1 : 0))
            writer.write(request.model?.name ?? "")
            writer.write(request.model?.digest ?? "")
        }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        for _ in 0..<(try reader.count(of: 6)) {
            let id = try reader.number()
            var request = Request(
                caller: try reader.string(),
                callee: try reader.string(),
                wasDenied: try reader.number() == 1
            )
            let model = Observation.ModelReference(name: try reader.string(), digest: try reader.string())
            if !model.name.isEmpty || !model.digest.isEmpty { request.model = model }
            begin(id, request)
        }
    }
}

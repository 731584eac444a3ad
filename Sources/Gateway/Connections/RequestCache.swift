import Authorization
import Guardrails
import NIOCore
import ZeroTrust

/// What was made of the last request's target and host, since the next one on a connection often has the same.
struct RequestCache {
    /// A normalised path, or why there is none; the host; the route.
    ///
    /// A class, since each request hands it on several times.
    final class Entry: Sendable {
        let path: PathNormalization.Outcome
        let authority: String
        let route: RouteTable.Entry?
        /// The API that the path is of, where it says so.
        let dialect: Dialect?

        init(path: PathNormalization.Outcome, authority: String, route: RouteTable.Entry?, dialect: Dialect?) {
            self.path = path
            self.authority = authority
            self.route = route
            self.dialect = dialect
        }
    }

    private var target = ByteBuffer()
    private var host = ByteBuffer()
    private var entry: Entry?
    /// The number of the snapshot that it was made by.
    private var generation: UInt64 = 0

    /// What was made of the last request, where a snapshot makes the same of it.
    func entry(in snapshot: GatewaySnapshot) -> Entry? { generation == snapshot.number ? entry : nil }

    mutating func resolve(
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ snapshot: GatewaySnapshot
    ) -> Entry {
        if scanner.method == .connect { return Self.tunnel(scanner, head, snapshot) }
        let bytes = head.readableBytesUInt8Span
        if let entry, generation == snapshot.number, Self.equal(bytes, scanner.path, target),
            Self.equal(bytes, scanner.authority, host)
        {
            return entry
        }
        target = Self.copy(head, scanner.path)
        host = Self.copy(head, scanner.authority)
        let authority = String(buffer: host)
        let path = snapshot.configuration.pathNormalization.normalize(
            scanner.path.isEmpty ? "/" : String(buffer: target),
            compatibility: snapshot.configuration.compatibility
        )
        var route: RouteTable.Entry?
        var dialect: Dialect?
        if case .path(let path) = path {
            route = snapshot.routes.find(authority: authority, path: path)
            dialect = Dialect(path: String(path.prefix { $0 != "?" }))
        }
        let made = Entry(path: path, authority: authority, route: route, dialect: dialect)
        entry = made
        generation = snapshot.number
        return made
    }

    /// What is asked for with `CONNECT`: a host and a port, and no path.
    ///
    /// Nothing comes behind it that would ask again.
    private static func tunnel(
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ snapshot: GatewaySnapshot
    ) -> Entry {
        let authority = String(buffer: copy(head, scanner.authority))
        return Entry(
            path: .path(""),
            authority: authority,
            route: snapshot.routes.findTunnel(to: authority),
            dialect: nil
        )
    }

    private static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, _ kept: ByteBuffer) -> Bool {
        guard range.count == kept.readableBytes else { return false }
        let other = kept.readableBytesUInt8Span
        for offset in 0..<range.count where bytes[range.lowerBound + offset] != other[offset] { return false }
        return true
    }

    private static func copy(_ head: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        // Copied, so that the head's storage is not kept.
        ByteBuffer(bytes: head.readableBytesView.dropFirst(range.lowerBound).prefix(range.count))
    }
}

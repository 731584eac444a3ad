import Resources

/// One place where local workloads connect in order to call out.
public struct EgressListener: Hashable, Sendable {
    /// The listener's name.
    public var name: String
    /// Where it listens.
    public var place: Place

    /// Where a listener listens.
    public enum Place: Hashable, Sendable {
        /// A loopback address. Where it is transparent, the kernel redirects connections here that were going elsewhere.
        case loopback(address: String, port: Int, isTransparent: Bool)
        /// A Unix socket, over which the kernel says who connected.
        case unixSocket(String)
    }

    /// A listener.
    public init(name: String, place: Place) {
        self.name = name
        self.place = place
    }

    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "an egress listener")
        let name = try fields.optional("name") { try $0.string() } ?? "egress"
        let path = try fields.optional("unixSocket") { value in
            let path = try value.string()
            guard path.hasPrefix("/"), path.utf8.count <= 103 else {
                throw value.error("expected an absolute path of at most 103 bytes, found `\(path)`")
            }
            return path
        }
        let address = try fields.optional("address") { value in
            let address = try value.string()
            guard Loopback.contains(address) else {
                throw value.error(
                    "only local callers can be attested, so that an egress listener must be on loopback; found `\(address)`"
                )
            }
            return address
        }
        let port = try fields.optional("port") { try $0.integer(in: 0...65535) }
        let isTransparent = try fields.optional("transparent") { try $0.bool() }
        try fields.finish()
        if let path {
            guard address == nil, port == nil, isTransparent == nil else {
                throw value.error(
                    "the egress listener `\(name)` has `unixSocket`, and then neither `address`, `port` nor `transparent`"
                )
            }
            self.init(name: name, place: .unixSocket(path))
            return
        }
        guard let port else { throw value.error("the egress listener `\(name)` needs `port` or `unixSocket`") }
        self.init(
            name: name,
            place: .loopback(address: address ?? "127.0.0.1", port: port, isTransparent: isTransparent ?? false)
        )
    }
}

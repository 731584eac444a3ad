import Resources
import ZeroTrust

/// An Istio `ServiceEntry`: hosts that the mesh is told of beside the cluster's services.
struct MeshServiceEntry: Hashable, Sendable {
    /// The resource's kind.
    static let kind = "ServiceEntry"

    /// A port.
    struct Port: Hashable, Sendable {
        let number: Int
        /// In upper case: `TLS`.
        let kind: String
        /// The port of the host that traffic goes on to.
        let target: Int
    }

    let name: String
    let namespace: String
    let hosts: [String]
    let addresses: [String]
    let ports: [Port]
    /// The namespaces that it is told to, `.` for its own; nil or `*` for all.
    let exportTo: [String]?
    let resolution: String?
    /// Whether traffic goes to other places than the hosts' own.
    let hasEndpoints: Bool
    let location: SourceLocation

    /// Reads a resource.
    ///
    /// - Throws: `ResourceError` for what is none.
    init(_ document: Document) throws {
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a ServiceEntry needs `spec`")
        }
        name = document.metadata.name
        namespace = document.metadata.namespace
        location = document.location
        var fields = try FieldReader(spec, of: "a ServiceEntry")
        hosts = try fields.required("hosts") { try $0.list { try $0.string() } }
        addresses = try fields.optional("addresses") { try $0.list { try $0.string() } } ?? []
        ports =
            try fields.optional("ports") { value in
                try value.list { value in
                    var fields = try FieldReader(value, of: "a port")
                    let number = try fields.required("number") { try $0.integer(in: 1...65535) }
                    let kind = try fields.optional("protocol") { try $0.string() } ?? "TCP"
                    // 0 is what is left out.
                    let target = try fields.optional("targetPort") { try $0.integer(in: 0...65535) } ?? 0
                    fields.ignore("name")
                    try fields.finish()
                    return Port(number: number, kind: kind.uppercased(), target: target == 0 ? number : target)
                }
            } ?? []
        exportTo = try fields.optional("exportTo") { try $0.list { try $0.string() } }
        resolution = try fields.optional("resolution") { try $0.string() }
        let endpoints = try fields.optional("endpoints") { try $0.list { $0 } } ?? []
        let selector = fields.value("workloadSelector")
        hasEndpoints = !endpoints.isEmpty || selector.map { !$0.isNull } == true
        fields.ignore("location", "subjectAltNames")
        try fields.finish()
    }

    /// Whether a namespace is told of it.
    func isExported(to place: String) -> Bool {
        guard let exportTo, !exportTo.isEmpty else { return true }
        return exportTo.contains { $0 == "*" || $0 == place || ($0 == "." && place == namespace) }
    }

    /// Whether a port leads to any address: it is read by no name, and no addresses are written.
    func isOpen(_ port: Port) -> Bool {
        let isNamed = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTPS", "TLS"].contains(port.kind)
        return addresses.isEmpty && (!isNamed || resolution == nil || resolution == "NONE")
    }
}

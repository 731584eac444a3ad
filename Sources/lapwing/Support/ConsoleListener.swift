import Resources
import ZeroTrust

/// Where the console listens beside loopback, over mutual TLS: `consoleListener` of `Settings`.
///
/// ```yaml
/// consoleListener:
///   address: 10.0.0.7
///   port: 7444
///   names: [console.example]
///   gateway: inference
/// ```
struct ConsoleListener: Sendable {
    /// The address; `::` and `0.0.0.0` are all of the machine's.
    let address: IPAddress
    /// The port; 0 for any that is free.
    let port: Int
    /// Names under which it is asked for, in lower case, beside the address that a request came to.
    let names: [String]
    /// The gateway whose SVID it shows, and whose bundles judge callers; nil for the first of the configuration.
    let gateway: String?
    /// Where it is written.
    let location: SourceLocation

    private static let maximumNames = 32

    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "consoleListener")
        address = try fields.required("address") { value in
            let text = try value.string()
            guard let address = IPAddress(text) else { throw value.error("expected an IP address, found `\(text)`") }
            return address
        }
        port = try fields.required("port") { try $0.integer(in: 0...65535) }
        names =
            try fields.optional("names") { value in
                let names = try value.list { item in
                    let name = try item.string().lowercased()
                    guard (1...253).contains(name.utf8.count), name.utf8.allSatisfy(Self.isOfName) else {
                        throw item.error("expected a host name without a port, found `\(name.prefix(80))`")
                    }
                    return name
                }
                guard names.count <= Self.maximumNames else {
                    throw value.error("a console has at most \(Self.maximumNames) names")
                }
                return names
            } ?? []
        gateway = try fields.optional("gateway") { try $0.string() }
        try fields.finish()
        location = value.location
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
    }
}

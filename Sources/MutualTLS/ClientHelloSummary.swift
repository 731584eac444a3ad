/// What a ClientHello says in the open, read strictly, for a connection that is passed through and not ended here.
///
/// Where ``ClientHello`` notes a name and leaves the judgement to BoringSSL, nobody reads this message after us but the
/// server: whatever two readers could understand in two ways is malformed here. Lengths have to fit exactly, no extension
/// may stand twice, and nothing may follow the message in its records (RFC 8446 §4.1.2, §4.2, §5.1; RFC 6066 §3).
package struct ClientHelloSummary: Hashable, Sendable {
    /// The name of the server in lower case, or nil where there is none.
    package let serverName: String?
    /// Whether there is an `encrypted_client_hello` extension (RFC 9849), or its predecessor `encrypted_server_name`.
    ///
    /// One that only pretends (GREASE) looks the same.
    package let hidesServerName: Bool
    /// The application protocols that the client offers, in its order.
    package let applicationProtocols: [String]

    private static let serverNameExtension = 0
    private static let applicationProtocolsExtension = 16
    private static let hidingExtensions: Set<Int> = [0xfe0d, 0xffce, 0xfe08, 0xfe09, 0xfe0a, 0xfe0b, 0xfe0c]
    private static let maximumExtensions = 64

    /// Reads the body of a ClientHello message; nil where it is malformed.
    init?(body: ArraySlice<UInt8>) {
        var cursor = Cursor(body)
        guard let version = cursor.integer(2), (0x0301...0x0303).contains(version), cursor.bytes(32) != nil,
            let session = cursor.vector(1), session.count <= 32,
            let suites = cursor.vector(2), suites.count >= 2, suites.count % 2 == 0,
            let compression = cursor.vector(1), !compression.isEmpty
        else { return nil }
        var serverName: String?
        var hides = false
        var protocols: [String] = []
        if !cursor.isEmpty {
            guard let extensions = cursor.vector(2), cursor.isEmpty else { return nil }
            var seen: Set<Int> = []
            var list = Cursor(extensions)
            while !list.isEmpty {
                guard let type = list.integer(2), let data = list.vector(2), seen.insert(type).inserted,
                    seen.count <= Self.maximumExtensions
                else { return nil }
                switch type {
                case Self.serverNameExtension:
                    guard let name = Self.serverName(in: data) else { return nil }
                    serverName = name
                case Self.applicationProtocolsExtension:
                    guard let names = Self.names(in: data) else { return nil }
                    protocols = names
                default: hides = hides || Self.hidingExtensions.contains(type)
                }
            }
        }
        self.serverName = serverName
        self.hidesServerName = hides
        self.applicationProtocols = protocols
    }

    /// Exactly one name of the type host_name.
    private static func serverName(in data: ArraySlice<UInt8>) -> String? {
        var cursor = Cursor(data)
        guard let list = cursor.vector(2), cursor.isEmpty else { return nil }
        var names = Cursor(list)
        guard names.integer(1) == 0, let name = names.vector(2), names.isEmpty else { return nil }
        return ClientHello.normalized(name)
    }

    private static func names(in data: ArraySlice<UInt8>) -> [String]? {
        var cursor = Cursor(data)
        guard let list = cursor.vector(2), cursor.isEmpty, !list.isEmpty else { return nil }
        var names: [String] = []
        var rest = Cursor(list)
        while !rest.isEmpty {
            guard let name = rest.vector(1), !name.isEmpty else { return nil }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }
}

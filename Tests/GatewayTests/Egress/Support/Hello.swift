/// Makes ClientHello messages, good ones and others.
struct Hello {
    /// The server names in the extension; nil for no such extension.
    var serverNames: [String]? = ["hub.example.com"]
    /// Further extensions, by type.
    var extensions: [(type: UInt16, data: [UInt8])] = []
    /// Whether the extension with the server name stands twice.
    var repeatsServerName = false
    /// Bytes behind the message, in its last record.
    var trailing: [UInt8] = []
    /// How many records the message comes in.
    var fragments = 1

    static func named(_ name: String?) -> Hello { Hello(serverNames: name.map { [$0] }) }

    var bytes: [UInt8] {
        func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
        }
        var list: [UInt8] = [0, 43] + vector(2, vector(1, [3, 4]))
        if let serverNames {
            var names: [UInt8] = []
            for name in serverNames { names += [0] + vector(2, Array(name.utf8)) }
            let one: [UInt8] = [0, 0] + vector(2, vector(2, names))
            list += repeatsServerName ? one + one : one
        }
        for (type, data) in extensions {
            list += [UInt8(truncatingIfNeeded: type >> 8), UInt8(truncatingIfNeeded: type)] + vector(2, data)
        }
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, []) + vector(2, [0x13, 0x01]) + vector(1, [0])
            + vector(2, list)
        let message = [1] + vector(3, body) + trailing
        let size = (message.count + fragments - 1) / fragments
        return stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(2, Array(message[start..<min(start + size, message.count)]))
        }
    }
}

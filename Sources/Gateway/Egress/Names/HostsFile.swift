import ZeroTrust

/// The names of a hosts file, as hosts(5) describes it.
///
/// Names are asked of the system with a final dot, so that no search domain is tried; the system's own reader of this file
/// does not find them then.
enum HostsFile {
    /// The addresses that the file gives a name, in its order.
    static func addresses(of name: DestinationName, in text: String) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for line in text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let fields = content.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = fields.first, let address = IPAddress(String(Substring(first))),
                fields.dropFirst().contains(where: { String(Substring($0)).lowercased() == name.text }),
                !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }
}

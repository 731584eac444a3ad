/// Addresses of the internet protocols.
enum AddressFormats {
    /// RFC 2673 §3.2: four decimal numbers, without zeros before them.
    static func isIPv4(_ text: Substring.UTF8View.SubSequence) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else {
                    return false
                }
                var value = 0
                for byte in part {
                    guard byte >= 0x30, byte <= 0x39 else { return false }
                    value = value * 10 + Int(byte - 0x30)
                }
                return value < 256
            }
    }

    /// RFC 4291 §2.2, without a zone.
    static func isIPv6(_ text: Substring.UTF8View.SubSequence) -> Bool {
        let bytes = Array(text)
        guard (2...45).contains(bytes.count) else { return false }
        var groups = 0
        var hasGap = false
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: ":") {
                guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: ":"), !hasGap else { return false }
                hasGap = true
                at += 2
                continue
            }
            let start = at
            while at < bytes.count, HexDigit.value(bytes[at]) != nil { at += 1 }
            if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
                let rest = text.dropFirst(start)
                guard isIPv4(rest) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(at - start) else { return false }
            groups += 1
            guard at < bytes.count else { break }
            guard bytes[at] == UInt8(ascii: ":") else { return false }
            // One colon goes on to a group; two are the gap.
            if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: ":") { continue }
            at += 1
            guard at < bytes.count else { return false }
        }
        return hasGap ? groups <= 7 : groups == 8
    }
}

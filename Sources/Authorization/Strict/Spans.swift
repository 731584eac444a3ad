import ZeroTrust

extension Span<UInt8> {
    /// How long a host is without its port and without a dot at its end.
    var hostCount: Int {
        var end = count
        while end > 0, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[end - 1]) { end -= 1 }
        end = end > 0 && self[end - 1] == UInt8(ascii: ":") ? end - 1 : count
        while end > 0, self[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return end
    }

    /// The bounds of what stands between two indices without the blanks around it.
    func trimmed(_ start: Int, _ end: Int) -> Range<Int> {
        var (start, end) = (start, end)
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        while start < end, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}

extension Pattern {
    /// Whether two texts with a `/` between them match, without joining them.
    func matches(_ first: Span<UInt8>, joinedWith second: Span<UInt8>) -> Bool {
        let count = first.count + 1 + second.count
        func has(_ bytes: [UInt8], at offset: Int) -> Bool {
            guard offset >= 0, bytes.count <= count - offset else { return false }
            for index in 0..<bytes.count {
                let position = offset + index
                let byte =
                    position < first.count
                    ? first[position] : position == first.count ? UInt8(ascii: "/") : second[position - first.count - 1]
                guard byte == bytes[index] else { return false }
            }
            return true
        }
        switch self {
        case .present, .nonEmpty: return true
        case .exact(let value): return value.count == count && has(value, at: 0)
        case .prefix(let value): return has(value, at: 0)
        case .suffix(let value): return has(value, at: count - value.count)
        default: return false
        }
    }
}

extension IPAddress {
    /// The IPv4 address that an IPv4-mapped IPv6 address stands for, or the address itself.
    var unmapped: IPAddress {
        guard family == .v6, bits >> 32 == 0xffff else { return self }
        return IPAddress(v4: UInt32(truncatingIfNeeded: bits))
    }
}

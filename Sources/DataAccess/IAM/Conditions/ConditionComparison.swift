import ZeroTrust

/// Compares one value of a request with one of a policy.
enum ConditionComparison {
    /// A value of a policy, made ready to be compared.
    struct Wanted: Hashable, Sendable {
        /// The text, in which wildcards mean themselves.
        let plain: String
        /// The pattern, where there are wildcards and the text is one that can be compared.
        let glob: Glob?

        init(_ text: ResolvedText, _ comparison: ConditionOperator.Comparison) {
            plain = text.plain
            glob =
                switch comparison {
                case .like: Glob(text)
                case .arn: if case .glob(let glob) = ARNPattern.read(text, in: .condition) { glob } else { nil }
                default: nil
                }
        }
    }

    /// Whether they fit; nil where one of them is not of the kind that is compared.
    static func fits(_ value: String, _ policy: Wanted, _ comparison: ConditionOperator.Comparison) -> Bool? {
        switch comparison {
        case .string: value.utf8.elementsEqual(policy.plain.utf8)
        case .stringIgnoringCase: value.lowercased().utf8.elementsEqual(policy.plain.lowercased().utf8)
        case .like: policy.glob?.matches(value)
        case .numeric(let order): compare(number(value), number(policy.plain), order)
        case .date(let order): compare(milliseconds(value), milliseconds(policy.plain), order)
        case .bool: bool(value, policy.plain)
        case .binary: binary(value, policy.plain)
        case .address: address(value, policy.plain)
        case .arn: arn(value, policy.glob)
        case .null: nil
        }
    }

    private static func compare<Number: Comparable>(
        _ value: Number?,
        _ policy: Number?,
        _ order: ConditionOperator.Order
    ) -> Bool? {
        guard let value, let policy else { return nil }
        return switch order {
        case .equal: value == policy
        case .less: value < policy
        case .lessOrEqual: value <= policy
        case .greater: value > policy
        case .greaterOrEqual: value >= policy
        }
    }

    /// A decimal number: digits, a sign and a fraction.
    static func number(_ text: String) -> Double? {
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        guard text.utf8.count - digits.count <= 1, text.utf8.count <= 40, digits.contains(where: isDigit),
            digits.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        return Double(text)
    }

    /// A time as ISO 8601 (a day, or a day and a time) or as an epoch in seconds, or milliseconds where it is that long.
    static func milliseconds(_ text: String) -> Int64? {
        let isDigits = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if isDigits {
            guard text.utf8.count <= 15, let number = Int64(text) else { return nil }
            return text.utf8.count >= 12 ? number : number * 1000
        }
        return ISOTime.milliseconds(text)
    }

    private static func bool(_ value: String, _ policy: String) -> Bool? {
        let (value, policy) = (value.lowercased(), policy.lowercased())
        guard ["true", "false"].contains(value), ["true", "false"].contains(policy) else { return nil }
        return value == policy
    }

    /// Bytes in base64; a request may have them as they are.
    private static func binary(_ value: String, _ policy: String) -> Bool? {
        guard let bytes = base64(policy) else { return nil }
        return value.utf8.elementsEqual(policy.utf8) || bytes.elementsEqual(value.utf8)
    }

    private static func base64(_ text: String) -> [UInt8]? {
        let characters = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        guard text.utf8.count % 4 == 0, text.utf8.count - characters.count <= 2,
            text.utf8.dropFirst(characters.count).allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        var (bits, count, result): (UInt32, Int, [UInt8]) = (0, 0, [])
        for byte in characters {
            let digit: UInt32
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = UInt32(byte) - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = UInt32(byte) - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte) + 4
            case UInt8(ascii: "+"): digit = 62
            case UInt8(ascii: "/"): digit = 63
            default: return nil
            }
            bits = bits << 6 | digit
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }

    private static func address(_ value: String, _ policy: String) -> Bool? {
        guard let address = IPAddress(value), let block = AddressBlock(policy) else { return nil }
        return block.contains(unmapped(address))
    }

    /// An IPv4 address that came in IPv6 clothes (RFC 4291 §2.5.5.2) counts as IPv4.
    static func unmapped(_ address: IPAddress) -> IPAddress {
        guard address.family == .v6, address.bits >> 32 == 0xFFFF else { return address }
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.bits))
    }

    private static func arn(_ value: String, _ policy: Glob?) -> Bool? {
        let isARN = value.utf8.starts(with: "arn:".utf8) && value.utf8.count { $0 == UInt8(ascii: ":") } >= 5
        guard isARN, let policy else { return nil }
        return policy.matches(value)
    }
}

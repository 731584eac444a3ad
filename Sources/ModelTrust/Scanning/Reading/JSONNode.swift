/// A value of a JSON text, with the place where it stands.
struct JSONNode {
    /// What may stand in JSON; strings and keys are their UTF-8 bytes, so that two spellings of one character differ.
    enum Value {
        case null
        case bool(Bool)
        case number([UInt8])
        case string([UInt8])
        case array([JSONNode])
        case object([Member])
    }

    /// A key of an object, with its value.
    struct Member {
        let key: [UInt8]
        let value: JSONNode

        var name: String { String(decoding: key, as: UTF8.self) }
    }

    let value: Value
    /// The offset of its first byte in the text.
    let offset: Int

    /// The text of a string.
    var text: String? {
        guard case .string(let bytes) = value else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The members of an object.
    var members: [Member]? {
        guard case .object(let members) = value else { return nil }
        return members
    }

    /// The elements of an array.
    var elements: [JSONNode]? {
        guard case .array(let elements) = value else { return nil }
        return elements
    }

    /// A whole number that is not negative and is written plainly: no sign, fraction or exponent.
    var unsigned: UInt64? {
        guard case .number(let digits) = value else { return nil }
        return UInt64(plain: digits)
    }

    /// The member of an object under a key.
    subscript(key: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.key.elementsEqual(key.utf8) }?.value
    }
}

extension UInt64 {
    /// Digits and nothing else.
    init?(plain digits: some Sequence<UInt8>) {
        var result: UInt64 = 0
        var any = false
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (product, over) = result.multipliedReportingOverflow(by: 10)
            let (sum, past) = product.addingReportingOverflow(UInt64(digit - 0x30))
            guard !over, !past else { return nil }
            result = sum
            any = true
        }
        guard any else { return nil }
        self = result
    }
}

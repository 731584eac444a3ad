/// A value of a JSON text, with the place where it stands.
struct JSONNode {
    /// What may stand in JSON; strings and keys are their UTF-8 bytes, so that two spellings of one character differ.
    enum Value {
        case null
        case bool(Bool)
        case number(JSONNumber)
        case string([UInt8])
        case array([JSONNode])
        /// An array of numbers and nothing else, of which there can be millions.
        case numbers([JSONNumber])
        /// A long array of texts, and of short lists of texts, which are not kept.
        case words(JSONWordList)
        case object([Member])
    }

    /// A key of an object, with its value.
    struct Member {
        let key: [UInt8]
        let value: JSONNode

        var name: String { String(decoding: key, as: UTF8.self) }
    }

    let value: Value
    private let place: UInt32

    init(value: Value, offset: Int) {
        self.value = value
        place = UInt32(clamping: offset)
    }

    /// The offset of its first byte in the text.
    var offset: Int { Int(place) }

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
        switch value {
        case .array(let elements): elements
        case .numbers(let numbers): numbers.map { JSONNode(value: .number($0), offset: offset) }
        case .words(let list): list.elements
        default: nil
        }
    }

    /// A whole number that is not negative and is written plainly: no sign, fraction or exponent.
    var unsigned: UInt64? {
        guard case .number(let number) = value else { return nil }
        return number.whole
    }

    /// The member of an object under a key.
    subscript(key: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        let length = key.utf8.count
        return members.first { $0.key.count == length && $0.key.elementsEqual(key.utf8) }?.value
    }
}

/// A number of a JSON text, as far as anything is done with it.
struct JSONNumber {
    private let word: UInt64

    /// Reads a number as it is written.
    init(_ text: ArraySlice<UInt8>) { word = UInt64(plain: text) ?? .max }

    /// Its value, where it is whole, not negative and written plainly: no sign, fraction or exponent.
    ///
    /// The largest number of 64 bits, of which there is no use, is none.
    var whole: UInt64? { word == .max ? nil : word }
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

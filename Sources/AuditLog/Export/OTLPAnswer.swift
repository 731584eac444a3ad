/// What a receiver of OTLP says of what it was sent (OTLP 1.x, "Partial Success").
public struct OTLPAnswer: Hashable, Sendable {
    /// How many records or spans it did not take.
    public private(set) var rejected: UInt64 = 0
    /// Why.
    public private(set) var message = ""

    /// Reads an `ExportLogsServiceResponse` or `ExportTraceServiceResponse`; what is no such message says nothing.
    public init(_ bytes: [UInt8]) {
        guard bytes.count <= 65_536 else { return }
        var outer = bytes[...]
        while let field = Self.field(&outer) {
            guard field.number == 1, case .data(var inner) = field.value else { continue }
            while let field = Self.field(&inner) {
                switch (field.number, field.value) {
                case (1, .integer(let count)): rejected = count
                case (2, .data(let text)): message = String(decoding: text.prefix(500), as: UTF8.self)
                default: break
                }
            }
        }
    }

    private enum Value {
        case integer(UInt64)
        case data(ArraySlice<UInt8>)
    }

    private static func field(_ bytes: inout ArraySlice<UInt8>) -> (number: UInt64, value: Value)? {
        guard let tag = varint(&bytes) else { return nil }
        switch tag & 7 {
        case 0: return varint(&bytes).map { (tag >> 3, .integer($0)) }
        case 2:
            guard let length = varint(&bytes), length <= UInt64(bytes.count) else { return nil }
            defer { bytes = bytes.dropFirst(Int(length)) }
            return (tag >> 3, .data(bytes.prefix(Int(length))))
        default: return nil
        }
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}

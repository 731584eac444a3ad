/// The methods that the gateway forwards (RFC 9110 §9, RFC 5789).
///
/// `TRACE` is known and refused, and so is `CONNECT` but where a route lets it through; anything else, and any other
/// spelling, is unknown (RFC 9110 §9.1: methods are case-sensitive).
enum HTTP1Method: String, Hashable, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    /// Asks for a tunnel (RFC 9110 §9.3.6).
    case connect = "CONNECT"

    /// The method that the bytes spell.
    init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTP1Refusal) {
        guard range.count >= 3, range.count <= 7 else { throw HTTP1Refusal(.unknownMethod) }
        var packed: UInt64 = 0
        for index in range { packed = packed << 8 | UInt64(bytes[index]) }
        switch packed {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504f_5354: self = .post
        case 0x50_5554: self = .put
        case 0x50_4154_4348: self = .patch
        case 0x4445_4c45_5445: self = .delete
        case 0x4f_5054_494f_4e53: self = .options
        case 0x43_4f4e_4e45_4354: self = .connect
        case 0x54_5241_4345: throw HTTP1Refusal(.unsupportedMethod)
        default: throw HTTP1Refusal(.unknownMethod)
        }
    }
}

/// Looks at what a request says, once it has been read and found to be within its guardrail.
public protocol RequestInspector: Sendable {
    /// Looks at a request.
    func inspect(_ request: ModelRequest) -> RequestInspection
}

/// What an inspector says of a request.
public struct RequestInspection: Sendable {
    /// Why the request is refused; nil where it is not.
    public var refusal: DialectRefusal?
    /// What has to be changed in its body before it may go on.
    ///
    /// What comes of that is read and inspected again, and is refused where anything is left to be changed.
    public var edits: [BodyEdit] = []
    /// What was found.
    public var findings: [RequestFinding] = []

    /// Says that there is nothing to say.
    public init() {}
}

/// A text of a body that is to be another.
public struct BodyEdit: Sendable, Hashable {
    /// The bytes of the body that are taken out.
    public let range: Range<Int>
    /// What stands in their place.
    public let bytes: [UInt8]

    /// A change.
    public init(range: Range<Int>, bytes: [UInt8]) {
        self.range = range
        self.bytes = bytes
    }

    /// A body with some changes, none of which overlaps another.
    static func applied(_ edits: [BodyEdit], to body: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var place = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) where edit.range.lowerBound >= place
        {
            result += body[place..<edit.range.lowerBound]
            result += edit.bytes
            place = edit.range.upperBound
        }
        return result + body[place...]
    }
}

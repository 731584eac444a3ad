/// What of an answer may go on.
public enum AnswerPiece: Hashable, Sendable {
    /// These bytes, and more is to come.
    case bytes([UInt8])
    /// These bytes, and nothing after them: the answer is refused.
    ///
    /// Where nothing of the answer has gone out, and no bytes stand here, the client gets the refusal instead.
    case refused([UInt8], DialectRefusal)
}

/// Something that was found in an answer.
public struct AnswerNote: Hashable, Sendable {
    /// The rule that found it: `pii/CREDIT_CARD`.
    public let rule: String
    /// The text of the answer in which it was found.
    public let field: String
    /// The bytes of that text, as it came.
    public let range: Range<Int>
}

/// Looks at an answer while it is sent on, piece by piece.
///
/// One is made for each answer. It is fed every byte of the answer's content in order, without its framing, and gives
/// out what may be sent; what it keeps back it gives out later, or never. What it gives out does not depend on how the
/// bytes were cut. It runs on the event loop of the client's connection.
public protocol AnswerFilter: AnyObject {
    /// Takes bytes of the answer, and gives out what may be sent.
    func feed(_ bytes: [UInt8]) -> AnswerPiece

    /// The answer is over, and gives out the rest.
    func finish() -> AnswerPiece

    /// What was found so far, and taken out or let through.
    var notes: [AnswerNote] { get }
}

extension AnswerFilter {
    /// Nothing is found by what only refuses.
    public var notes: [AnswerNote] { [] }
}

/// Makes the filters of answers.
public protocol AnswerFilterMaker: Sendable {
    /// A filter for the answer to a request.
    ///
    /// - Throws: ``DialectRefusal`` for an answer that cannot be looked at, such as one of an unknown content type.
    func filter(
        for request: ModelRequest,
        status: Int,
        contentType: String?
    ) throws(DialectRefusal) -> any AnswerFilter

    /// Whether calls of tools are held against the schemas of the request, which are then read when it is judged.
    var judgesToolCalls: Bool { get }

    /// Whether its filters keep the texts of the request until the answer is over.
    var keepsTexts: Bool { get }
}

extension AnswerFilterMaker {
    /// Most look at no calls.
    public var judgesToolCalls: Bool { false }

    /// Most keep none of it.
    public var keepsTexts: Bool { false }
}

/// Holds answers against a schema; each is kept back until it is whole.
public struct AnswerSchema: AnswerFilterMaker {
    private let schema: JSONSchema
    private let limits: JSONLimits

    /// Holds answers of at most so many bytes against a schema.
    public init(_ schema: JSONSchema, maximumBytes: Int = 4 << 20) {
        self.schema = schema
        self.limits = JSONLimits(bytes: maximumBytes, values: 200_000)
    }

    /// A filter for an answer; one that reports an error of the upstream is let through as it is.
    public func filter(
        for request: ModelRequest,
        status: Int,
        contentType: String?
    ) throws(DialectRefusal) -> any AnswerFilter {
        guard (200..<300).contains(status) else { return Unchanged() }
        let type = contentType?.prefix { $0 != ";" }.trimmingSpaces().lowercased()
        guard type == "application/json" else {
            throw DialectRefusal(
                status: 502,
                rule: "answer_content_type",
                message: "the answer is no JSON, which its schema asks for"
            )
        }
        return Whole(schema, limits)
    }

    private final class Unchanged: AnswerFilter {
        func feed(_ bytes: [UInt8]) -> AnswerPiece { .bytes(bytes) }
        func finish() -> AnswerPiece { .bytes([]) }
    }

    private final class Whole: AnswerFilter {
        private let schema: JSONSchema
        private let limits: JSONLimits
        private var body: [UInt8] = []

        init(_ schema: JSONSchema, _ limits: JSONLimits) {
            self.schema = schema
            self.limits = limits
        }

        func feed(_ bytes: [UInt8]) -> AnswerPiece {
            guard body.count + bytes.count <= limits.bytes else {
                return .refused(
                    [],
                    DialectRefusal(
                        status: 502,
                        rule: "answer_too_large",
                        message: "the answer is too large to be checked"
                    )
                )
            }
            body += bytes
            return .bytes([])
        }

        func finish() -> AnswerPiece {
            do throws(JSONFailure) {
                let document = try JSONDocument(body, limits: limits)
                switch schema.verdict(on: document.root, bounds: .init(steps: 2_000_000, violations: 1)) {
                case .valid: return .bytes(body)
                case .undecided: return refused("answer_schema_undecided", "", nil)
                case .invalid(let violations):
                    let place = AnswerField.path(pointer: violations.first?.instance ?? "")
                    return refused("answer_schema_violation", place, violations.first?.range)
                }
            } catch {
                let place = AnswerField.path(ofMember: error.path)
                return refused("answer_\(error.code.rawValue)", place, error.offset..<error.offset)
            }
        }

        /// What the answer holds is no business of the client's, nor of records and logs.
        private func refused(_ rule: String, _ path: String, _ range: Range<Int>?) -> AnswerPiece {
            .refused(
                [],
                DialectRefusal(
                    status: 502,
                    rule: rule,
                    path: path,
                    range: range,
                    message: "the answer is not as its schema has it"
                )
            )
        }
    }
}

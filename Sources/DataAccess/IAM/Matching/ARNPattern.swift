/// Which resources an element of `Resource` or `NotResource` stands for.
///
/// An ARN is matched part by part: a wildcard in one of the first five does not go over the `:`; in the sixth it goes
/// over everything.
enum ARNPattern {
    /// In which kind of policy a pattern stands: they read ARNs of fewer than six parts differently.
    enum Setting {
        /// Identity, boundary, session and endpoint policies: what is missing is anything.
        case principal
        /// Resource policies: so too, where there is a wildcard; without one it is no ARN.
        case resource
        /// Service control policies: so too, where the last part is `*`; else it is refused.
        case serviceControl
        /// Resource control policies: refused.
        case resourceControl
        /// Conditions that compare ARNs: refused too, and a wildcard may stand where a type is named.
        case condition
    }

    /// What a pattern turned out to be.
    enum Reading: Hashable {
        /// A pattern over whole ARNs.
        case glob(Glob)
        /// One of fewer than six parts, filled up.
        case short(Glob)
        /// Nothing: no resource is meant.
        case nothing
        /// Something that is refused: the statement matches nothing, not even by exclusion.
        case refused
    }

    /// Reads text whose variables are filled in.
    static func read(_ text: ResolvedText, in setting: Setting) -> Reading {
        let parts = split(text)
        if parts.count == 1, parts[0].allSatisfy({ $0 == Glob.star }), !parts[0].isEmpty {
            return .glob(Glob(tokens: [Glob.star]))
        }
        guard parts[0].elementsEqual(Glob.tokens("arn", isLiteral: true)), parts.count >= 3 else { return .nothing }
        if parts.count == 6 { return setting != .condition && hasOpenType(parts) ? .nothing : .glob(join(parts)) }
        let hasWildcard = parts.contains { $0.contains { $0 >= 256 } }
        switch setting {
        case .principal: break
        case .resource: guard hasWildcard else { return .nothing }
        case .serviceControl: guard parts.last == [Glob.star] else { return .refused }
        case .resourceControl, .condition: return .refused
        }
        return .short(join(parts + Array(repeating: [Glob.star], count: 6 - parts.count)))
    }

    /// The parts of an ARN; the sixth has what is left, `:` included.
    private static func split(_ text: ResolvedText) -> [[Glob.Token]] {
        var parts: [[Glob.Token]] = [[]]
        for token in text.pieces.flatMap({ Glob.tokens($0.text, isLiteral: $0.isLiteral) }) {
            if token == Glob.Token(UInt8(ascii: ":")), parts.count < 6 {
                parts.append([])
            } else {
                parts[parts.count - 1].append(token)
            }
        }
        return parts
    }

    /// Services whose resources have no type before the first `/` or `:`.
    private static let untyped = Set(
        ["s3", "sqs", "sns", "execute-api", "*"].map { Glob.tokens($0, isLiteral: false) }
    )

    /// Whether a wildcard stands where the type of a resource is named, which fits no type (IAM User Guide, "ARNs").
    private static func hasOpenType(_ parts: [[Glob.Token]]) -> Bool {
        guard !untyped.contains(parts[2]) else { return false }
        let separators = [UInt8(ascii: "/"), UInt8(ascii: ":")].map(Glob.Token.init)
        guard let end = parts[5].firstIndex(where: { separators.contains($0) }) else { return false }
        return parts[5][..<end].contains { $0 >= 256 }
    }

    private static func join(_ parts: [[Glob.Token]]) -> Glob {
        var tokens: [Glob.Token] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { tokens.append(Glob.Token(UInt8(ascii: ":"))) }
            if index < 5 {
                tokens += part.map { token in
                    switch token {
                    case Glob.any: Glob.anyInPart
                    case Glob.star: Glob.starInPart
                    default: token
                    }
                }
            } else {
                tokens += part
            }
        }
        return Glob(tokens: tokens)
    }

    /// What AWS would refuse about an element of `Resource`.
    static func problem(with text: String) -> String? {
        guard text != "*" else { return nil }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.first == "arn", parts.count >= 3 else {
            return "`\(text.prefix(120))` is no ARN; it stands for nothing"
        }
        guard parts.count == 6 else { return "`\(text.prefix(120))` is an ARN of \(parts.count) parts; expected 6" }
        return nil
    }
}

/// The resource that a request is about.
public enum RequestedResource: Hashable, Sendable {
    /// One resource.
    case exact(String)
    /// Some of those that a pattern stands for, in which `*` is the only wildcard: it is asked whether any is allowed.
    case some(String)
    /// None: the action is about none, such as `s3:ListAllMyBuckets`.
    case none

    /// The text.
    public var description: String {
        switch self {
        case .exact(let text), .some(let text): text
        case .none: "*"
        }
    }

    /// The pattern over whole ARNs.
    var glob: Glob {
        switch self {
        case .exact(let text): return Glob(literal: text)
        case .none: return Glob(tokens: [Glob.star])
        case .some(let text):
            let pieces = text.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
            var resolved: [ResolvedText.Piece] = []
            for (index, piece) in pieces.enumerated() {
                if index > 0 { resolved.append(.init(text: "*", isLiteral: false)) }
                resolved.append(.init(text: piece, isLiteral: true))
            }
            switch ARNPattern.read(ResolvedText(pieces: resolved), in: .principal) {
            case .glob(let glob), .short(let glob): return glob
            case .nothing, .refused: return Glob(literal: text)
            }
        }
    }
}

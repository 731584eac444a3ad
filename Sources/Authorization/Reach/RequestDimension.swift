/// What a policy can look at, each independent of the others.
enum RequestDimension: Hashable, Sendable {
    case caller
    case method
    /// The path and the query.
    case target
    case authority
    case port
    case source
    case remote
    case destination
    case serverName
    /// The values of a header, by its name in lower case.
    case header(String)
    /// Who issued the token, where there is one.
    case issuer
    /// Whom the token is about, where it says so.
    case subject
    /// Another claim of the token, by the names that lead to it.
    case claim([String])

    /// The order in which the dimensions are gone through and printed.
    var order: (Int, String) {
        switch self {
        case .caller: (0, "")
        case .method: (1, "")
        case .target: (2, "")
        case .authority: (3, "")
        case .port: (4, "")
        case .source: (5, "")
        case .remote: (6, "")
        case .destination: (7, "")
        case .serverName: (8, "")
        case .header(let name): (9, name)
        case .issuer: (10, "")
        case .subject: (11, "")
        case .claim(let path): (12, path.joined(separator: "\u{0}"))
        }
    }
}

/// Which callers: those of some names, and perhaps those that proved none.
struct CallerSet: Hashable, Sendable {
    var names: Language
    var includesAnonymous: Bool
}

/// A condition on the lines of a header: each set of `required` has the value of one of them, none is in `forbidden`,
/// and there are as many as `count` says.
struct ValueCondition: Hashable, Sendable {
    /// How many lines there may be.
    enum Count: Hashable, Sendable { case any, atMostOne, atLeastTwo }

    /// In order, each once.
    let required: [Language]
    var forbidden: Language
    var count: Count

    init(required: [Language], forbidden: Language, count: Count = .any) {
        self.required = Set(required).sorted()
        self.forbidden = forbidden
        self.count = count
    }

    /// The same with one more set that must have a value.
    func requiring(_ language: Language) -> ValueCondition {
        ValueCondition(required: required + [language], forbidden: forbidden, count: count)
    }
}

/// A set of methods, by their places in ``RequestScreen/methods``.
struct MethodSet: Hashable, Sendable {
    private let bits: UInt64

    private static let names = RequestScreen.methods.sorted()
    /// Every method.
    static let all = MethodSet { _ in true }
    /// What asks for a tunnel.
    static let tunnels = MethodSet { $0 == "CONNECT" }
    /// Every method that asks for a path.
    static let requests = tunnels.complement

    private init(bits: UInt64) {
        self.bits = bits
    }

    /// The methods that a condition picks.
    init(where isMember: (String) -> Bool) {
        self.bits = Self.names.enumerated().reduce(0) { isMember($1.element) ? $0 | 1 << UInt64($1.offset) : $0 }
    }

    var isEmpty: Bool { bits == 0 }
    var complement: MethodSet { MethodSet(bits: Self.all.bits & ~bits) }
    func intersection(_ other: MethodSet) -> MethodSet { MethodSet(bits: bits & other.bits) }

    /// The methods, in the order of their names.
    var members: [String] {
        Self.names.enumerated().filter { bits & 1 << UInt64($0.offset) != 0 }.map(\.element)
    }

    func contains(_ method: String) -> Bool { members.contains(method) }
}

extension MethodSet: CustomStringConvertible {
    /// The methods, or those that are left out, whichever are fewer.
    var description: String {
        if self == .all || self == .requests { return Languages.any }
        let others = complement.intersection(.requests).members
        return others.count < members.count
            ? "any except " + others.joined(separator: ", ") : members.joined(separator: ", ")
    }
}

/// Which values of one dimension are meant.
enum RequestPart: Hashable, Sendable {
    case callers(CallerSet)
    case methods(MethodSet)
    case text(Language)
    case ports(IntervalSet<UInt16>)
    case addresses(AddressSet)
    case values(ValueCondition)
}

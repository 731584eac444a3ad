/// What a request carries beside who, what and on what: the keys that conditions and variables ask for.
public struct RequestContext: Hashable, Sendable {
    /// The value of a key.
    public enum Value: Hashable, Sendable {
        /// One value.
        case single(String)
        /// A list of values, for a key that has several.
        case list([String])

        var all: [String] {
            switch self {
            case .single(let value): [value]
            case .list(let values): values
            }
        }
    }

    /// What is known of a key beforehand.
    public struct Knowledge: Hashable, Sendable {
        /// Whether it is known if the request has the key.
        public let isPresenceKnown: Bool
        /// Whether its value is known.
        public let isValueKnown: Bool

        /// What is known of a key.
        public init(isPresenceKnown: Bool, isValueKnown: Bool) {
            self.isPresenceKnown = isPresenceKnown
            self.isValueKnown = isValueKnown
        }

        /// Everything.
        public static let complete = Knowledge(isPresenceKnown: true, isValueKnown: true)
        /// Nothing.
        public static let none = Knowledge(isPresenceKnown: false, isValueKnown: false)
    }

    /// Values by key in lower case: names of keys are the same in upper and lower case.
    private let values: [String: Value]
    private let knowledge: @Sendable (_ key: String) -> Knowledge
    /// Whether a key is there twice, in upper and in lower case: nobody knows which of the two counts.
    let isAmbiguous: Bool
    /// Whether every key is known; one that is not there is absent.
    public let isComplete: Bool

    /// What a request carries; a key that is not there is absent.
    public init(_ values: [String: Value] = [:]) {
        self.values = Self.lowercased(values)
        self.isAmbiguous = self.values.count < values.count
        self.knowledge = { _ in .complete }
        self.isComplete = true
    }

    /// What is known of a request; of every key is asked what is known of it.
    public init(_ values: [String: Value], knowing knowledge: @escaping @Sendable (_ key: String) -> Knowledge) {
        self.values = Self.lowercased(values)
        self.isAmbiguous = self.values.count < values.count
        self.knowledge = knowledge
        self.isComplete = false
    }

    /// What a request carries, by keys that are in lower case.
    init(lowercase values: [String: Value]) {
        self.values = values
        self.isAmbiguous = false
        self.knowledge = { _ in .complete }
        self.isComplete = true
    }

    /// What is known of a request, by keys that are in lower case; of every key is asked what is known of it.
    init(
        lowercase values: [String: Value],
        knowing knowledge: @escaping @Sendable (_ key: String) -> Knowledge
    ) {
        self.values = values
        self.isAmbiguous = false
        self.knowledge = knowledge
        self.isComplete = false
    }

    private static func lowercased(_ values: [String: Value]) -> [String: Value] {
        Dictionary(values.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
    }

    /// The value of a key.
    public subscript(_ key: String) -> Value? { values[key.lowercased()] }

    /// The value of a key that is in lower case.
    subscript(lowercase key: String) -> Value? { values[key] }

    /// All values, by key in lower case.
    public var all: [String: [String]] { values.mapValues(\.all) }

    /// What is known of a key.
    func knowledge(of key: String) -> Knowledge { knowledge(key.lowercased()) }

    /// Equal where the values are.
    public static func == (left: Self, right: Self) -> Bool {
        left.values == right.values && left.isComplete == right.isComplete
    }

    /// Hashes the values.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(values)
        hasher.combine(isComplete)
    }
}

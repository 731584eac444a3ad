/// A layer that stands between whoever owns a component and something that the component must not have.
public enum BlastLayer: String, Hashable, Sendable, CaseIterable, Codable {
    /// Network policies: which addresses packets get to.
    case network
    /// The mesh's policies: which calls are answered.
    case mesh
    /// The policies of AWS roles.
    case identity = "aws-identity"
    /// The policies of buckets, and S3's Block Public Access.
    case bucket = "aws-bucket"
    /// `pg_hba.conf` and `pg_ident.conf`: which certificate logs in as which role.
    case login = "pg-login"
    /// PostgreSQL's grants, ownership and memberships.
    case grants = "pg-grants"
    /// PostgreSQL's row-level security.
    case rows = "pg-rows"

    /// What it is, for people.
    public var summary: String {
        switch self {
        case .network: "network policies"
        case .mesh: "mesh policies"
        case .identity: "policies of AWS roles"
        case .bucket: "bucket policies"
        case .login: "mTLS, pg_hba.conf and pg_ident.conf"
        case .grants: "PostgreSQL grants"
        case .rows: "row-level security"
        }
    }
}

/// What a layer says of one way to something.
public struct BlastVerdict: Hashable, Sendable {
    /// The answer.
    public enum Answer: String, Hashable, Sendable, Codable {
        /// It lets it through.
        case allows
        /// It does not.
        case denies
        /// It could not be decided, which counts as letting it through.
        case undecided
        /// Nothing of the layer was given, which counts as letting it through.
        case open
    }

    /// The answer.
    public let answer: Answer
    /// The rule, statement, grant or policy that says so, with its file and line where it has one; or why it is not known.
    public let rule: String

    /// A verdict.
    public init(_ answer: Answer, _ rule: String) {
        self.answer = answer
        self.rule = rule
    }

    /// That nothing of a layer was given.
    public static let notGiven = BlastVerdict(.open, "not looked at")

    /// Whether it is in the way.
    public var isInTheWay: Bool { answer == .denies }
    /// Whether it is not known what the layer says.
    public var isDoubtful: Bool { answer == .undecided || answer == .open }
}

/// What may be done, and to what.
public struct BlastTarget: Hashable, Sendable, Comparable, Codable {
    /// What is done.
    public enum Act: String, Hashable, Sendable, CaseIterable, Codable {
        /// Reading data.
        case read
        /// Changing data.
        case write
        /// Calling another component.
        case call
        /// Sending to hosts outside.
        case reach

        /// The word of a sentence.
        var verb: String { self == .reach ? "reaches" : rawValue + "s" }
    }

    /// What is done.
    public let act: Act
    /// To what: `orders in s3`, `scorer.score`, `the internet`.
    public let resource: String

    /// Something that may be done.
    public init(_ act: Act, _ resource: String) {
        self.act = act
        self.resource = resource
    }

    /// By act, then by resource.
    public static func < (left: Self, right: Self) -> Bool {
        let order = Act.allCases
        return (order.firstIndex(of: left.act) ?? 0, left.resource)
            < (order.firstIndex(of: right.act) ?? 0, right.resource)
    }
}

/// One way in which a component gets to something, and what each layer on it says.
///
/// A way is open where no layer is in it, the layers that are taken away left out; what is open stays open when a layer
/// is taken away.
public struct BlastWay: Hashable, Sendable {
    /// Whose way it is.
    public let component: String
    /// Where it leads.
    public let target: BlastTarget
    /// The dataset, where it is one.
    public let dataset: String?
    /// The component that is called, where one is.
    public let callee: String?
    /// What the component does to get there, in order: `assumes role helper`.
    public let steps: [String]
    /// What each layer on the way says.
    public let verdicts: [BlastLayer: BlastVerdict]

    /// A way.
    public init(
        component: String,
        target: BlastTarget,
        dataset: String? = nil,
        callee: String? = nil,
        steps: [String] = [],
        verdicts: [BlastLayer: BlastVerdict]
    ) {
        self.component = component
        self.target = target
        self.dataset = dataset
        self.callee = callee
        self.steps = steps
        self.verdicts = verdicts
    }

    /// Whether nothing is in the way but what was taken away.
    public func isOpen(without layers: Set<BlastLayer>) -> Bool {
        verdicts.allSatisfy { !$0.value.isInTheWay || layers.contains($0.key) }
    }

    /// How many layers that are not taken away could not be decided.
    func doubts(without layers: Set<BlastLayer>) -> Int {
        verdicts.count { $0.value.answer == .undecided && !layers.contains($0.key) }
    }
}

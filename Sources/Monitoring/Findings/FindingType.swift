/// What kind of thing was found: the detectors of the specification, with the techniques that each points to.
public enum FindingType: UInt8, Hashable, Sendable, CaseIterable {
    /// M1: a path that no policy declares.
    case undeclaredEdge = 1
    /// M2: a declared path, or an action, that was never used before.
    case firstSeenEdge = 2
    /// M3: an identity's first access to a model.
    case firstModelAccess = 3
    /// M4: far more than usual was read or asked.
    case bulkExtraction = 4
    /// M5: little at a time, and in the end much of a dataset.
    case lowAndSlow = 5
    /// M6: queries that look like the making of a copy of a model.
    case modelExtraction = 6
    /// M7: more adversarial input than is usual, or the same from several.
    case adversarialInput = 7
    /// M8: the record itself is in doubt.
    case integrity = 8
    /// M9: a rule of Sigma matches.
    case sigmaRule = 9

    /// The short name: `M1`.
    public var code: String { "M\(rawValue)" }

    /// The name in configuration, metrics and output.
    public var name: String {
        switch self {
        case .undeclaredEdge: "undeclared_edge"
        case .firstSeenEdge: "first_seen_edge"
        case .firstModelAccess: "first_model_access"
        case .bulkExtraction: "bulk_extraction"
        case .lowAndSlow: "low_and_slow"
        case .modelExtraction: "model_extraction"
        case .adversarialInput: "adversarial_input"
        case .integrity: "integrity"
        case .sigmaRule: "sigma_rule"
        }
    }

    /// The type of a name or a code; nil for an unknown one.
    public init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name || $0.code == name }) else { return nil }
        self = found
    }

    /// The techniques of MITRE ATT&CK that it may be a sign of.
    public var attackTechniques: [String] {
        switch self {
        case .undeclaredEdge: ["T1021", "T1048", "T1071"]
        case .firstSeenEdge: ["T1078", "T1021"]
        case .firstModelAccess: ["T1078", "T1213"]
        case .bulkExtraction: ["T1530", "T1020", "T1213"]
        case .lowAndSlow: ["T1030", "T1029"]
        case .modelExtraction: ["T1119"]
        case .adversarialInput: ["T1190"]
        case .integrity: ["T1562.008", "T1070"]
        // Each rule has its own.
        case .sigmaRule: []
        }
    }

    /// The techniques of MITRE ATLAS that it may be a sign of.
    public var atlasTechniques: [String] {
        switch self {
        case .undeclaredEdge: ["AML.T0025"]
        case .firstSeenEdge: ["AML.T0012"]
        case .firstModelAccess: ["AML.T0040", "AML.T0012"]
        case .bulkExtraction: ["AML.T0025", "AML.T0035"]
        case .lowAndSlow: ["AML.T0025", "AML.T0024"]
        case .modelExtraction: ["AML.T0024.002", "AML.T0024"]
        case .adversarialInput: ["AML.T0051", "AML.T0054"]
        case .integrity: ["AML.T0031"]
        case .sigmaRule: []
        }
    }

    /// Whether a finding is of an amount, so that accepting it accepts that much and no more.
    var isMeasured: Bool {
        switch self {
        case .bulkExtraction, .lowAndSlow, .adversarialInput: true
        case .undeclaredEdge, .firstSeenEdge, .firstModelAccess, .modelExtraction, .integrity, .sigmaRule: false
        }
    }

    /// How long after a finding's last record another one still belongs to it, in nanoseconds; nil for a type whose
    /// findings stay the same thing however long it takes.
    var groupingGap: Int64? {
        switch self {
        case .firstSeenEdge, .firstModelAccess: 10 * 60 * 1_000_000_000
        case .bulkExtraction, .adversarialInput, .sigmaRule: 24 * 3600 * 1_000_000_000
        case .undeclaredEdge, .lowAndSlow, .modelExtraction, .integrity: nil
        }
    }
}

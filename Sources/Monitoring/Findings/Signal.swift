/// What one detector says of one observation; several become one ``Finding``.
public struct Signal: Hashable, Sendable {
    /// What kind of thing it is.
    public var type: FindingType
    /// How much it matters.
    public var severity: Severity
    /// Who it is about.
    public var subject: String
    /// What it is about.
    public var object: String
    /// What happened, in one line.
    public var cause: String
    /// What was measured.
    public var measure: Finding.Measure
    /// What this adds to a group, such as one edge of a roll-out; nil where there is nothing to list.
    public var member: String?
    /// Techniques of MITRE ATT&CK, where they are known better than by the type.
    public var attack: [String]?
    /// Techniques of MITRE ATLAS, where they are known better than by the type.
    public var atlas: [String]?
    /// How the cause reads once the group has several members; the count is put in front.
    public var groupCause: String?

    /// A signal.
    public init(
        type: FindingType,
        severity: Severity,
        subject: String,
        object: String = "",
        cause: String,
        measure: Finding.Measure,
        member: String? = nil,
        attack: [String]? = nil,
        atlas: [String]? = nil,
        groupCause: String? = nil
    ) {
        self.type = type
        self.severity = severity
        self.subject = subject
        self.object = object
        self.cause = cause
        self.measure = measure
        self.member = member
        self.attack = attack
        self.atlas = atlas
        self.groupCause = groupCause
    }
}

/// What makes two signals the same finding: the type, and numbers that stand for the subject and the object.
public struct FindingKey: Hashable, Sendable {
    /// The type.
    public var type: FindingType
    /// What the detector calls the subject by.
    public var subject: UInt64
    /// What it calls the object by.
    public var object: UInt64

    /// A key.
    public init(_ type: FindingType, _ subject: UInt64, _ object: UInt64 = 0) {
        self.type = type
        self.subject = subject
        self.object = object
    }
}

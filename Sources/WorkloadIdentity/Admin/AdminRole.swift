/// What an administrator does.
public enum AdminRole: String, Hashable, Sendable, CaseIterable {
    /// Looks at entries, bundles and the authority's state.
    case viewer
    /// Looks at the same, and at the audit log.
    case auditor
    /// Changes entries and rotates the authority.
    case operate = "operator"
    /// Says what becomes of findings, and sees what an auditor does.
    case responder
    /// Releases models; of the authority it sees what a viewer does.
    case releaser

    /// Whether the role may do something.
    public func permits(_ action: AdminAction) -> Bool {
        switch self {
        case .operate: true
        case .responder: !action.isChange || action.isOfFindings
        case .auditor: !action.isChange
        case .viewer, .releaser: !action.isChange && action != .readRecords
        }
    }
}

/// Something that is done over the admin socket.
public enum AdminAction: String, Hashable, Sendable, CaseIterable {
    /// Lists the entries.
    case listEntries = "entry.list"
    /// Shows one entry.
    case showEntry = "entry.show"
    /// Makes an entry.
    case createEntry = "entry.create"
    /// Deletes an entry.
    case deleteEntry = "entry.delete"
    /// Shows a bundle.
    case showBundle = "bundle.show"
    /// Lists the trust domains that this one federates with.
    case listFederation = "federation.list"
    /// Has their bundles fetched now.
    case refreshFederation = "federation.refresh"
    /// Makes a join token.
    case createJoinToken = "join-token.create"
    /// Rotates the authority.
    case rotateAuthority = "authority.rotate"
    /// Revokes an identity or a certificate.
    case revoke = "identity.revoke"
    /// Takes a revocation back.
    case restore = "identity.restore"
    /// Lists what is revoked.
    case listRevocations = "revocation.list"
    /// Shows the state.
    case status = "status.show"
    /// Shows the configuration in force.
    case showConfiguration = "configuration.show"
    /// Has the configuration read again.
    case reloadConfiguration = "configuration.reload"
    /// Opens the console.
    case openConsole = "console.open"
    /// Reads the audit log in the console.
    case readRecords = "records.read"
    /// Takes a finding up.
    case acknowledgeFinding = "finding.acknowledge"
    /// Says that what was found is how things are.
    case acceptFinding = "finding.accept"
    /// Says that what was found is over.
    case resolveFinding = "finding.resolve"

    /// Whether it says what becomes of a finding.
    public var isOfFindings: Bool {
        switch self {
        case .acknowledgeFinding, .acceptFinding, .resolveFinding: true
        default: false
        }
    }

    /// Whether it changes anything.
    public var isChange: Bool {
        switch self {
        case .createEntry, .deleteEntry, .rotateAuthority, .revoke, .restore, .reloadConfiguration, .refreshFederation,
            .createJoinToken, .acknowledgeFinding, .acceptFinding, .resolveFinding:
            true
        case .listEntries, .showEntry, .showBundle, .listFederation, .listRevocations, .status, .showConfiguration,
            .openConsole, .readRecords:
            false
        }
    }
}

/// What kind of thing a verb does, whichever protocol it is a word of.
public enum VerbClass: UInt8, Hashable, Sendable, CaseIterable {
    /// A connection was made; what was said on it is not known.
    case connect = 0
    /// Something was read or listed.
    case read = 1
    /// Something was asked for that is neither reading nor keeping: an inference.
    case call = 2
    /// Something was made or changed.
    case write = 3
    /// Something was removed, stopped or switched off.
    case delete = 4
    /// Rights, identities or settings were changed.
    case administer = 5

    /// The name in findings and declared edges.
    public var name: String {
        switch self {
        case .connect: "connect"
        case .read: "read"
        case .call: "call"
        case .write: "write"
        case .delete: "delete"
        case .administer: "administer"
        }
    }

    /// The class of a name; nil for an unknown one.
    public init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// The class of a verb: a method of HTTP, a statement's class in pgaudit, or the name of a cloud's action, of which
    /// the first word decides (`GetObject`, `StopLogging`).
    public init(verb: String) {
        if let known = Self.whole[verb] {
            self = known
            return
        }
        let first = verb.utf8.dropFirst().firstIndex { (0x41...0x5a).contains($0) } ?? verb.utf8.endIndex
        self = Self.words[String(verb[..<first])] ?? .call
    }

    private static let whole: [String: VerbClass] = [
        "TCP": .connect, "UDP": .connect, "CONNECT": .connect,
        "GET": .read, "HEAD": .read, "OPTIONS": .read, "READ": .read, "SELECT": .read, "COPY": .read,
        "POST": .call, "FUNCTION": .call,
        "PUT": .write, "PATCH": .write, "WRITE": .write, "INSERT": .write, "UPDATE": .write,
        "DELETE": .delete, "TRUNCATE": .delete,
        "ROLE": .administer, "DDL": .administer, "GRANT": .administer, "REVOKE": .administer,
    ]

    private static let words: [String: VerbClass] = [
        "Get": .read, "List": .read, "Describe": .read, "Head": .read, "Batch": .read, "Lookup": .read,
        "Search": .read, "Select": .read, "Query": .read, "Scan": .read, "Download": .read, "View": .read,
        "Check": .read, "Generate": .read, "Decrypt": .read, "Simulate": .read, "Test": .read, "Estimate": .read,
        "Create": .write, "Put": .write, "Update": .write, "Modify": .write, "Upload": .write, "Copy": .write,
        "Set": .write, "Start": .write, "Run": .write, "Import": .write, "Restore": .write, "Register": .write,
        "Enable": .write, "Tag": .write, "Publish": .write, "Send": .write, "Allocate": .write, "Complete": .write,
        "Delete": .delete, "Remove": .delete, "Stop": .delete, "Terminate": .delete, "Disable": .delete,
        "Deregister": .delete, "Detach": .delete, "Disassociate": .delete, "Leave": .delete, "Cancel": .delete,
        "Reset": .delete, "Release": .delete, "Untag": .delete, "Revoke": .delete, "Purge": .delete,
        "Attach": .administer, "Associate": .administer, "Add": .administer, "Authorize": .administer,
        "Assume": .administer, "Grant": .administer, "Login": .administer, "Console": .administer,
        "Share": .administer, "Invite": .administer, "Accept": .administer, "Change": .administer,
    ]
}

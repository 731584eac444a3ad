/// A place in the console, and the path that leads to it.
///
/// Links are made of these alone, so that none can lead elsewhere whatever a name holds.
package enum ConsolePath: Hashable, Sendable {
    /// Page one.
    case overview
    /// Findings; all of them, or those that ask for somebody.
    case findings(all: Bool)
    /// One finding.
    case finding(String)
    /// Where a finding is acknowledged.
    case acknowledge(String)
    /// What is recorded under an id.
    case record(String)
    /// The proof of an entry of the log.
    case proof(UInt64)
    /// The search of the record, with what is sought and the entry behind which a page begins.
    case audit(query: String, behind: UInt64?)
    /// Who has which identity, but for the first so many.
    case identities(from: Int)
    /// Policies, but for the first so many, and what they say of a request.
    case policies(from: Int)
    /// One policy.
    case policy(namespace: String, name: String)
    /// Models.
    case models
    /// Datasets, but for the first so many.
    case datasets(from: Int)
    /// Who calls whom, whole.
    case graph
    /// New rows as they come.
    case live
    /// Where a token is exchanged for a session.
    case open
    /// Where a session is ended.
    case leave
    /// The style sheet.
    case stylesheet
    /// The script.
    case script
    /// The icon.
    case icon

    /// The path and query.
    package var text: String {
        switch self {
        case .overview: "/"
        case .findings(let all): all ? "/findings?all=1" : "/findings"
        case .finding(let id): "/findings/" + FormText.encode(id)
        case .acknowledge(let id): "/findings/" + FormText.encode(id) + "/acknowledge"
        case .record(let id): "/records/" + FormText.encode(id)
        case .proof(let entry): "/proofs/\(entry).tlog-proof"
        case .audit(let query, let behind):
            "/audit" + (query.isEmpty ? "" : "?q=" + FormText.encode(query))
                + (behind.map { (query.isEmpty ? "?" : "&") + "behind=\($0)" } ?? "")
        case .identities(let first): "/identities" + Self.from(first)
        case .policies(let first): "/policies" + Self.from(first)
        case .policy(let namespace, let name): "/policies/" + FormText.encode(namespace) + "/" + FormText.encode(name)
        case .models: "/models"
        case .datasets(let first): "/datasets" + Self.from(first)
        case .graph: "/graph"
        case .live: "/live"
        case .open: "/open"
        case .leave: "/leave"
        case .stylesheet: "/style.css"
        case .script: "/script.js"
        case .icon: "/icon.svg"
        }
    }

    private static func from(_ first: Int) -> String { first > 0 ? "?from=\(first)" : "" }

    private static func first(_ form: FormText) -> Int { form["from"].flatMap { Int($0) }.map { max(0, $0) } ?? 0 }

    /// The place of a request; nil where there is none.
    ///
    /// - Parameters:
    ///   - path: the path, without the query, as it was sent.
    ///   - form: the query's fields.
    package init?(path: String, form: FormText) {
        guard path.hasPrefix("/"), path.utf8.count <= 2048 else { return nil }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(FormText.decode)
        let names = parts.compactMap(\.self)
        guard names.count == parts.count else { return nil }
        switch (names.count, names[0]) {
        case (1, ""): self = .overview
        case (1, "findings"): self = .findings(all: form["all"] == "1")
        case (2, "findings") where !names[1].isEmpty: self = .finding(names[1])
        case (3, "findings") where names[2] == "acknowledge": self = .acknowledge(names[1])
        case (2, "records"): self = .record(names[1])
        case (2, "proofs"):
            guard names[1].hasSuffix(".tlog-proof"), let entry = UInt64(names[1].dropLast(11)) else { return nil }
            self = .proof(entry)
        case (1, "audit"): self = .audit(query: form["q"] ?? "", behind: form["behind"].flatMap { UInt64($0) })
        case (1, "identities"): self = .identities(from: Self.first(form))
        case (1, "policies"): self = .policies(from: Self.first(form))
        case (3, "policies"): self = .policy(namespace: names[1], name: names[2])
        case (1, "models"): self = .models
        case (1, "datasets"): self = .datasets(from: Self.first(form))
        case (1, "graph"): self = .graph
        case (1, "live"): self = .live
        case (1, "open"): self = .open
        case (1, "leave"): self = .leave
        case (1, "style.css"): self = .stylesheet
        case (1, "script.js"): self = .script
        case (1, "icon.svg"): self = .icon
        default: return nil
        }
    }

    /// Whether it is done by sending a form.
    package var isAct: Bool {
        switch self {
        case .acknowledge, .leave: true
        default: false
        }
    }

    /// Whether it tells nothing, and needs no session.
    package var isPublic: Bool {
        switch self {
        case .stylesheet, .script, .icon, .open: true
        default: false
        }
    }
}

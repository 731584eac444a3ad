/// Which rows the policies of a table let a session read and change.
struct PostgreSQLRowReach {
    /// What is done to a table.
    enum Command: String, CaseIterable {
        case select = "SELECT"
        case insert = "INSERT"
        case update = "UPDATE"
        case delete = "DELETE"
        /// No policy is asked about this one.
        case truncate = "TRUNCATE"
    }

    /// What the rows of a dataset say of themselves in a table that several share.
    struct Labels {
        let dataset: String
        let purposes: [String]
        let classification: String
        let producer: String
    }

    /// Who asks, and about which rows.
    struct Question {
        let session: String
        let current: String
        /// The one in the certificate.
        let spiffeID: String
        let table: PostgreSQLState.Relation
        let labels: Labels?
    }

    private let values: [PostgreSQLState.Key: String]
    private let roles: PostgreSQLRoles
    private let policies: [PostgreSQLState.Relation: [PostgreSQLPolicyText]]
    /// Whether the function that compares the certificate is the one that Lapwing makes.
    private let isCertified: Bool

    init(_ state: PostgreSQLState, _ roles: PostgreSQLRoles) {
        values = state.values
        self.roles = roles
        var policies: [PostgreSQLState.Relation: [PostgreSQLPolicyText]] = [:]
        for (key, value) in state.values.sorted(by: { $0.key < $1.key }) {
            guard case .policy(let table, let name) = key else { continue }
            policies[table, default: []].append(PostgreSQLPolicyText(name, value))
        }
        self.policies = policies
        isCertified = state.values[.function("certified", types: "")] == PostgreSQLState.certified
    }

    /// Whether a row may be read, made, changed or taken away.
    func verdict(_ command: Command, _ question: Question) -> BlastVerdict {
        let (table, current) = (question.table, question.current)
        for attribute: Substring in ["SUPERUSER", "BYPASSRLS"] where roles.has(attribute, current) {
            return BlastVerdict(.allows, "\(current) has \(attribute)")
        }
        // An owner takes policies away.
        if let owner = values[.tableOwner(table)], roles.inherited(by: current).contains(owner) {
            return BlastVerdict(.allows, "\(owner) owns \(table)")
        }
        let security = values[.rowSecurity(table)] ?? "DISABLE"
        guard security.hasPrefix("ENABLE") else {
            return BlastVerdict(.allows, "row-level security is off on \(table)")
        }
        guard command != .truncate else { return BlastVerdict(.allows, "TRUNCATE asks no policy of \(table)") }
        let granted = roles.inherited(by: current)
        let applied = (policies[table] ?? []).filter { policy in
            policy.concerns(command.rawValue)
                && (policy.roles.isEmpty || policy.roles.contains(where: granted.contains))
        }
        let answers = applied.map { ($0, holds($0, command, question)) }
        if let stopping = answers.first(where: { $0.0.isRestrictive && $0.1 == false }) {
            return BlastVerdict(.denies, "policy \(stopping.0.name) on \(table)")
        }
        let permissive = answers.filter { !$0.0.isRestrictive && $0.1 != false }
        guard let opening = permissive.first(where: { $0.1 == true }) ?? permissive.first else {
            return BlastVerdict(.denies, "no policy on \(table) for \(command.rawValue) by \(current)")
        }
        let doubtful = answers.first { $0.0.isRestrictive && $0.1 == nil }
        guard doubtful == nil, opening.1 == true else {
            return BlastVerdict(.undecided, "policy \((doubtful ?? opening).0.name) on \(table) is not understood")
        }
        return BlastVerdict(.allows, "policy \(opening.0.name) on \(table)")
    }

    /// Whether a policy lets it through for some row; nil where that is not known.
    private func holds(_ policy: PostgreSQLPolicyText, _ command: Command, _ question: Question) -> Bool? {
        guard policy.isUnderstood else { return nil }
        // What is there is its producer's; what is written may say that it is anybody's.
        let existing = [question.labels?.producer].compactMap(\.self)
        let written = existing + [question.session]
        switch command {
        case .select, .delete, .truncate: return holds(policy.using, existing, question)
        case .insert: return holds(policy.check ?? policy.using, written, question)
        case .update:
            let seen = holds(policy.using, existing, question)
            let made = holds(policy.check ?? policy.using, written, question)
            if seen == false || made == false { return false }
            return seen == nil || made == nil ? nil : true
        }
    }

    private func holds(_ condition: String?, _ producers: [String], _ question: Question) -> Bool? {
        guard let condition else { return true }
        var isUnknown = false
        for producer in producers.isEmpty ? [nil] : producers.map(Optional.some) {
            switch expression(question, producer).holds(condition) {
            case true?: return true
            case false?: continue
            case nil: isUnknown = true
            }
        }
        return isUnknown ? nil : false
    }

    private func expression(_ question: Question, _ producer: String?) -> RowExpression {
        var expression = RowExpression()
        expression.names = ["session_user": .text(question.session), "current_user": .text(question.current)]
        if let labels = question.labels {
            expression.names["dataset"] = .text(labels.dataset)
            expression.names["purposes"] = .list(labels.purposes)
            expression.names["classification"] = .text(labels.classification)
            expression.names["producer"] = producer.map { .text($0) }
        }
        if isCertified {
            let registered = values[.registration(question.session)]
            expression.functions["\(PostgreSQLModel.schema).certified"] = .bool(registered == question.spiffeID)
        }
        return expression
    }
}

/// A policy in the form in which `CREATE POLICY` has it, read back.
struct PostgreSQLPolicyText {
    let name: String
    let isRestrictive: Bool
    let command: String
    /// The roles; empty for PUBLIC.
    let roles: [String]
    let using: String?
    let check: String?
    /// Whether all of it could be read.
    let isUnderstood: Bool

    init(_ name: String, _ definition: String) {
        self.name = name
        // A quote is one, whatever mark comes after it.
        var rest = definition.unicodeScalars[...]
        func take(_ text: String) -> Bool {
            guard rest.starts(with: text.unicodeScalars) else { return false }
            rest = rest.dropFirst(text.unicodeScalars.count)
            return true
        }
        var isUnderstood = take("AS ")
        isRestrictive = take("RESTRICTIVE")
        if !isRestrictive { isUnderstood = take("PERMISSIVE") && isUnderstood }
        isUnderstood = take(" FOR ") && isUnderstood
        command = String(rest.prefix { $0 != " " })
        rest = rest.dropFirst(command.unicodeScalars.count)
        isUnderstood = take(" TO ") && isUnderstood
        var roles: [String] = []
        if !take("PUBLIC") {
            repeat {
                guard take("\"") else { break }
                var role = String.UnicodeScalarView()
                while let next = rest.popFirst() {
                    if next != "\"" {
                        role.append(next)
                    } else if rest.first == "\"" {
                        role.append("\"")
                        rest.removeFirst()
                    } else {
                        break
                    }
                }
                roles.append(String(role))
            } while take(", ")
            isUnderstood = isUnderstood && !roles.isEmpty
        }
        self.roles = roles
        using = take(" USING ") ? Self.bracket(&rest) : nil
        check = take(" WITH CHECK ") ? Self.bracket(&rest) : nil
        self.isUnderstood = isUnderstood && rest.isEmpty
    }

    func concerns(_ command: String) -> Bool { self.command == "ALL" || self.command == command }

    /// What stands in the bracket that a text begins with, quotes heeded.
    private static func bracket(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var depth = 0
        var quote: Unicode.Scalar?
        var end = rest.startIndex
        while end < rest.endIndex {
            let character = rest[end]
            end = rest.index(after: end)
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "(" {
                depth += 1
            } else if character == ")" {
                depth -= 1
                if depth == 0 { break }
            }
        }
        guard depth == 0, rest.first == "(" else { return nil }
        let content = rest[rest.startIndex..<end].dropFirst().dropLast()
        rest = rest[end...]
        return String(content)
    }
}

/// As whom a certificate logs in, by `pg_hba.conf` and `pg_ident.conf`.
struct PostgreSQLLogin {
    private let rules: [PostgreSQLHostRule]?
    private let maps: [PostgreSQLNameMap]?
    private let database: String
    /// The subject of the certificate; nil for a client without one.
    private let certificate: String?

    init(_ catalog: PostgreSQLCatalog, database: String, certificate: String?) {
        rules = catalog.hostRules
        maps = catalog.nameMaps
        self.database = database
        self.certificate = certificate
    }

    /// Whether a client over the network gets in as a role, over TLS or without.
    func verdict(as role: String, hasPassword: Bool) -> BlastVerdict {
        guard let rules else { return BlastVerdict(.undecided, "pg_hba.conf is not visible") }
        let secure: Set = ["hostssl", "host", "hostnogssenc"]
        let plain: Set = ["hostnossl", "host", "hostnogssenc"]
        let answers = [secure, plain].map { verdict(rules, $0, role, hasPassword, isSecure: $0 == secure) }
        return answers.first { $0.answer == .allows } ?? answers.first { $0.answer == .undecided } ?? answers[0]
    }

    /// What the first rules that can fit make of it: what hangs on more than the role and the database may fit or not.
    private func verdict(
        _ rules: [PostgreSQLHostRule],
        _ types: Set<String>,
        _ role: String,
        _ hasPassword: Bool,
        isSecure: Bool
    ) -> BlastVerdict {
        var doubt: BlastVerdict?
        for rule in rules where rule.error == nil && types.contains(rule.type) && mayFit(rule, role) {
            let verdict = verdict(rule, role, hasPassword, isSecure)
            switch verdict.answer {
            case .allows: return verdict
            case .undecided, .open: doubt = doubt ?? verdict
            case .denies: break
            }
            guard !surelyFits(rule, role) else { return doubt ?? verdict }
        }
        return doubt ?? BlastVerdict(.denies, "no rule of pg_hba.conf for \(role)")
    }

    private func verdict(
        _ rule: PostgreSQLHostRule,
        _ role: String,
        _ hasPassword: Bool,
        _ isSecure: Bool
    ) -> BlastVerdict {
        let place = "pg_hba.conf:\(rule.line)"
        switch rule.method {
        case "trust":
            let asksForCertificate = rule.options.contains { $0.hasPrefix("clientcert=") }
            guard asksForCertificate, !isSecure || certificate == nil else { return BlastVerdict(.allows, place) }
            return BlastVerdict(.denies, place)
        case "reject": return BlastVerdict(.denies, place)
        case "cert":
            guard isSecure, let certificate else { return BlastVerdict(.denies, place) }
            return map(rule, certificate, role, place)
        case "password", "md5", "scram-sha-256":
            return hasPassword
                ? BlastVerdict(.undecided, "\(place): with the password of \(role)") : BlastVerdict(.denies, place)
        default: return BlastVerdict(.undecided, "\(place): by `\(rule.method)`")
        }
    }

    private func map(_ rule: PostgreSQLHostRule, _ subject: String, _ role: String, _ place: String) -> BlastVerdict {
        // A server's view of its rules leaves `clientname` out: either name may be meant then.
        let parts = subject.split(separator: ",")
        let common = parts.first { $0.hasPrefix("CN=") }.map { [String($0.dropFirst(3))] } ?? []
        let names: [String] =
            if rule.options.contains("clientname=DN") {
                [subject]
            } else if rule.options.contains("clientname=CN") {
                common
            } else {
                common + [subject]
            }
        guard let name = rule.options.first(where: { $0.hasPrefix("map=") })?.dropFirst(4) else {
            // Without a map the name in the certificate has to be the role's.
            return BlastVerdict(names.contains(role) ? .allows : .denies, place)
        }
        guard let maps else { return BlastVerdict(.undecided, "\(place): pg_ident.conf is not visible") }
        var doubt: BlastVerdict?
        for line in maps where line.map == name && line.error == nil {
            let rule = "\(place), pg_ident.conf:\(line.line)"
            let isPattern = line.subject.hasPrefix("/") || line.role.hasPrefix("/") || line.role.hasPrefix("+")
            if isPattern {
                doubt = doubt ?? BlastVerdict(.undecided, rule)
            } else if names.contains(line.subject), line.role == role || line.role == "all" {
                return BlastVerdict(.allows, rule)
            }
        }
        return doubt ?? BlastVerdict(.denies, "\(place), and no line of pg_ident.conf for \(role)")
    }

    private func mayFit(_ rule: PostgreSQLHostRule, _ role: String) -> Bool {
        rule.users.contains { $0 == "all" || $0 == role || $0.hasPrefix("+") || $0.hasPrefix("/") }
            && rule.databases.contains {
                $0 == "all" || $0 == database || ["sameuser", "samerole", "samegroup"].contains($0) || $0.hasPrefix("/")
            }
    }

    private func surelyFits(_ rule: PostgreSQLHostRule, _ role: String) -> Bool {
        rule.users.contains { $0 == "all" || $0 == role } && rule.databases.contains { $0 == "all" || $0 == database }
            && rule.address == "all"
    }
}

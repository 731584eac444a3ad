import Crypto
import ZeroTrust

extension InjectionSection {
    /// What requests are judged by, in 16 hexadecimal digits: a digest of rules, model, thresholds and tiers.
    ///
    /// Two gateways with one basis come to one verdict on one request, bit for bit.
    public var basis: String {
        var hash = SHA256()
        hash.update(data: Self.build)
        for channel in policy.channels.map(\.rawValue).sorted() {
            guard let channel = TextChannel(rawValue: channel) else { continue }
            let tiers = policy.tiers(for: channel).map(\.rawValue).sorted().joined(separator: ",")
            let threshold = policy.threshold(for: channel).map(String.init) ?? "none"
            let line = "\(channel.rawValue) \(tiers) \(threshold) \(policy.action(for: channel).rawValue)\n"
            hash.update(data: Array(line.utf8))
        }
        return Hexadecimal.text(hash.finalize().prefix(8))
    }

    /// The digest of the rules and the model of this build.
    private static let build: [UInt8] = {
        var hash = SHA256()
        hash.update(data: EmbeddedTables.injection)
        for (rule, patterns) in InjectionRuleBook.rules {
            hash.update(data: Array("\(rule.id) \(rule.weight) \(patterns.joined(separator: ";"))\n".utf8))
        }
        return Array(hash.finalize())
    }()
}

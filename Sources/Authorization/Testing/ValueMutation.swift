import ZeroTrust

/// The ways in which one value can be written wrongly.
enum ValueMutation {
    /// Other texts for a value; none that means the same.
    static func all(
        of text: String,
        as subject: AuthorizationPolicy.Subject
    ) -> [(kind: MutationOperator, text: String)] {
        switch subject {
        case .sourceIP, .remoteIP, .destinationIP: return blocks(of: text)
        case .destinationPort: return []
        case .serviceAccount: return changedCase(text)
        default: break
        }
        var result: [(MutationOperator, String)] = []
        let isTemplate = subject == .path && PathTemplate.isTemplate(text)
        if text != "*" { result.append((.widenValue, "*")) }
        if isTemplate {
            result += templates(of: text)
        } else if text != "*", text.hasPrefix("*") || text.hasSuffix("*") {
            result.append((.tightenValue, String(text.hasPrefix("*") ? text.dropFirst() : text.dropLast())))
        } else if text != "*" {
            for loose in [text + "*", "*" + text] where isLooser(loose, than: text, subject) {
                result.append((.loosenValue, loose))
            }
        }
        // Hosts are compared without regard to case.
        if subject != .host { result += changedCase(text) }
        return result
    }

    /// Whether a wildcard lets anything else match: of methods only those that are understood arrive.
    private static func isLooser(_ loose: String, than text: String, _ subject: AuthorizationPolicy.Subject) -> Bool {
        guard subject == .method || subject == .header(":method") else { return true }
        return RequestScreen.methods.contains { method in
            method != text && (loose.hasPrefix("*") ? method.hasSuffix(text) : method.hasPrefix(text))
        }
    }

    private static func templates(of text: String) -> [(MutationOperator, String)] {
        var result: [(MutationOperator, String)] = []
        if text.hasSuffix("{**}") { result.append((.tightenValue, text.dropLast(4) + "{*}")) }
        if text.hasSuffix("/{*}"), !text.contains("{**}") {
            result.append((.loosenValue, text.dropLast(4) + "/{**}"))
        }
        return result
    }

    private static func blocks(of text: String) -> [(MutationOperator, String)] {
        guard let block = AddressBlock(text) else { return [] }
        let width = block.network.family == .v4 ? 32 : 128
        var result: [(MutationOperator, String)] = []
        if block.prefixLength > 0 { result.append((.widenValue, block.network.family == .v4 ? "0.0.0.0/0" : "::/0")) }
        if block.prefixLength > 1 { result.append((.loosenValue, "\(block.network)/\(block.prefixLength - 1)")) }
        if block.prefixLength < width { result.append((.tightenValue, "\(block.network)/\(block.prefixLength + 1)")) }
        return result
    }

    private static func changedCase(_ text: String) -> [(MutationOperator, String)] {
        let changed = String(
            text.map { letter in letter.isUppercase ? Character(letter.lowercased()) : Character(letter.uppercased()) }
        )
        return changed == text ? [] : [(.changeCase, changed)]
    }
}

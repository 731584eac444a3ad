/// Addresses of mail (RFC 5321 §4.1.2, RFC 6531).
enum MailFormat {
    static func isAddress(_ text: String, isInternational: Bool) -> Bool {
        guard let at = text.lastIndex(of: "@") else { return false }
        let (local, domain) = (text[..<at], text[text.index(after: at)...])
        guard isLocal(local, isInternational) else { return false }
        if domain.hasPrefix("["), domain.hasSuffix("]") {
            let literal = domain.dropFirst().dropLast()
            if literal.lowercased().hasPrefix("ipv6:") { return AddressFormats.isIPv6(literal.dropFirst(5).utf8) }
            return AddressFormats.isIPv4(literal.utf8)
        }
        return isInternational ? isInternationalDomain(domain) : HostFormats.isHostname(String(domain))
    }

    /// Labels of letters, digits, hyphens and whatever is not ASCII (RFC 6531 §3.3).
    private static func isInternationalDomain(_ text: Substring) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                guard label.utf8.contains(where: { $0 >= 0x80 }) else { return HostFormats.isHostname(String(label)) }
                return !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.unicodeScalars.allSatisfy { scalar in
                        !scalar.isASCII || ScalarSet.word.contains(scalar.value) && scalar != "_" || scalar == "-"
                    }
            }
    }

    private static func isLocal(_ text: Substring, _ isInternational: Bool) -> Bool {
        guard (1...64).contains(text.utf8.count) else { return false }
        if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
            var isEscaped = false
            for scalar in text.dropFirst().dropLast().unicodeScalars {
                guard (0x20...0x7E).contains(scalar.value) || (isInternational && scalar.value > 0x7F) else {
                    return false
                }
                if isEscaped {
                    isEscaped = false
                } else if scalar == "\\" {
                    isEscaped = true
                } else if scalar == "\"" {
                    return false
                }
            }
            return !isEscaped
        }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.unicodeScalars.allSatisfy { scalar in
                    if scalar.isASCII {
                        return ScalarSet.word.contains(scalar.value)
                            || "!#$%&'*+-/=?^`{|}~".unicodeScalars.contains(scalar)
                    }
                    return isInternational && scalar.value > 0x7F
                }
        }
    }
}

import SPIFFE
import ZeroTrust

extension Attributes {
    /// What a request has of an attribute: in words, and as a value that a policy could list for just that.
    func words(for subject: AuthorizationPolicy.Subject) -> (text: String, value: String?) {
        func quoted(_ text: String) -> (String, String?) { ("`\(text)`", text.isEmpty ? nil : text) }
        switch subject {
        case .principal:
            return named { $0.hasPrefix("spiffe://") ? String($0.dropFirst(9)) : nil }
        case .namespace: return named { Self.segment(after: "/ns/", in: $0) }
        case .serviceAccount:
            return named { name in
                guard let namespace = Self.segment(after: "/ns/", in: name),
                    let account = Self.segment(after: "/sa/", in: name)
                else { return nil }
                return "\(namespace)/\(account)"
            }
        case .trustDomain:
            return named { $0.hasPrefix("spiffe://") ? String($0.dropFirst(9).prefix { $0 != "/" }) : nil }
        case .modelDigest: return caller.model.map { quoted($0.digest) } ?? ("no model", nil)
        case .modelSigner: return caller.model.map { quoted($0.signer) } ?? ("no model", nil)
        case .sourceIP: return quoted("\(source)")
        case .remoteIP: return quoted("\(remote)")
        case .destinationIP: return quoted("\(destination.address)")
        case .destinationPort: return quoted("\(destination.port)")
        case .host: return quoted(authority)
        case .method: return quoted(method)
        case .path: return quoted(String(path.prefix { $0 != "?" && $0 != "#" }))
        case .serverName: return serverName.map(quoted) ?? ("no server name", nil)
        case .header(":authority"), .header("host"): return quoted(authority)
        case .header(":method"): return quoted(method)
        case .header(":path"): return quoted(path)
        case .header(let name):
            let lines = headers.filter { $0.name == name }.map(\.value)
            guard let first = lines.first else { return ("no such header", nil) }
            return (lines.map { "`\($0)`" }.joined(separator: ", "), first.isEmpty ? nil : first)
        case .requestPrincipal:
            guard let token else { return ("no token", nil) }
            return quoted("\(token.issuer ?? "")/\(token.subject ?? "")")
        case .requestAudience: return claim(token?.audience)
        case .requestPresenter: return claim(token?.presenter)
        case .requestClaim(let path): return claim(token?.claim(at: path))
        case .filterMetadata: return ("no metadata of filters", nil)
        }
    }

    /// A value that means just what the request has, or nil where every way to write it means more.
    func value(for subject: AuthorizationPolicy.Subject) -> String? {
        guard let value = words(for: subject).value, !value.hasPrefix("*"), !value.hasSuffix("*"),
            ValueCheck.problem(with: value, as: subject) == nil, subject != .path || !PathTemplate.isTemplate(value)
        else { return nil }
        return value
    }

    private func claim(_ claim: TokenClaims.Claim?) -> (String, String?) {
        guard token != nil else { return ("no token", nil) }
        guard let claim else { return ("no such claim", nil) }
        let texts = claim.texts
        guard let first = texts.first else { return ("a claim that is no string", nil) }
        return (texts.map { "`\($0)`" }.joined(separator: ", "), first)
    }

    private func named(_ part: (String) -> String?) -> (String, String?) {
        guard !caller.names.isEmpty else { return ("no identity", nil) }
        for name in caller.names {
            if let value = part(name) { return ("`\(value)`", value) }
        }
        return (caller.names.map { "`\($0)`" }.joined(separator: ", "), nil)
    }

    private static func segment(after mark: String, in name: String) -> String? {
        guard let range = name.firstRange(of: mark) else { return nil }
        return String(name[range.upperBound...].prefix { $0 != "/" })
    }
}

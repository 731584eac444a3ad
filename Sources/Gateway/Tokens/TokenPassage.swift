import Authorization
import NIOCore
import ZeroTrust

/// What became of a request's tokens, and what that changes in the request that goes on and in the one that is recorded.
///
/// There is one only where a `RequestAuthentication` selects the workload; a class, since each request hands it on several
/// times, whether there is one or not.
final class TokenPassage {
    /// What policy is told.
    let verdict: TokenVerdict
    /// The path as it is recorded: without the parameters in which tokens may stand.
    let recordedPath: String
    /// The path that goes upstream.
    let path: String
    /// The names, as ``folded(_:)`` writes them, of the header lines that do not go upstream.
    let removedHeaders: Set<String>
    /// The header lines, names in lower case, that say upstream what a token proves.
    let claimHeaders: [Exchange.Header]
    /// The names, folded, of the header lines in which only verified claims count.
    private let reservedHeaders: Set<String>
    /// The header lines that go upstream beside the client's.
    let addedLines: ByteBuffer

    /// Verifies the tokens of a request.
    ///
    /// - Parameters:
    ///   - verifier: by what rules.
    ///   - headers: the lines that the verifier consults, names in lower case.
    ///   - path: the path and query.
    ///   - isPreflight: whether it is a CORS preflight.
    init(_ verifier: TokenVerifier, headers: [Exchange.Header], path: String, isPreflight: Bool = false) {
        verdict = verifier.verify(TokenRequest(headers: headers, path: path, isPreflight: isPreflight))
        recordedPath = Self.recorded(path, by: verifier)
        let forwarding = verdict.identity?.forwarding ?? TokenForwarding()
        self.path = forwarding.path(path)
        reservedHeaders = Set(verifier.reservedHeaders.map(Self.folded))
        var removed = verifier.reservedHeaders.union(forwarding.removedHeaders)
        var lines = ByteBuffer()
        if !forwarding.removedCookies.isEmpty {
            removed.insert("cookie")
            for line in headers where line.name == "cookie" {
                let kept = Self.cookies(line.value, without: forwarding.removedCookies)
                if !kept.isEmpty { lines.writeString("cookie: \(kept)\r\n") }
            }
        }
        for header in forwarding.setHeaders { lines.writeString("\(header.name): \(header.value)\r\n") }
        removedHeaders = Set(removed.map(Self.folded))
        claimHeaders = forwarding.setHeaders
        addedLines = lines
    }

    /// A name as servers that make variables of headers read it: they tell neither case nor `_` from `-` apart.
    static func folded(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }

    /// The header lines that policy looks at, as the upstream will see them.
    func headers(_ sent: [Exchange.Header], consulted: Set<String>) -> [Exchange.Header] {
        let reserved = Set(claimHeaders.map { Self.folded($0.name) })
        return sent.filter {
            !reservedHeaders.contains(Self.folded($0.name)) && !reserved.contains(Self.folded($0.name))
        }
            + claimHeaders.filter { consulted.contains($0.name) }
    }

    /// A path as it is recorded: without the parameters in which tokens may stand.
    static func recorded(_ path: String, by verifier: TokenVerifier) -> String {
        var secrets = TokenForwarding()
        secrets.removedParameters = Array(verifier.consultedParameters)
        return secrets.path(path)
    }

    private static func cookies(_ line: String, without names: [String]) -> String {
        line.split(separator: ";").filter { pair in
            let name = pair.prefix { $0 != "=" }.drop { $0 == " " || $0 == "\t" }
            return !names.contains(String(name))
        }
        .map { String($0.drop { $0 == " " || $0 == "\t" }) }.joined(separator: "; ")
    }
}

public import Authorization
import FoundationEssentials
import Resources
import ZeroTrust

/// Where one issuer's keys are fetched, and on what terms.
public struct IssuerKeySource: Sendable, Hashable {
    /// The URL that is asked: of a key set, or of the issuer's own description.
    public let url: String
    /// The issuer whose description is asked for the place of its keys; nil where ``url`` serves them.
    public let discoveredIssuer: String?
    /// How long one fetch may take, all redirects included.
    public let timeout: Duration
    /// How often, how long and over what connections.
    public let settings: TokenKeySettings

    /// A source made in code.
    public init(
        url: String,
        discoveredIssuer: String? = nil,
        timeout: Duration = .seconds(5),
        settings: TokenKeySettings = TokenKeySettings()
    ) {
        self.url = url
        self.discoveredIssuer = discoveredIssuer
        self.timeout = timeout
        self.settings = settings
    }

    /// The source that a rule of a `RequestAuthentication` names; nil for one that brings its keys.
    ///
    /// - Throws: `ResourceError` for a URL that is not asked: plaintext, unless to loopback and allowed.
    public init?(_ rule: RequestAuthentication.JWTRule, settings: TokenKeySettings) throws {
        let location: SourceLocation
        switch rule.keys {
        case .inline, .trustDomain: return nil
        case .url(let url): location = url.location
        case .discovery: location = rule.issuer?.location ?? rule.location
        }
        guard case .url(let url) = try TokenRule(rule).keys else { return nil }
        self.init(
            url: url,
            discoveredIssuer: rule.keys == .discovery ? rule.issuer?.text : nil,
            timeout: rule.timeout,
            settings: settings
        )
        if let problem = Self.problem(with: url, settings) { throw ResourceError(at: location, problem) }
    }

    /// Why a URL is not asked; nil where it may be.
    ///
    /// Keys that come over plaintext are anybody's keys. On loopback alone they may come so, and only if that is said.
    static func problem(with url: String, _ settings: TokenKeySettings) -> String? {
        guard let parts = URL(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host(),
            !host.isEmpty
        else { return "`\(url.prefix(200))` is no URL from which keys could be fetched" }
        guard parts.user() == nil, parts.password() == nil else {
            return "a URL from which keys are fetched has no user and no password in it"
        }
        switch scheme {
        case "https": return nil
        case "http" where isLoopback(host):
            return settings.allowsPlaintext
                ? nil
                : "keys from `\(url.prefix(200))` would come over plaintext; on loopback that has to be asked for with "
                    + "`tokenKeys: { plaintext: true }` in the Gateway"
        case "http":
            return "keys from `\(url.prefix(200))` would come over plaintext, so that whoever is on the way could sign "
                + "tokens; write a URL of `https`, or the keys themselves in `jwks`"
        default: return "`\(url.prefix(200))` is no URL of `https`"
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        guard let address = IPAddress(host.trimmingBrackets) else { return false }
        return [AddressBlock("127.0.0.0/8"), AddressBlock("::1")].contains { $0?.contains(address) == true }
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}

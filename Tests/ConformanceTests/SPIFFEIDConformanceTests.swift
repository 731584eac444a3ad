import SPIFFE
import Testing
import ZeroTrust

/// `spiffe/spiffeid_cases.json`: what go-spiffe and py-spiffe take for IDs, trust domains, paths and endpoint addresses.
///
/// A case on which the libraries or the specification disagree carries `conflict`, and is decided here as
/// `Documentation/spiffe-conformance.md` says: the strict parser refuses it; where the libraries differ over upper case
/// only, the parser for configuration files takes it and gives the canonical form.
@Suite(.enabled(if: SPIFFECorpus.isPresent)) struct `SPIFFE ID conformance` {
    struct Cases: Decodable {
        let spiffeID: [Case]
        let endpointSocket: [Case]

        enum CodingKeys: String, CodingKey {
            case spiffeID = "spiffe_id"
            case endpointSocket = "endpoint_socket"
        }
    }

    struct Case: Decodable {
        let kind: String?
        let input: Input
        let accept: Bool
        let trustDomain: String?
        let path: String?
        let canonical: String?
        let conflict: String?

        enum CodingKeys: String, CodingKey {
            case kind, input, accept, path, canonical, conflict
            case trustDomain = "trust_domain"
        }
    }

    /// A text, or the segments of a path.
    enum Input: Decodable {
        case text(String)
        case segments([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .segments([])
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .segments(try container.decode([String].self))
            }
        }

        var text: String { if case .text(let text) = self { text } else { "" } }
        var segments: [String] { if case .segments(let segments) = self { segments } else { [] } }
    }

    private static let kinds = ["spiffe_id", "trust_domain", "path", "path_segments"]

    private func cases() throws -> Cases { try SPIFFECorpus.json("spiffeid_cases.json", as: Cases.self) }

    @Test(arguments: kinds)
    func `agrees on every name`(kind: String) throws {
        var tally = Tally("spiffe \(kind)")
        let items = try cases().spiffeID.filter { $0.kind == kind }
        guard !items.isEmpty else { return print("suite spiffe \(kind): the corpus has none") }
        for item in items {
            tally.note("\(item.input)", passes(item))
        }
        tally.report()
    }

    @Test func `knows every kind of case`() throws {
        #expect(try cases().spiffeID.allSatisfy { Self.kinds.contains($0.kind ?? "") })
    }

    private func passes(_ item: Case) -> Bool {
        switch item.kind {
        case "spiffe_id":
            guard item.conflict == nil else {
                return (try? SPIFFEID(item.input.text)) == nil
                    && matches(try? SPIFFEID(normalizing: item.input.text), item)
            }
            guard item.accept else { return (try? SPIFFEID(item.input.text)) == nil }
            return matches(try? SPIFFEID(item.input.text), item)
                && matches(try? SPIFFEID(normalizing: item.input.text), item)
        case "trust_domain":
            guard item.conflict == nil else {
                return (try? TrustDomain(nameOrID: item.input.text)) == nil
                    && (try? TrustDomain(normalizing: item.input.text))?.name == item.trustDomain
            }
            let domain = try? TrustDomain(nameOrID: item.input.text)
            return item.accept ? domain != nil && domain?.name == item.trustDomain : domain == nil
        case "path":
            guard let domain = try? TrustDomain("example.org") else { return false }
            let id = try? SPIFFEID(trustDomain: domain, path: item.input.text)
            return item.accept ? id.map { $0.path == item.path ?? item.input.text } ?? false : id == nil
        case "path_segments":
            guard let domain = try? TrustDomain("example.org") else { return false }
            let id = try? SPIFFEID(trustDomain: domain, segments: item.input.segments)
            return item.accept ? id != nil && item.path.map { $0 == id?.path ?? "" } ?? true : id == nil
        default: return false
        }
    }

    private func matches(_ id: SPIFFEID?, _ item: Case) -> Bool {
        guard let id else { return false }
        return id.description == item.canonical ?? item.input.text
            && item.trustDomain.map { $0 == id.trustDomain.name } ?? true
            && item.path.map { $0 == id.path } ?? true
    }

    @Test func `agrees on every endpoint address`() throws {
        var tally = Tally("spiffe endpoint_socket")
        for item in try cases().endpointSocket {
            let accepted = (try? WorkloadEndpoint(item.input.text)) != nil
            // A conflict is decided for the specification, which here refuses.
            tally.note(item.input.text.debugDescription, accepted == (item.accept && item.conflict == nil))
        }
        tally.report()
    }
}

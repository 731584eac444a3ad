import Crypto
import Federation
import Foundation
import Glibc
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// A workload's side of an attestation endpoint.
struct RemoteAttestationClient: Sendable {
    /// What the workload shows.
    enum Evidence: Sendable {
        /// A secret as it stands in its file.
        case secret(kind: String, Redacted<String>)
        /// A certificate, and a signature by its key.
        case possession(kind: String, chain: String, key: P256.Signing.PrivateKey)

        /// An SVID that the endpoint gave.
        static func renewal(of svid: X509SVID) throws -> Evidence {
            let key = try P256.Signing.PrivateKey(pemRepresentation: svid.keyPEM.value)
            return .possession(kind: "renewal", chain: svid.chainPEM, key: key)
        }
    }

    /// What the endpoint gave, checked.
    struct Held: Sendable {
        var svids: [X509SVID]
        var bundles: X509BundleSet

        /// How the endpoint is told from now on: by the latest bundle of its trust domain, where one came.
        func judge(after judge: BundleEndpointClient.Judge) -> BundleEndpointClient.Judge {
            guard case .spiffe(let id, _) = judge, let bundle = bundles[id.trustDomain] else { return judge }
            return .spiffe(id, [id.trustDomain: bundle])
        }

        /// How long until half of what is left of the SVID that ends first has passed; nil where all have ended.
        ///
        /// One that has ended says nothing: it is tried again with the others.
        func halfLife(at now: Date) -> TimeInterval? {
            svids.map { $0.notAfter.timeIntervalSince(now) / 2 }.filter { $0 > 0 }.min()
        }

        /// Writes it as files that nobody else can read at any moment.
        func write(to directory: String) throws {
            _ = try SVIDFiles.write(svids, bundles, to: directory)
        }
    }

    let url: BundleEndpointURL
    /// How the endpoint is told.
    var judge: BundleEndpointClient.Judge

    /// Asks for SVIDs for a new key.
    ///
    /// - Throws: ``CommandError`` where the endpoint gives none, or what it gives cannot be relied on.
    func fetch(_ evidence: Evidence) async throws -> Held {
        let answer = try await ask("/v1/challenge", .object([:]))
        guard let challenge = answer["challenge"]?.string.flatMap({ Data(base64Encoded: $0) }) else { throw unreadable }
        let key = P256.Signing.PrivateKey()
        let publicKey = key.publicKey.derRepresentation
        let binding = RemoteAttestation.binding(challenge: Array(challenge), publicKey: Array(publicKey))
        let (kind, text) = try Self.write(evidence, binding)
        let given = try await ask(
            "/v1/svid",
            .object([
                "kind": .string(kind), "evidence": .string(text), "challenge": .string(challenge.base64EncodedString()),
                "publicKey": .string(publicKey.base64EncodedString()),
                "proof": .string(try key.signature(for: binding).derRepresentation.base64EncodedString()),
            ])
        )
        return try read(given, key)
    }

    /// Renews each SVID by itself, for a new key; one that is not renewed stays as it is.
    ///
    /// - Returns: what is held then, and why some were not renewed.
    func renew(_ held: Held) async throws -> (held: Held, problems: [String]) {
        var next = held
        var problems: [String] = []
        for (index, svid) in held.svids.enumerated() {
            do {
                let given = try await fetch(.renewal(of: svid))
                guard let renewed = given.svids.first(where: { $0.id == svid.id }) else { throw unreadable }
                next.svids[index] = renewed
                next.bundles.merge(given.bundles) { _, latest in latest }
            } catch let error as CancellationError {
                throw error
            } catch {
                problems.append("`\(svid.id)`: \(error)")
            }
        }
        return (next, problems)
    }

    private static func write(_ evidence: Evidence, _ binding: [UInt8]) throws -> (kind: String, text: String) {
        switch evidence {
        case .secret(let kind, let secret): return (kind, secret.value)
        case .possession(let kind, let chain, let key):
            let signature = try key.signature(for: binding).rawRepresentation
            let json = StrictJSON.object([
                "certificates": .string(chain), "algorithm": .string("ES256"),
                "signature": .string(Base64URL.encode(signature)),
            ])
            return (kind, json.text)
        }
    }

    private var unreadable: CommandError { CommandError(.unreachable, "`\(url)` gives what cannot be relied on") }

    private func ask(_ path: String, _ body: StrictJSON) async throws -> StrictJSON {
        let answer: (status: Int, body: [UInt8])
        do {
            let place = try url.redirect(to: path)
            answer = try await BundleEndpointClient().post(Array(body.text.utf8), to: place, telling: judge)
        } catch let failure as FederationFailure {
            guard failure.code == .untrusted, case .web(authoritiesFile: nil) = judge else {
                throw CommandError(.unreachable, failure.description)
            }
            throw CommandError(
                .unreachable,
                "\(failure); say who vouches for it: --spiffe-id and --bundle, or --ca-file"
            )
        }
        switch answer.status {
        case 200: break
        case 403:
            throw CommandError(.refused, "no identity is issued for this evidence; the installation's log says why")
        default: throw CommandError(.unreachable, "`\(url)` answers \(answer.status)")
        }
        guard let json = try? StrictJSON(answer.body) else { throw unreadable }
        return json
    }

    /// Reads and checks what came, as what comes over the Workload API is checked.
    private func read(_ json: StrictJSON, _ key: P256.Signing.PrivateKey) throws -> Held {
        guard let list = json["svids"]?.array, !list.isEmpty, let members = json["bundles"]?.object else {
            throw unreadable
        }
        do {
            var bundles: X509BundleSet = [:]
            for (name, value) in members {
                guard let der = value.string.flatMap({ Data(base64Encoded: $0) }) else { throw unreadable }
                let domain = try SPIFFEID(name).trustDomain
                bundles[domain] = try X509Bundle(trustDomain: domain, der: Array(der))
            }
            let pkcs8 = Array(key.derRepresentation)
            let svids = try list.map { item -> X509SVID in
                let chain = try (item["certificates"]?.array ?? []).map { value -> [UInt8] in
                    guard let der = value.string.flatMap({ Data(base64Encoded: $0) }) else { throw unreadable }
                    return Array(der)
                }
                let svid = try X509SVID(chainDER: chain.flatMap { $0 }, keyPKCS8: pkcs8)
                guard svid.id.description == item["spiffeID"]?.string, let bundle = bundles[svid.id.trustDomain] else {
                    throw unreadable
                }
                try svid.check(against: bundle, at: Date())
                return svid
            }
            return Held(svids: svids, bundles: bundles)
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.unreachable, "`\(url)` gives what cannot be relied on: \(error)")
        }
    }
}

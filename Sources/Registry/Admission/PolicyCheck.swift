import Crypto
import ModelTrust
import NIOPosix
public import Resources
import Synchronization

/// Asks for a signature by whom the `ModelTrustPolicy` resources about the model say, over exactly the files that the
/// artifact has.
///
/// The repository's name is the model's name that policies are looked up by. Several policies about one model have to
/// hold each, as for `lapwing model verify --policy`.
public final class PolicyCheck: AdmissionCheck {
    /// The name by which rules ask for it.
    public let name = "policy"

    private struct State {
        var policies: ModelTrustPolicySet
        var grounds: String
    }

    /// Guards the policies in force.
    private let state: Mutex<State>

    /// A check by the policies among documents.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in them.
    public init(_ documents: [Document]) throws {
        state = Mutex(try Self.read(documents))
    }

    /// Puts other policies in force.
    ///
    /// - Throws: `ResourceError`; those in force stay then.
    public func replace(_ documents: [Document]) throws {
        let next = try Self.read(documents)
        state.withLock { $0 = next }
    }

    /// What the policies are, with the keys and certificates that they name.
    public var grounds: String { state.withLock { $0.grounds } }

    private static func read(_ documents: [Document]) throws -> State {
        let own = documents.filter { $0.kind == ModelTrustPolicy.kind }
        var hash = SHA256()
        for document in own {
            hash.update(data: Array("\(document.metadata.name) \(document.spec?.content.words ?? "")\n".utf8))
        }
        // The files are read while the policies are.
        let files = Mutex(hash)
        let policies = try ModelTrustPolicySet(own) { path in
            let bytes = try ModelTrustPolicySet.read(path)
            files.withLock { $0.update(data: bytes) }
            return bytes
        }
        let digest = files.withLock { $0 }.finalize()
        return State(policies: policies, grounds: ContentDigest(digest).description)
    }

    /// Verifies the signatures that refer to the artifact; one that holds is enough.
    ///
    /// - Returns: why none holds; empty where one does.
    public func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String] {
        guard requirement.policy else { return [] }
        guard !artifact.signatures.isEmpty else { return ["nobody has signed it"] }
        var options = VerificationOptions()
        options.ignoresGitPaths = false
        let verifier: ModelVerifier
        do throws(ModelRefusal) {
            verifier = try state.withLock { $0.policies }.verifier(
                for: artifact.repository.description,
                options: options
            )
        } catch {
            return ["\(error.code.rawValue): \(error.message)"]
        }
        // Hashing takes its time, and is for a thread that may wait.
        return try await NIOThreadPool.singleton.runIfActive {
            try artifact.laidOut { files in
                var reasons: [String] = []
                for signature in files.signatures {
                    switch verifier.verify(model: files.model, signature: signature) {
                    case .verified: return []
                    case .refused(let refusal): reasons.append("\(refusal.code.rawValue): \(refusal.message)")
                    }
                }
                return reasons
            }
        }
    }
}

extension Value.Content {
    /// What is written, wherever it stands.
    fileprivate var words: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text
        case .string(let text): text.debugDescription
        case .list(let values): "[\(values.map(\.content.words).joined(separator: ","))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key.debugDescription):\($0.value.content.words)" }.joined(separator: ","))}"
        }
    }
}

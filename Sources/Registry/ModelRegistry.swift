public import Logging
import NIOPosix
import Synchronization
public import ZeroTrust

/// A registry of models: repositories of blobs, manifests and tags, whose every change is recorded before it is made.
///
/// It speaks no HTTP; ``RegistryServer`` does. Every operation begins with what its caller may do; where no rule says
/// that they may, they may not.
///
/// ```swift
/// let registry = try ModelRegistry(
///     configuration: configuration, store: store, files: try BlobFiles(directory: path), acts: log, node: "node-1")
/// let server = RegistryServer(registry, allowedUIDs: [geteuid()])
/// try await server.bind(unixSocket: "/run/lapwing/registry.sock")
/// ```
public final class ModelRegistry: Sendable {
    let store: any RegistryStore
    let files: BlobFiles
    let logger: Logger
    private let acts: any ActLog
    private let node: String
    private let checks: [String: any AdmissionCheck]
    let clock: @Sendable () -> Timestamp
    /// Guards the rules in force.
    private let rules: Mutex<RegistryConfiguration>
    /// Where changes queue, so that what is recorded as a tag's past is its past when it is moved.
    let gate = SerialGate()
    /// Guards the uploads that this process has opened.
    let sessions = Mutex<[RequestID: UploadSession]>([:])

    /// A registry.
    ///
    /// - Parameters:
    ///   - configuration: who may do what.
    ///   - store: what is kept beside blobs.
    ///   - files: the blobs.
    ///   - acts: where acts are recorded.
    ///   - checks: what a configuration may ask of models.
    ///   - node: this node's name, in records.
    ///   - logger: where what is noteworthy is told.
    ///   - clock: the time.
    public init(
        configuration: RegistryConfiguration,
        store: any RegistryStore,
        files: BlobFiles,
        acts: any ActLog,
        checks: [any AdmissionCheck] = [SignatureCheck()],
        node: String,
        logger: Logger = Logger(label: "lapwing.registry"),
        clock: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.rules = Mutex(configuration)
        self.store = store
        self.files = files
        self.acts = acts
        self.checks = Dictionary(checks.map { ($0.name, $0) }) { first, _ in first }
        self.node = node
        self.logger = logger
        self.clock = clock
    }

    /// The rules in force.
    public var configuration: RegistryConfiguration { rules.withLock { $0 } }

    /// Puts other rules in force.
    public func replace(_ configuration: RegistryConfiguration) {
        rules.withLock { $0 = configuration }
    }

    // MARK: Permission

    /// Whether a caller may do one of several things in a repository.
    func may(_ caller: RegistryCaller, _ permissions: Permission..., in repository: RepositoryName) -> Bool {
        permissions.contains { configuration.permits(caller.id, $0, in: repository) }
    }

    /// - Throws: ``RegistryError`` with `denied` where a caller may do none of several things in a repository.
    func require(_ caller: RegistryCaller, _ permissions: Permission..., in repository: RepositoryName)
        throws(RegistryError)
    {
        guard permissions.contains(where: { configuration.permits(caller.id, $0, in: repository) }) else {
            let words = permissions.map(\.rawValue).joined(separator: " or ")
            throw RegistryError(
                .denied,
                "`\(caller.id)` may not \(words) in `\(repository)`; a rule of the ModelRegistry has to name it"
            )
        }
    }

    // MARK: Records

    /// Records an act that is about to be done.
    ///
    /// - Throws: ``RegistryError`` with `unavailable`: what is not recorded is not done.
    func record(
        _ action: String,
        on subject: String,
        by caller: RegistryCaller,
        from before: ContentDigest? = nil,
        to after: ContentDigest? = nil,
        outcome: ActRecord.Outcome = .allow,
        reason: String? = nil
    ) async throws(RegistryError) {
        let act = ActRecord(
            id: caller.request,
            time: clock(),
            node: node,
            actor: caller.id.description,
            action: action,
            subject: subject,
            before: before?.description,
            after: after?.description,
            outcome: outcome,
            reason: reason
        )
        do { try await acts.record(act) } catch {
            logger.error("act not recorded", metadata: ["act.action": "\(action)", "error": "\(error)"])
            throw RegistryError(.unavailable, "the act cannot be recorded, and is not done")
        }
    }

    /// Does what was recorded, and records where it could not be done.
    func doing<Result>(
        _ action: String,
        on subject: String,
        by caller: RegistryCaller,
        _ work: () async throws -> Result
    ) async throws -> Result {
        do { return try await work() } catch {
            try await record(action, on: subject, by: caller, outcome: .failed, reason: "\(error)")
            throw error
        }
    }

    // MARK: Admission

    /// What the checks of a requirement go by besides artifacts.
    func grounds(of requirement: AdmissionRequirement) -> String {
        requirement.names.map { "\($0) \(checks[$0]?.grounds ?? "")" }.joined(separator: " ")
    }

    /// Why a manifest is not admitted in its repository; empty where it is.
    func judge(_ manifest: Manifest, in repository: RepositoryName) async -> AdmissionState {
        guard let requirement = configuration.rule(for: repository)?.admission, !requirement.names.isEmpty else {
            return .admitted
        }
        // An index has no bytes of its own, and its manifests are judged each; a signature is judged by whoever verifies.
        if manifest.mediaType == MediaType.imageIndex { return .admitted }
        var reasons: [String] = []
        do {
            if manifest.isSignature {
                let artifact = Artifact(repository: repository, manifest: manifest, referrers: [], files: files)
                return try artifact.isBundle
                    ? .admitted : .quarantined(["it says that it is a signature, and is no Sigstore bundle"])
            }
            let referrers = try await store.referrers(of: manifest.digest, in: repository).map { stored in
                try Manifest(stored.bytes, contentType: stored.mediaType, algorithm: stored.digest.algorithm)
            }
            let artifact = Artifact(repository: repository, manifest: manifest, referrers: referrers, files: files)
            if manifest.layers.isEmpty { reasons.append("it has no layer, and so nothing that could be checked") }
            if let reason = try artifact.faultOfConfiguration { reasons.append(reason) }
            for name in requirement.names {
                guard let check = checks[name] else {
                    reasons.append("\(name): there is no such check")
                    continue
                }
                do {
                    let found = try await check.reasons(against: artifact, requirement: requirement)
                    reasons += found.map { "\(name): \($0)" }
                } catch {
                    reasons.append("\(name): the check could not be done: \(error)")
                }
            }
        } catch {
            reasons.append("what it consists of, or what refers to it, cannot be read: \(error)")
        }
        return reasons.isEmpty ? .admitted : .quarantined(reasons.map { String($0.prefix(500)) })
    }
}

/// Who asks, and under which id the gateway has recorded that they may.
public struct RegistryCaller: Hashable, Sendable {
    /// Who: what the gateway says that it verified.
    public let id: SPIFFEID
    /// The request's id.
    public let request: RequestID

    /// A caller.
    public init(id: SPIFFEID, request: RequestID) {
        self.id = id
        self.request = request
    }
}

extension Manifest {
    /// The longest signature that is kept.
    static let maximumSignatureLength: UInt64 = 4 << 20

    /// Whether this says that it is a signature of another manifest and nothing else: one small Sigstore bundle, that
    /// has no file's name.
    ///
    /// Whether the layer is one, admission looks at.
    public var isSignature: Bool {
        guard let config, config.mediaType == MediaType.empty, config.size == 2 else { return false }
        return subject != nil && artifactType == MediaType.sigstoreBundle && layers.count == 1
            && config.digest == ContentDigest(of: Array("{}".utf8), algorithm: config.digest.algorithm)
            && layers.allSatisfy { layer in
                layer.mediaType == MediaType.sigstoreBundle && layer.size <= Self.maximumSignatureLength
                    && layer.annotations[ModelPack.pathAnnotation] == nil
                    && layer.annotations[ModelPack.titleAnnotation] == nil
            }
    }
}

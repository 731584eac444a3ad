import Crypto
public import Foundation
public import Logging
import SPIFFE
import Synchronization
import WorkloadIdentity

/// Finds out which pod shows a projected service-account token.
///
/// First by the cluster's public keys, which costs nothing and refuses whatever was made up; then by the API server
/// (`TokenReview`), which alone knows whether the pod is still there. Its word is kept for ten seconds at most. What the
/// two say has to agree, and the pod is looked up last: its UID has to be the token's.
///
/// ```swift
/// let reviewer = TokenReviewer(api: api, issuer: issuer, audiences: ["lapwing"], logger: logger)
/// let proven = try await reviewer.verify(evidence)
/// ```
public final class TokenReviewer: Sendable {
    /// How long an answer of the API server counts.
    public static let memory = Duration.seconds(10)
    /// How often the keys are fetched again.
    private static let keyLifetime = Duration.seconds(300)
    /// How soon the keys are asked for again, whatever was answered: anyone can make up a token whose key is not among them.
    private static let keyPatience = Duration.seconds(10)
    /// The most answers that are kept.
    private static let maximumAnswers = 4096

    private struct State {
        var keys: JWKeys?
        var fetchedAt: ContinuousClock.Instant?
        /// When the keys were asked for last.
        var askedAt: ContinuousClock.Instant?
        /// Why none came then; nil where some did.
        var problem: (any Error)?
        /// The one question that is under way, for all who wait for it.
        var question: Task<JWKeys, any Error>?
        var answers: [SHA256.Digest: (pod: Result<Pod, TokenRefusal>, at: ContinuousClock.Instant)] = [:]
    }

    private struct JWKeys: Sendable {
        let keys: [String: TokenKey]
    }

    /// Where a key is to be had from.
    private enum Place: Sendable {
        case memory(TokenKey?)
        case nowhere(any Error)
        case question(Task<JWKeys, any Error>)
    }

    private let api: KubernetesAPI
    private let issuer: String
    private let audiences: Set<String>
    private let clock: @Sendable () -> Date
    private let ticks: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    /// Guards the keys, and the answers that are kept.
    private let state = Mutex(State())

    /// A reviewer.
    ///
    /// - Parameters:
    ///   - api: the API server.
    ///   - issuer: the cluster's issuer: the claim `iss` of its tokens.
    ///   - audiences: the names for which a token has to be meant.
    ///   - clock: the time of day.
    ///   - ticks: the time that passes.
    ///   - logger: where refusals are told.
    public init(
        api: KubernetesAPI,
        issuer: String,
        audiences: Set<String>,
        clock: @escaping @Sendable () -> Date = { Date() },
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        logger: Logger
    ) {
        self.api = api
        self.issuer = issuer
        self.audiences = audiences
        self.clock = clock
        self.ticks = ticks
        self.logger = logger
    }

    /// The pod that a token is bound to, and that is there, and what the token says of itself.
    ///
    /// - Throws: `TokenRefusal` for a token that does not count; `KubernetesFailure` where the API server does not say.
    func proven(_ token: String) async throws -> (pod: Pod, claims: ServiceAccountClaims) {
        let compact = try CompactToken(token)
        try await verify(compact)
        let claims = try ServiceAccountClaims(compact, issuer: issuer, audiences: audiences, at: clock())
        let digest = SHA256.hash(data: Array(token.utf8))
        let now = ticks()
        let kept = state.withLock { state -> Result<Pod, TokenRefusal>? in
            guard let answer = state.answers[digest], now - answer.at < Self.memory else { return nil }
            return answer.pod
        }
        if let kept { return (try kept.get(), claims) }
        let result: Result<Pod, TokenRefusal>
        do { result = .success(try await review(token, claims)) } catch let refusal as TokenRefusal {
            result = .failure(refusal)
        }
        state.withLock { state in
            if state.answers.count >= Self.maximumAnswers {
                state.answers = state.answers.filter { now - $0.value.at < Self.memory }
            }
            if state.answers.count >= Self.maximumAnswers { state.answers = [:] }
            // It counts from when it was asked.
            state.answers[digest] = (result, now)
        }
        return (try result.get(), claims)
    }

    // MARK: By the cluster's keys

    private func verify(_ token: CompactToken) async throws {
        guard let keyID = token.keyID else { throw TokenRefusal(.headerNotAllowed, "the token names no key") }
        guard let key = try await key(keyID), key.isFor(token.algorithm) else {
            throw TokenRefusal(.unknownKey, "the cluster has no such key for \(token.algorithm.rawValue)")
        }
        guard key.verifies(token.signature, of: token.signedBytes, token.algorithm) else {
            throw TokenRefusal(.badSignature, "the key that the token names did not make its signature")
        }
    }

    private func key(_ keyID: String) async throws -> TokenKey? {
        switch place(of: keyID) {
        case .memory(let key): return key
        case .nowhere(let problem): throw problem
        case .question(let question):
            do { return try await question.value.keys[keyID] } catch {
                // A key that is known serves while the server does not answer: the review says what counts.
                if let key = state.withLock({ $0.keys })?.keys[keyID] { return key }
                throw error
            }
        }
    }

    /// Where a key is to be had from: the server is asked once at a time, and not again within `keyPatience`.
    private func place(of keyID: String) -> Place {
        let now = ticks()
        return state.withLock { state -> Place in
            let known = state.keys?.keys[keyID]
            if let known, let fetchedAt = state.fetchedAt, now - fetchedAt < Self.keyLifetime { return .memory(known) }
            if let question = state.question { return .question(question) }
            if let askedAt = state.askedAt, now - askedAt < Self.keyPatience {
                if let problem = state.problem, known == nil { return .nowhere(problem) }
                return .memory(known)
            }
            state.askedAt = now
            let question = Task { try await self.ask() }
            state.question = question
            return .question(question)
        }
    }

    /// Asks for the keys, and keeps what came of it.
    private func ask() async throws -> JWKeys {
        do {
            let found = try await fetchKeys()
            state.withLock { state in
                state.keys = found
                state.fetchedAt = ticks()
                state.problem = nil
                state.question = nil
            }
            return found
        } catch {
            state.withLock { state in
                state.problem = error
                state.question = nil
            }
            throw error
        }
    }

    private func fetchKeys() async throws -> JWKeys {
        let answer = try await api.get("/openid/v1/jwks")
        guard let list = answer["keys"]?.array, list.count <= JWTBundle.maximumKeys else {
            throw KubernetesFailure(.badAnswer, "`/openid/v1/jwks` answers with something else than a key set")
        }
        var keys: [String: TokenKey] = [:]
        for jwk in list {
            guard let object = jwk.object, let key = try? TokenKey(object), let id = key.keyID else { continue }
            keys[id] = key
        }
        return JWKeys(keys: keys)
    }

    // MARK: By the API server

    private func review(_ token: String, _ claims: ServiceAccountClaims) async throws -> Pod {
        let answer = try await api.post(
            "/apis/authentication.k8s.io/v1/tokenreviews",
            .object([
                "apiVersion": .string("authentication.k8s.io/v1"), "kind": .string("TokenReview"),
                "spec": .object([
                    "token": .string(token), "audiences": .array(audiences.sorted().map { .string($0) }),
                ]),
            ])
        )
        guard answer["kind"]?.string == "TokenReview", let status = answer["status"] else {
            throw KubernetesFailure(.badAnswer, "`tokenreviews` answers with something else than a TokenReview")
        }
        guard case .bool(true)? = status["authenticated"] else {
            throw TokenRefusal(.revoked, "the API server does not take the token: its pod or account may be gone")
        }
        // An API server that knows no audiences says none, and has checked none.
        guard let named = status["audiences"]?.array, named.contains(where: { audiences.contains($0.string ?? "") })
        else {
            throw TokenRefusal(.wrongAudience, "the API server has not checked for whom the token is meant")
        }
        let user = status["user"]
        guard user?["username"]?.string == claims.username else {
            throw TokenRefusal(.invalidSubject, "the API server says that the token is another's")
        }
        func extra(_ name: String) -> String? {
            user?["extra"]?["authentication.kubernetes.io/\(name)"]?.array?.first?.string
        }
        guard extra("pod-name") == claims.podName, extra("pod-uid") == claims.podUID else {
            throw TokenRefusal(.invalidSubject, "the API server says that the token is of another pod")
        }
        let pod: Pod
        do {
            let found = try await api.get("/api/v1/namespaces/\(claims.namespace)/pods/\(claims.podName)")
            guard !Pod.hasEnded(found) else { throw TokenRefusal(.revoked, "the token's pod has ended") }
            pod = try Pod(found)
        } catch let failure as KubernetesFailure where failure.code == .notFound {
            throw TokenRefusal(.revoked, "the token's pod is gone")
        }
        guard pod.uid == claims.podUID, pod.namespace == claims.namespace, pod.name == claims.podName,
            pod.serviceAccount == claims.serviceAccount
        else { throw TokenRefusal(.revoked, "the token's pod is gone, and another has its name") }
        return pod
    }
}

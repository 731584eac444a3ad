import Foundation
public import Logging
import SPIFFE
import Synchronization
public import WorkloadIdentity

/// The pods of one node, as they are now: listed once and watched from then on.
///
/// Whoever asks for a pod that is not there yet waits a little: a container runs before its node has told of it. While
/// the API server cannot be reached, what was known holds for some minutes and is then unknown; nobody is taken for
/// somebody else for want of an answer.
///
/// ```swift
/// let pods = PodDirectory(api: api, node: "node-1", logger: logger)
/// async let running: Void = pods.run()
/// let pod = try await pods.pod(uid: uid, container: id)
/// ```
public final class PodDirectory: PodSource {
    /// Who tells of the pods.
    public enum Origin: Sendable {
        /// The API server, which is watched.
        case apiServer
        /// The kubelet of the node, which is asked again and again.
        case kubelet
    }

    private struct State {
        var pods: [String: Pod] = [:]
        var revision: UInt64 = 0
        /// When everything was known last; nil before the first list.
        var heardAt: ContinuousClock.Instant?
    }

    /// How long what was known holds while nobody tells of changes.
    static let patience = Duration.seconds(180)
    /// How long the server is asked to tell of changes, before it is asked anew.
    private static let watchTime = 50
    /// How often a kubelet is asked.
    private static let interval = Duration.seconds(2)
    /// The most pods that a node may have.
    static let maximumPods = 10_000

    /// Announces every change of a pod.
    public let changes = ChangeFeed()

    private let api: KubernetesAPI
    private let node: String
    private let origin: Origin
    private let wait: Duration
    private let logger: Logger
    /// Guards the pods.
    private let state = Mutex(State())

    /// A directory, empty until ``run()``.
    ///
    /// - Parameters:
    ///   - api: the API server, or the kubelet.
    ///   - node: whose pods.
    ///   - origin: which of the two it is.
    ///   - wait: how long a pod that is not there yet is waited for.
    ///   - logger: where failures are told.
    public init(
        api: KubernetesAPI,
        node: String,
        origin: Origin = .apiServer,
        wait: Duration = .seconds(5),
        logger: Logger
    ) {
        self.api = api
        self.node = node
        self.origin = origin
        self.wait = wait
        self.logger = logger
    }

    /// Grows with every change.
    public var revision: UInt64 { state.withLock { $0.revision } }

    /// How many pods are known.
    public var count: Int { state.withLock { $0.pods.count } }

    /// The pod of a UID with the container, or nil where there is none.
    ///
    /// - Throws: ``IdentityError`` with `exhausted` where that cannot be known now.
    public func pod(uid: String, container: String) async throws -> Pod? {
        let end = ContinuousClock.now + wait
        while true {
            let (pod, heardAt) = state.withLock { ($0.pods[uid], $0.heardAt) }
            let isCurrent = heardAt.map { .now - $0 < Self.patience } ?? false
            if isCurrent, let pod, pod.containers.contains(where: { $0.id == container }) { return pod }
            guard ContinuousClock.now < end else {
                guard isCurrent else {
                    throw IdentityError(.exhausted, "the pods of `\(node)` are not known now: nobody tells of them")
                }
                return nil
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: Following

    /// Follows the pods until the task is cancelled.
    public func run() async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                let version = try await list()
                pause = .milliseconds(500)
                switch origin {
                case .apiServer: try await follow(from: version)
                case .kubelet: try await Task.sleep(for: Self.interval)
                }
            } catch is CancellationError {
                return
            } catch {
                // What is gone is listed at once.
                if (error as? KubernetesFailure)?.code == .gone { continue }
                logger.warning("pods not heard of", metadata: ["k8s.node": "\(node)", "error": "\(error)"])
                try? await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
                pause = min(pause * 2, .seconds(30))
            }
        }
    }

    private var selector: String {
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
        return "fieldSelector=spec.nodeName%3D" + (node.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")
    }

    /// Lists the pods; returns the version from which they are to be watched.
    private func list() async throws -> String {
        var pods: [String: Pod] = [:]
        var version = ""
        var more = ""
        repeat {
            let path: String
            switch origin {
            case .apiServer: path = "/api/v1/pods?\(selector)&limit=500" + (more.isEmpty ? "" : "&continue=\(more)")
            case .kubelet: path = "/pods"
            }
            let answer = try await api.get(path)
            guard answer["kind"]?.string == "PodList" else {
                throw KubernetesFailure(.badAnswer, "`\(path)` answers with something else than a PodList")
            }
            // A cluster without pods says `null`.
            for item in answer["items"]?.array ?? [] {
                guard let pod = try take(item) else { continue }
                pods[pod.uid] = pod
            }
            guard pods.count <= Self.maximumPods else {
                throw KubernetesFailure(.badAnswer, "`\(node)` has more than \(Self.maximumPods) pods")
            }
            version = answer["metadata"]?["resourceVersion"]?.string ?? ""
            more = Self.token(answer["metadata"]?["continue"]?.string ?? "")
        } while !more.isEmpty
        replace(pods)
        return version
    }

    /// What the server wants to be given back, as it may stand in a query.
    private static func token(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// A pod of this node; nil for one of another node, and for one that has ended.
    private func take(_ item: StrictJSON) throws -> Pod? {
        guard !Pod.hasEnded(item) else { return nil }
        let pod: Pod
        do throws(IdentityError) { pod = try Pod(item) } catch {
            // A pod that cannot be read is nobody's identity, and does not hide the others.
            logger.warning("pod not read", metadata: ["error": "\(error)"])
            return nil
        }
        return pod.node == node ? pod : nil
    }

    private func replace(_ pods: [String: Pod]) {
        let isChanged = state.withLock { state in
            state.heardAt = .now
            guard state.pods != pods else { return false }
            state.pods = pods
            state.revision += 1
            return true
        }
        if isChanged { changes.announce() }
    }

    private func follow(from first: String) async throws {
        var version = first
        while !Task.isCancelled {
            let path =
                "/api/v1/pods?\(selector)&watch=true&allowWatchBookmarks=true&timeoutSeconds=\(Self.watchTime)"
                + "&resourceVersion=\(Self.token(version))"
            let begun = ContinuousClock.now
            try await api.watch(path, within: .seconds(Self.watchTime + 10)) { event in
                version = try apply(event) ?? version
            }
            // The server has told of everything up to the end that it made itself.
            state.withLock { $0.heardAt = .now }
            // One that ends at once is not asked without end.
            if ContinuousClock.now - begun < .seconds(1) { try await Task.sleep(for: .seconds(1)) }
        }
    }

    /// Takes an event in; returns the version after it.
    private func apply(_ event: StrictJSON) throws -> String? {
        guard let object = event["object"] else { throw KubernetesFailure(.badAnswer, "an event without an object") }
        let version = object["metadata"]?["resourceVersion"]?.string
        switch event["type"]?.string {
        case "ADDED", "MODIFIED":
            guard let uid = object["metadata"]?["uid"]?.string else { return version }
            change(uid, to: try take(object))
        case "DELETED":
            guard let uid = object["metadata"]?["uid"]?.string else { return version }
            change(uid, to: nil)
        case "BOOKMARK": state.withLock { $0.heardAt = .now }
        case "ERROR":
            throw KubernetesFailure(
                object["code"]?.integer == 410 ? .gone : .badStatus,
                "the watch ends: \(object["reason"]?.string?.prefix(100) ?? "")"
            )
        default: throw KubernetesFailure(.badAnswer, "an event of an unknown type")
        }
        return version
    }

    private func change(_ uid: String, to pod: Pod?) {
        let isChanged = state.withLock { state in
            state.heardAt = .now
            guard state.pods[uid] != pod, pod == nil || state.pods.count < Self.maximumPods else { return false }
            state.pods[uid] = pod
            state.revision += 1
            return true
        }
        if isChanged { changes.announce() }
    }
}

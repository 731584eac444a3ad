package import SPIFFE
import ZeroTrust

/// What a pod is, as its node or the API server tells it.
public struct Pod: Hashable, Sendable {
    /// What the pod belongs to: a ReplicaSet, a Job.
    public struct Owner: Hashable, Sendable {
        /// `ReplicaSet`.
        public let kind: String
        /// Its name.
        public let name: String
        /// Its UID.
        public let uid: String
    }

    /// A container of the pod that was started.
    public struct Container: Hashable, Sendable {
        /// The name in the pod.
        public let name: String
        /// The image by which it was asked for.
        public let image: String
        /// The image that is run, with its digest.
        public let imageID: String
        /// The runtime's ID, without `containerd://`.
        public let id: String
        /// Whether it is one of those that run before the others.
        public let isInitial: Bool
    }

    /// The UID.
    public let uid: String
    /// The namespace.
    public let namespace: String
    /// The name.
    public let name: String
    /// The service account; `default` where none is named.
    public let serviceAccount: String
    /// The node that it was given to; empty for none.
    public let node: String
    /// The labels.
    public let labels: [String: String]
    /// What it belongs to.
    public let owners: [Owner]
    /// The containers that were started.
    public let containers: [Container]

    /// The most labels, owners or containers that are looked at.
    static let maximumParts = 1024
    /// The longest text that is taken from a pod, in bytes.
    static let maximumText = 4096

    /// Reads a pod of the API.
    ///
    /// - Throws: ``IdentityError`` with `unavailable` where it has no UID, namespace or name, or more than is looked at.
    package init(_ json: StrictJSON) throws(IdentityError) {
        func malformed(_ words: String) -> IdentityError { IdentityError(.unavailable, "a pod \(words)") }
        func text(_ json: StrictJSON?, _ name: String) throws(IdentityError) -> String {
            guard let member = json?[name], member != .null else { return "" }
            guard let text = member.string, text.utf8.count <= Self.maximumText, !text.utf8.contains(0) else {
                throw malformed("has a `\(name)` that cannot be read")
            }
            return text
        }
        func list(_ json: StrictJSON?, _ name: String) throws(IdentityError) -> [StrictJSON] {
            guard let member = json?[name], member != .null else { return [] }
            guard let list = member.array, list.count <= Self.maximumParts else {
                throw malformed("has `\(name)` that cannot be read")
            }
            return list
        }
        let (metadata, spec, status) = (json["metadata"], json["spec"], json["status"])
        uid = try text(metadata, "uid")
        namespace = try text(metadata, "namespace")
        name = try text(metadata, "name")
        guard !uid.isEmpty, !namespace.isEmpty, !name.isEmpty else { throw malformed("has no UID, namespace or name") }
        let account = try text(spec, "serviceAccountName")
        serviceAccount = account.isEmpty ? "default" : account
        node = try text(spec, "nodeName")
        var labels: [String: String] = [:]
        if let members = metadata?["labels"], members != .null {
            guard let object = members.object, object.count <= Self.maximumParts else {
                throw malformed("has labels that cannot be read")
            }
            for name in object.keys { labels[name] = try text(members, name) }
        }
        self.labels = labels
        var owners: [Owner] = []
        for owner in try list(metadata, "ownerReferences") {
            owners.append(
                Owner(kind: try text(owner, "kind"), name: try text(owner, "name"), uid: try text(owner, "uid"))
            )
        }
        self.owners = owners
        var containers: [Container] = []
        for (field, isInitial) in [("containerStatuses", false), ("initContainerStatuses", true)] {
            for container in try list(status, field) {
                // `containerd://ID`; empty for one that was not started.
                let id = try text(container, "containerID").split(separator: "/").last.map(String.init) ?? ""
                guard !id.isEmpty else { continue }
                containers.append(
                    Container(
                        name: try text(container, "name"),
                        image: try text(container, "image"),
                        imageID: try text(container, "imageID"),
                        id: id,
                        isInitial: isInitial
                    )
                )
            }
        }
        self.containers = containers
    }

    /// Whether all containers of a pod of the API have ended for good: it is nobody then, though it is there still.
    package static func hasEnded(_ json: StrictJSON) -> Bool {
        let phase = json["status"]?["phase"]?.string
        return phase == "Succeeded" || phase == "Failed"
    }

    /// The selectors of these kinds that hold of the whole pod.
    package func selectors(_ kinds: Set<Selector.Kind>) -> Set<Selector> {
        var found: Set<Selector> = []
        func add(_ kind: Selector.Kind, _ value: @autoclosure () -> String) {
            if kinds.contains(kind) { found.insert(Selector(kind, value())) }
        }
        add(.kubernetesNamespace, namespace)
        add(.kubernetesServiceAccount, serviceAccount)
        add(.kubernetesPodName, name)
        add(.kubernetesPodUID, uid)
        if !node.isEmpty { add(.kubernetesNode, node) }
        for (name, value) in labels { add(.kubernetesPodLabel, "\(name):\(value)") }
        for owner in owners {
            add(.kubernetesPodOwner, "\(owner.kind):\(owner.name)")
            add(.kubernetesPodOwnerUID, "\(owner.kind):\(owner.uid)")
        }
        for container in containers {
            let kind: Selector.Kind = container.isInitial ? .kubernetesPodInitialImage : .kubernetesPodImage
            for image in [container.image, container.imageID] where !image.isEmpty { add(kind, image) }
        }
        return found
    }

    /// The selectors of these kinds that hold of one container of the pod, and of the pod; nil where it has no such
    /// container.
    func selectors(ofContainer id: String, _ kinds: Set<Selector.Kind>) -> Set<Selector>? {
        guard let container = containers.first(where: { $0.id == id }) else { return nil }
        var found = selectors(kinds)
        if kinds.contains(.kubernetesContainerName) { found.insert(Selector(.kubernetesContainerName, container.name)) }
        if kinds.contains(.kubernetesContainerImage) {
            for image in [container.image, container.imageID] where !image.isEmpty {
                found.insert(Selector(.kubernetesContainerImage, image))
            }
        }
        return found
    }
}

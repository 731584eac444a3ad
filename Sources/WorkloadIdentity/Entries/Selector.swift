import SPIFFE

/// What a workload must be for an entry to be its own, in SPIRE's notation: `unix:uid:1000`, `unix:path:/usr/bin/python3`,
/// `k8s:ns:ml-inference`, `systemd:id:model.service`, `model:digest:sha256:…`.
public struct Selector: Hashable, Sendable {
    /// What is compared.
    public enum Kind: String, Sendable, CaseIterable {
        /// The effective user id of the process that connected.
        case uid
        /// The name of that user.
        case user
        /// The effective group id.
        case gid
        /// The name of that group.
        case group
        /// One of the other groups, by id.
        case supplementaryGID = "supplementary_gid"
        /// One of the other groups, by name.
        case supplementaryGroup = "supplementary_group"
        /// The absolute path of the executable.
        case path
        /// The SHA-256 of the executable, 64 digits of hexadecimal in lower case.
        case sha256
        /// The digest of the manifest of a model that the process has loaded.
        case modelDigest = "digest"
        /// Who signed a model that the process has loaded.
        case modelSigner = "signer"
        /// That the process has loaded any model that its loader verified.
        case modelVerified = "verified"
        /// The namespace of the pod that the process is in.
        case kubernetesNamespace = "ns"
        /// The service account of the pod.
        case kubernetesServiceAccount = "sa"
        /// The node that the pod was given to.
        case kubernetesNode = "node-name"
        /// The pod's name.
        case kubernetesPodName = "pod-name"
        /// The pod's UID.
        case kubernetesPodUID = "pod-uid"
        /// A label of the pod, `NAME:VALUE`.
        case kubernetesPodLabel = "pod-label"
        /// What the pod belongs to, `KIND:NAME`.
        case kubernetesPodOwner = "pod-owner"
        /// What the pod belongs to, `KIND:UID`.
        case kubernetesPodOwnerUID = "pod-owner-uid"
        /// The image of any container of the pod, by its name or with its digest.
        case kubernetesPodImage = "pod-image"
        /// The image of any initial container of the pod.
        case kubernetesPodInitialImage = "pod-init-image"
        /// The name of the container that the process is in.
        case kubernetesContainerName = "container-name"
        /// The image of the container that the process is in.
        case kubernetesContainerImage = "container-image"
        /// That somebody who is believed has signed the image of the container: `verified`.
        case kubernetesImageSignature = "image-signature"
        /// One who has signed it.
        case kubernetesImageSignatureSubject = "image-signature-subject"
        /// Who vouched for the name of one who has signed it.
        case kubernetesImageSignatureIssuer = "image-signature-issuer"
        /// The ID of the container that the process is in, 64 digits of hexadecimal in lower case.
        case containerID = "container-id"
        /// The runtime that started the container: `containerd`, `cri-o`, `docker`, `podman`.
        case containerRuntime = "runtime"
        /// The systemd unit that the process is of.
        case systemdUnit = "unit-id"
        /// The common name in a certificate that a workload of another machine has shown, `cn:NAME`.
        case x509Subject = "subject"
        /// An authority above that certificate, `fingerprint:` and the SHA-256 of its certificate.
        case x509Authority = "ca"
        /// The name of the join token that a workload of another machine has shown.
        case joinToken = "name"
        /// What a plug-in has found in evidence, `PLUG-IN:VALUE`.
        case evidence = ""

        /// What stands before the kind in the notation.
        public enum Namespace: String, Sendable, CaseIterable {
            case unix, model, k8s, container, systemd, x509pop
            case joinToken = "join-token"
            case evidence
        }

        /// What stands before the kind in the notation.
        public var namespace: Namespace {
            switch self {
            case .uid, .user, .gid, .group, .supplementaryGID, .supplementaryGroup, .path, .sha256: .unix
            case .modelDigest, .modelSigner, .modelVerified: .model
            case .kubernetesNamespace, .kubernetesServiceAccount, .kubernetesNode, .kubernetesPodName,
                .kubernetesPodUID, .kubernetesPodLabel, .kubernetesPodOwner, .kubernetesPodOwnerUID,
                .kubernetesPodImage, .kubernetesPodInitialImage, .kubernetesContainerName, .kubernetesContainerImage,
                .kubernetesImageSignature, .kubernetesImageSignatureSubject, .kubernetesImageSignatureIssuer:
                .k8s
            case .containerID, .containerRuntime: .container
            case .systemdUnit: .systemd
            case .x509Subject, .x509Authority: .x509pop
            case .joinToken: .joinToken
            case .evidence: .evidence
            }
        }

        /// The kind in the notation, after the namespace.
        public var name: String {
            switch self {
            case .containerID, .systemdUnit: "id"
            default: rawValue
            }
        }

        /// Those about who has signed an image.
        static let ofImageSignatures: Set<Kind> = [
            .kubernetesImageSignature, .kubernetesImageSignatureSubject, .kubernetesImageSignatureIssuer,
        ]

        /// Whether it is about the model that a process has loaded, as its loader proves.
        public var isModel: Bool { namespace == .model }

        /// Whether a process has one value of it at most.
        var isSingle: Bool {
            switch self {
            case .supplementaryGID, .supplementaryGroup, .modelVerified, .kubernetesPodLabel, .kubernetesPodOwner,
                .kubernetesPodOwnerUID, .kubernetesPodImage, .kubernetesPodInitialImage, .kubernetesContainerImage,
                .kubernetesImageSignature, .kubernetesImageSignatureSubject, .kubernetesImageSignatureIssuer,
                .x509Authority, .evidence:
                false
            default: true
            }
        }
    }

    /// What is compared.
    public let kind: Kind
    /// What it must be.
    public let value: String

    /// Byte by byte: two paths that only look the same, as Unicode spells them, are two files.
    public static func == (left: Selector, right: Selector) -> Bool {
        left.kind == right.kind && left.value.utf8.elementsEqual(right.value.utf8)
    }

    /// Of the same bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in value.utf8 { hasher.combine(byte) }
    }

    /// A selector whose value is of the right form already, as attestation makes them.
    init(_ kind: Kind, _ value: String) {
        self.kind = kind
        self.value = value
    }

    /// Parses `NAMESPACE:KIND:VALUE` or `model:verified`, and refuses a value that nothing could ever have.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument`.
    public init(_ text: String) throws(IdentityError) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let namespace = Kind.Namespace(rawValue: String(parts[0])),
            let kind = Kind.allCases.first(where: {
                $0.namespace == namespace && ($0 == .evidence || $0.name == parts[1])
            }),
            parts.count == (kind == .modelVerified ? 2 : 3)
        else {
            func kinds(_ namespace: Kind.Namespace) -> String {
                Kind.allCases.filter { $0.namespace == namespace }.map { "`\($0.name)`" }.joined(separator: ", ")
            }
            throw IdentityError(
                .invalidArgument,
                "`\(text.prefix(120))` is no selector; expected `unix:KIND:VALUE` with a kind of \(kinds(.unix)), "
                    + "`k8s:KIND:VALUE` with a kind of \(kinds(.k8s)), `container:id:…`, `container:runtime:…`, "
                    + "`systemd:id:…`, `x509pop:subject:cn:…`, `x509pop:ca:fingerprint:…`, `join-token:name:…`, "
                    + "`evidence:PLUG-IN:VALUE`, or `model:digest:sha256:…`, `model:signer:NAME`, `model:verified`"
            )
        }
        var value = parts.count == 3 ? String(parts[2]) : ""
        // The kind of evidence is a plug-in's to name.
        if kind == .evidence { value = "\(parts[1]):\(value)" }
        if let expected = Self.expectation(of: value, for: kind) {
            throw IdentityError(.invalidArgument, "`\(text.prefix(120))` can never match: \(expected)")
        }
        self.init(kind, value)
    }

    /// What the value should have been, or nil where it is right.
    private static func expectation(of value: String, for kind: Kind) -> String? {
        switch kind {
        case .uid, .gid, .supplementaryGID:
            // Written as the kernel counts: no sign, no leading zero; the highest means "no id".
            guard let id = UInt32(value), id != .max, String(id) == value else {
                return "expected a number such as `1000`"
            }
        case .user, .group, .supplementaryGroup:
            guard (1...256).contains(value.utf8.count),
                !value.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3a || $0 == 0x7f })
            else { return "expected a name" }
        case .path:
            let segments = value.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            guard value.utf8.first == UInt8(ascii: "/"), value.utf8.count <= 4096, !value.utf8.contains(0),
                segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { return "expected an absolute path without `.`, `..` or doubled slashes" }
        case .sha256:
            guard value.utf8.count == 64,
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return "expected 64 digits of hexadecimal in lower case" }
        case .modelDigest:
            guard ModelClaim.isDigest(value) else {
                return "expected `sha256:` and 64 digits of hexadecimal in lower case"
            }
        case .modelSigner:
            guard ModelClaim.isSigner(value) else { return "expected the name of who signed the model" }
        case .modelVerified: break
        case .kubernetesNamespace, .kubernetesServiceAccount, .kubernetesNode, .kubernetesPodName,
            .kubernetesContainerName:
            guard isKubernetesName(value) else {
                return "expected a name of Kubernetes: lower-case letters, digits, `-` and `.`"
            }
        case .kubernetesPodUID:
            guard ControlGroup.podUID(value) != nil else { return "expected the UID of a pod" }
        case .kubernetesPodLabel, .kubernetesPodOwner, .kubernetesPodOwnerUID:
            // A label may have an empty value.
            let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard isLine(value), parts.count == 2, !parts[0].isEmpty, kind == .kubernetesPodLabel || !parts[1].isEmpty
            else { return "expected `NAME:VALUE`" }
        case .kubernetesPodImage, .kubernetesPodInitialImage, .kubernetesContainerImage:
            guard isLine(value), !value.contains(" ") else { return "expected an image" }
        case .kubernetesImageSignature:
            guard value == "verified" else { return "expected `k8s:image-signature:verified`" }
        case .kubernetesImageSignatureSubject, .kubernetesImageSignatureIssuer:
            guard isLine(value) else { return "expected the name of who signed, or of who vouched for it" }
        case .containerID:
            guard value.utf8.count == 64,
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return "expected 64 digits of hexadecimal in lower case" }
        case .containerRuntime:
            guard ControlGroup.Runtime(rawValue: value) != nil else {
                return "expected `containerd`, `cri-o`, `docker` or `podman`"
            }
        case .x509Subject:
            guard isLine(value), value.hasPrefix("cn:"), value.utf8.count > 3 else { return "expected `cn:NAME`" }
        case .x509Authority:
            guard value.hasPrefix("fingerprint:"), value.utf8.count == 76,
                value.utf8.dropFirst(12).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return "expected `fingerprint:` and 64 digits of hexadecimal in lower case" }
        case .joinToken:
            guard isKubernetesName(value) else { return "expected a name: lower-case letters, digits, `-` and `.`" }
        case .evidence:
            let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard isLine(value), parts.count == 2, isKubernetesName(String(parts[0])), !parts[1].isEmpty else {
                return "expected `PLUG-IN:VALUE`"
            }
        case .systemdUnit:
            guard isLine(value), value.utf8.count <= 255, !value.contains("/"),
                value.hasSuffix(".service") || value.hasSuffix(".scope")
            else { return "expected the name of a unit such as `model.service`" }
        }
        return nil
    }

    private static func isLine(_ value: String) -> Bool {
        (1...4096).contains(value.utf8.count) && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }

    private static func isKubernetesName(_ value: String) -> Bool {
        (1...253).contains(value.utf8.count)
            && value.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".")
            }
    }
}

extension Selector: CustomStringConvertible {
    /// The notation.
    public var description: String {
        switch kind {
        case .modelVerified: "model:verified"
        case .evidence: "evidence:\(value)"
        default: "\(kind.namespace.rawValue):\(kind.name):\(value)"
        }
    }
}

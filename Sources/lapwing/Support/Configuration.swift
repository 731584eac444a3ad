import Authorization
import CloudIdentity
import Crypto
import DataAccess
import Foundation
import Gateway
import IssuerKeys
import Kubernetes
import ModelTrust
import Monitoring
import Registry
import Resources
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// A whole configuration directory, read and checked as one snapshot.
struct Configuration: Sendable {
    let settings: Settings
    let documents: [Document]
    /// The files that it was read from, as they were then.
    let sources: [(file: String, bytes: Data)]
    /// The SHA-256 of all files, by name and content, in hexadecimal: ``digest(of:)``; decision records carry it.
    let digest: String
    let gateways: [GatewayConfiguration]
    let policies: PolicySet
    /// The services outside that callers of the egress listeners may be allowed to call.
    let services: [ServiceEntry]
    let entries: [WorkloadEntry]
    let adminPolicy: AdminPolicy
    /// Who witnesses the audit log.
    let auditPolicy: AuditPolicyResource
    /// What the monitor reads, and when something is a finding.
    let monitorPolicy: MonitorPolicy
    /// Which findings go to whom.
    let alertRoutes: [AlertRoute]
    /// What the model registry does; nil where there is none.
    let registry: RegistryConfiguration?
    /// Which workloads get credentials of a cloud from the loopback endpoint; nil where there is none.
    let credentials: CredentialRules?
    /// Which trust domains this one federates with, and where it serves its own bundle.
    let federation: FederationRules
    /// Whose pods are attested here; nil where no cluster is.
    let kubernetes: KubernetesAttestation?
    /// Whose signatures of the pods' images are believed; nil where nobody's are.
    let images: ImageSignatureRules?
    /// What workloads of other machines may show, and where; nil where they may not.
    let attestation: AttestationEndpoint?
    /// What loads and is doubtful.
    private(set) var warnings: [Diagnostic]

    /// Reads the directory that the settings name.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in it.
    init(settings: Settings) throws {
        try self.init(settings: settings, sources: try ResourceLoader.sources(path: settings.config.value))
    }

    /// Reads what was read from files before.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in it.
    init(settings: Settings, sources: [(file: String, bytes: Data)]) throws {
        let snapshot = try ResourceLoader.load(sources: sources)
        var diagnostics: [Diagnostic] = []
        func gather<Part>(_ read: () throws -> Part) throws -> Part? {
            do { return try read() } catch let error as ResourceError {
                diagnostics += error.diagnostics
                return nil
            }
        }
        // What is of a kind that is not known is not told of a second time where it is read.
        let unknown: [Diagnostic]
        do {
            try KnownKinds.check(snapshot.documents)
            unknown = []
        } catch let error as ResourceError { unknown = error.diagnostics }
        _ = try gather { try Self.refuseSharedNames(snapshot.documents) }
        let gateways = try gather {
            try GatewayConfiguration.load(snapshot.documents).map { gateway in
                var gateway = gateway
                gateway.compatibility = settings.compatibility.value ?? gateway.compatibility
                return gateway
            }
        }
        let openings = try gather { try gateways?.flatMap { try $0.checkFailOpen() } ?? [] } ?? []
        let policies = try gather { try PolicySet.load(snapshot.documents) }
        let services = try gather { try ServiceEntry.load(snapshot.documents) }
        let entries = try gather {
            try collectingDiagnostics(snapshot.documents.filter { $0.kind == WorkloadEntry.kind }) {
                try Self.entry($0, in: settings.trustDomain.value)
            }
        }
        let adminPolicy = try gather { try AdminPolicy.load(snapshot.documents) }
        let auditPolicy = try gather { try AuditPolicyResource.load(snapshot.documents) }
        let monitorPolicy = try gather { try MonitorPolicy.load(snapshot.documents) }
        let alertRoutes = try gather { try AlertRoute.load(snapshot.documents) }
        // Commands about models read these; a mistake in one is said here as well.
        _ = try gather { try ModelTrustPolicySet(snapshot.documents) }
        let registry = try gather {
            try RegistryConfiguration.load(snapshot.documents)
        }
        let credentials = try gather { try CredentialRules.load(snapshot.documents) }
        let federation = try gather { try FederationRules(snapshot.documents, in: settings.trustDomain.value) }
        if let federation {
            let domains = Set(federation.trustDomains.map(\.trustDomain))
            _ = try gather {
                try collectingDiagnostics(snapshot.documents.filter { $0.kind == WorkloadEntry.kind }) { document in
                    // What cannot be read is told of above.
                    guard let entry = try? WorkloadEntry(document) else { return }
                    for domain in entry.federatesWith.sorted(by: { $0.name < $1.name }) where !domains.contains(domain)
                    {
                        throw ResourceError(
                            at: document.place(of: "federatesWith"),
                            "`federatesWith`: there is no FederatedTrustDomain of `\(domain)`; "
                                + suggestion(for: domain.name, among: domains.map(\.name))
                        )
                    }
                }
            }
        }
        _ = try gather {
            guard settings.authority.tokens.issuer == nil,
                let document = snapshot.documents.first(where: OIDCEndpoint.isDeclared)
            else { return }
            throw ResourceError(
                at: document.location,
                "there is no issuer whose documents could be served; write its URL as `authority.jwtIssuer` into the `Settings`"
            )
        }
        let kubernetes = try gather { try KubernetesAttestation.load(snapshot.documents) }
        let images = try gather {
            let rules = try ImageSignatureRules.load(snapshot.documents)
            if rules != nil, case .some(nil) = kubernetes,
                let document = snapshot.documents.first(where: { $0.kind == ImageSignatureRules.kind })
            {
                throw ResourceError(
                    at: document.location,
                    "there are no pods whose images could be signed; add a `\(KubernetesAttestation.kind)`"
                )
            }
            return rules
        }
        let attestation = try gather {
            try AttestationEndpoint.load(snapshot.documents, in: settings.trustDomain.value)
        }
        // `lapwing data` works with these.
        let estates = try gather { try Estate.load(snapshot.documents) }
        let toldOf = Set(unknown.map(\.location))
        diagnostics = unknown + diagnostics.filter { !toldOf.contains($0.location) }
        diagnostics += Self.unattested(snapshot.documents, kubernetes ?? nil, attestation ?? nil)
        guard diagnostics.allSatisfy({ $0.severity == .warning }), let gateways, let policies, let services,
            let entries, let adminPolicy, let auditPolicy, let monitorPolicy, let alertRoutes,
            let federation
        else { throw ResourceError(diagnostics.sorted { $0.location < $1.location }) }
        self.settings = settings
        self.documents = snapshot.documents
        self.sources = snapshot.sources
        self.digest = Self.digest(of: snapshot.sources)
        self.gateways = gateways
        self.policies = policies
        self.services = services
        self.entries = entries
        self.adminPolicy = adminPolicy
        self.auditPolicy = auditPolicy
        self.monitorPolicy = monitorPolicy
        self.alertRoutes = alertRoutes
        self.registry = registry ?? nil
        self.credentials = credentials ?? nil
        self.federation = federation
        self.kubernetes = kubernetes ?? nil
        self.images = images ?? nil
        self.attestation = attestation ?? nil
        var warnings = diagnostics + policies.warnings + gateways.flatMap(\.warnings) + openings
        warnings += (estates ?? []).flatMap(\.warnings)
        if snapshot.documents.isEmpty {
            warnings.append(.nothing(in: settings.config.value))
        }
        self.warnings = warnings
        try Self.checkModels(policies, gateways)
        try checkPorts()
        try checkConsole()
        // An engine that cannot be made is an error of the configuration, and is said now.
        for gateway in gateways {
            _ = try engine(for: gateway)
            _ = try tokens(for: gateway)
            if gateway.egress != nil { warnings += try egress(for: gateway).warnings }
            warnings += listenerModes(of: gateway).compactMap(\.warning)
        }
        _ = try keySources()
        self.warnings = warnings
    }

    /// Warns of entries that select by what nobody here is asked to look at, so that they fit nobody.
    private static func unattested(
        _ documents: [Document],
        _ kubernetes: KubernetesAttestation?,
        _ attestation: AttestationEndpoint?
    ) -> [Diagnostic] {
        documents.filter { $0.kind == WorkloadEntry.kind && $0.group == "lapwing.dev" }.compactMap { document in
            // What cannot be read is told of where it is read.
            guard let entry = try? WorkloadEntry(document) else { return nil }
            for selector in entry.selectors.sorted(by: { "\($0)" < "\($1)" }) {
                let missing: String? =
                    switch selector.kind.namespace {
                    case .k8s where kubernetes == nil && attestation?.kubernetes == nil: "a KubernetesAttestation"
                    case .x509pop where attestation?.x509AuthoritiesFile == nil: "`x509` of an AttestationEndpoint"
                    case .joinToken where attestation?.takesJoinTokens != true: "`joinTokens` of an AttestationEndpoint"
                    default: nil
                    }
                guard let missing else { continue }
                return Diagnostic(
                    .warning,
                    at: document.place(of: "selectors"),
                    "the entry `\(entry.name)` fits nobody: `\(selector)` is found out by \(missing), and there is none"
                )
            }
            return nil
        }
    }

    /// Where strangers are answered over HTTPS, beside what gateways listen on.
    var endpoints: [StrangersEndpoint] {
        federation.endpoints.map {
            StrangersEndpoint(
                kind: "BundleEndpoint",
                name: $0.name,
                address: $0.address,
                port: $0.port,
                profile: $0.profile
            )
        }
            + federation.issuerEndpoints.map {
                StrangersEndpoint(
                    kind: OIDCEndpoint.kind,
                    name: $0.name,
                    address: $0.address,
                    port: $0.port,
                    profile: .web(certificateFile: $0.certificateFile, keyFile: $0.keyFile)
                )
            }
            + [attestation].compactMap(\.self).map {
                StrangersEndpoint(
                    kind: AttestationEndpoint.kind,
                    name: $0.name,
                    address: $0.address,
                    port: $0.port,
                    profile: $0.profile
                )
            }
    }

    /// The console over mutual TLS shows the SVID of a gateway, which has to be there.
    private func checkConsole() throws {
        guard let listener = settings.resource.consoleListener, consoleGateway == nil else { return }
        let names = gateways.map(\.name)
        throw ResourceError(
            at: listener.location,
            listener.gateway.map {
                "`consoleListener`: there is no gateway `\($0)`; \(suggestion(for: $0, among: names))"
            } ?? "`consoleListener`: without a gateway there is no SVID to show"
        )
    }

    /// The gateway whose SVID the console over mutual TLS shows; nil where there is no such console, or no such gateway.
    var consoleGateway: GatewayConfiguration? {
        guard let listener = settings.resource.consoleListener else { return nil }
        guard let name = listener.gateway else { return gateways.first }
        return gateways.first { $0.name == name }
    }

    /// Under Istio's compatibility a policy that Istio's webhook refuses is refused here too.
    private static func checkModels(_ policies: PolicySet, _ gateways: [GatewayConfiguration]) throws {
        guard let gateway = gateways.first(where: { $0.compatibility == .istio }) else { return }
        let conditions = policies.policies.flatMap { $0.rules.flatMap(\.when) }
        let refused = conditions.filter { $0.fields.contains(where: \.subject.isModel) }
        guard refused.isEmpty else {
            throw ResourceError(
                refused.map {
                    Diagnostic(
                        at: $0.location,
                        "`\($0.key)` is Lapwing's own, and the gateway `\(gateway.name)` has `compatibility: istio`, "
                            + "whose webhook refuses it"
                    )
                }
            )
        }
    }

    /// The engine that decides for a gateway's workload.
    ///
    /// - Throws: `ResourceError` where the policies contradict each other.
    func engine(for gateway: GatewayConfiguration) throws -> PolicyEngine {
        try PolicyEngine(policies: policies, workload: gateway.workload, options: options(for: gateway))
    }

    private func options(for gateway: GatewayConfiguration) -> PolicyEngine.Options {
        .init(
            compatibility: gateway.compatibility,
            trustDomains: [settings.trustDomain.value.name],
            providers: Set(gateway.providers.map(\.name))
        )
    }

    /// What verifies the tokens of requests to a gateway's workload, or nil where no `RequestAuthentication` selects it.
    ///
    /// - Parameters:
    ///   - gateway: the gateway.
    ///   - keys: where the keys are that issuers serve.
    ///   - clock: the time by which tokens are judged.
    /// - Returns: the verifier.
    /// - Throws: `ResourceError` for keys that cannot be used.
    func tokens(
        for gateway: GatewayConfiguration,
        keys: any TokenKeySource = TokenKeyStore(),
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws -> TokenVerifier? {
        for rule in policies.requestAuthentications.flatMap(\.rules) {
            // There are no keys of another: its tokens would be refused one by one, and nobody would know why.
            guard case .trustDomain(let domain) = rule.keys, domain != settings.trustDomain.value,
                !federation.trustDomains.contains(where: { $0.trustDomain == domain })
            else { continue }
            throw ResourceError(
                at: rule.issuer?.location ?? rule.location,
                "there is no bundle of the trust domain `\(domain)`; JWT-SVIDs are accepted of `\(settings.trustDomain.value)` "
                    + "and of every FederatedTrustDomain"
            )
        }
        return try TokenVerifier(
            policies: policies,
            workload: gateway.workload,
            options: options(for: gateway),
            keys: keys,
            clock: clock
        )
    }

    /// What is asked of connections to a gateway's workload.
    func mutualTLS(for gateway: GatewayConfiguration) -> MutualTLSRequirement {
        let options = options(for: gateway)
        return MutualTLSRequirement(
            policies.peerAuthentications,
            workload: gateway.workload,
            rootNamespace: options.rootNamespace,
            compatibility: options.compatibility
        )
    }

    /// What is asked on each listener of a gateway, and by which resource.
    func listenerModes(of gateway: GatewayConfiguration) -> [ListenerMode] {
        let required = mutualTLS(for: gateway)
        let document = documents.first {
            $0.kind == GatewayConfiguration.kind && $0.metadata.name == gateway.name
        }
        return gateway.listeners.map { listener in
            ListenerMode(gateway: gateway, listener: listener, required: required, declaredAt: document?.location)
        }
    }

    /// Whether requests come to a gateway over plaintext too, from callers who prove nothing.
    func letsInPlaintext(to gateway: GatewayConfiguration) -> Bool {
        listenerModes(of: gateway).contains { $0.listener.service == .http && $0.mode != .strict }
    }

    /// Where the keys are served that tokens for a gateway's workload need.
    ///
    /// - Throws: `ResourceError` for URLs that keys are not fetched from.
    func keySources(for gateway: GatewayConfiguration) throws -> [IssuerKeySource] {
        let rootNamespace = options(for: gateway).rootNamespace
        let selected = policies.requestAuthentications.filter {
            $0.applies(to: gateway.workload, rootNamespace: rootNamespace)
        }
        return try collectingDiagnostics(selected.flatMap(\.rules)) { rule in
            try IssuerKeySource(rule, settings: gateway.tokenKeys)
        }.compactMap(\.self)
    }

    /// Where the keys are served that tokens for any gateway need.
    ///
    /// - Throws: `ResourceError` for URLs that keys are not fetched from, or that two gateways fetch on different terms.
    func keySources() throws -> [IssuerKeySource] {
        var gatewayByURL: [String: GatewayConfiguration] = [:]
        return try gateways.flatMap { gateway in
            let sources = try keySources(for: gateway)
            for source in sources {
                let first = gatewayByURL[source.url] ?? gateway
                gatewayByURL[source.url] = first
                // Keys are kept by their URL: of two terms, such as certificate authorities, one would hold for both.
                guard first.tokenKeys != gateway.tokenKeys else { continue }
                let document = documents.first {
                    $0.kind == GatewayConfiguration.kind && $0.metadata.name == gateway.name
                }
                throw ResourceError(
                    at: document?.location ?? SourceLocation(file: settings.config.value, line: 1, column: 1),
                    "the gateways `\(first.name)` and `\(gateway.name)` fetch the keys at `\(source.url.prefix(200))` on "
                        + "different terms, and they are fetched once for both; write the same `tokenKeys` in both"
                )
            }
            return sources
        }
    }

    /// What may be called from a gateway's namespace.
    ///
    /// - Throws: `ResourceError` where entries or policies contradict each other.
    func egress(for gateway: GatewayConfiguration) throws -> EgressSnapshot {
        try EgressSnapshot(
            entries: services,
            policies: policies,
            namespace: gateway.workload.namespace,
            trustDomains: [settings.trustDomain.value.name],
            digest: digest
        )
    }

    /// The gateway of a name, or the only one.
    ///
    /// - Throws: ``CommandError`` where there is none, or a choice.
    func gateway(named name: String?) throws -> GatewayConfiguration {
        let names = gateways.map(\.name)
        if let name {
            guard let gateway = gateways.first(where: { $0.name == name }) else {
                throw CommandError(.usage, "there is no gateway `\(name)`; \(suggestion(for: name, among: names))")
            }
            return gateway
        }
        guard let gateway = gateways.first else {
            throw CommandError(.usage, "`\(settings.config.value)` has no `Gateway`, so that no workload is known")
        }
        guard gateways.count == 1 else {
            throw CommandError(
                .usage,
                "there are several gateways; choose one with --gateway: \(names.joined(separator: ", "))"
            )
        }
        return gateway
    }

    /// Refuses two gateways, or two entries, of one name in different namespaces.
    ///
    /// What runs knows them by their names alone: of two gateways one would hear of no revocation and no reload.
    private static func refuseSharedNames(_ documents: [Document]) throws {
        let kinds = [GatewayConfiguration.kind, WorkloadEntry.kind]
        var seen: [String: SourceLocation] = [:]
        _ = try collectingDiagnostics(documents.filter { $0.group == "lapwing.dev" && kinds.contains($0.kind) }) {
            let name = "\($0.kind) `\($0.metadata.name)`"
            if let earlier = seen.updateValue($0.location, forKey: name) {
                throw ResourceError(
                    at: $0.metadata.nameLocation,
                    "\(name) is already declared at \(earlier), in another namespace; give it a name of its own"
                )
            }
        }
    }

    private static func entry(_ document: Document, in trustDomain: TrustDomain) throws -> WorkloadEntry {
        let entry = try WorkloadEntry(document)
        guard entry.id.trustDomain == trustDomain else {
            throw ResourceError(
                at: document.place(of: "spiffeID"),
                "`\(entry.id)` is not in the trust domain `\(trustDomain)` of this installation; see `lapwing config show`"
            )
        }
        return entry
    }

    /// The digest of a configuration's files, whatever is in them.
    ///
    /// Their names count below the directory that they share, so that a directory has one digest from wherever it is named.
    static func digest(of sources: [(file: String, bytes: Data)]) -> String {
        var hash = SHA256()
        var shared = Array((sources.first?.file ?? "").utf8)
        for source in sources { shared = zip(shared, source.file.utf8).prefix { $0 == $1 }.map(\.0) }
        let directory = shared.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        for source in sources {
            let name = source.file.utf8.dropFirst(directory)
            // Each part with its length, so that no two sets of files run into the same bytes.
            hash.update(data: Data("\(name.count) ".utf8) + Data(name) + Data(" \(source.bytes.count) ".utf8))
            hash.update(data: source.bytes)
        }
        return Hexadecimal.text(Array(hash.finalize()))
    }
}

extension GatewayConfiguration {
    /// Where it listens: for callers, for local ones that call out, and for administrators; ports that the system chooses
    /// are left out.
    var ports: [(address: String, port: Int)] {
        var places = listeners.map { (address: $0.address, port: $0.port) }
        if let admin { places.append((admin.address, admin.port)) }
        for case .loopback(let address, let port, _) in (egress?.listeners ?? []).map(\.place) {
            places.append((address, port))
        }
        return places.filter { $0.port != 0 }
    }

    /// The screen that requests to this gateway pass before any policy is asked.
    var screen: RequestScreen {
        RequestScreen(
            normalization: pathNormalization,
            compatibility: compatibility,
            offersTunnels: routes.contains(where: \.allowsConnect)
        )
    }

    /// Whom this gateway answers as: the workload's own SPIFFE ID.
    ///
    /// - Throws: ``CommandError`` where the workload's names do not make an ID.
    func identity(in trustDomain: TrustDomain) throws -> SPIFFEID {
        let account = workload.serviceAccount ?? "default"
        do {
            return try SPIFFEID(trustDomain: trustDomain, path: "/ns/\(workload.namespace)/sa/\(account)")
        } catch {
            throw CommandError(.usage, "the workload of the gateway `\(name)` has no SPIFFE ID: \(error)")
        }
    }
}

/// The kinds of resource that a configuration may hold.
private enum KnownKinds {
    private static let groups: [String: Set<String>] = [
        "lapwing.dev": [
            "Settings", "Gateway", "WorkloadEntry", "AdminPolicy", "PolicyTest", "ReachAssertions", "ModelRegistry",
            "ModelTrustPolicy", "Guardrail", "CloudCredentials", "AuditPolicy", "Estate", "MonitorPolicy", "AlertRoute",
            "FederatedTrustDomain", "BundleEndpoint", "KubernetesAttestation", "ImageSignatures",
            "AttestationEndpoint", "OIDCEndpoint",
        ],
        "spire.spiffe.io": ["ClusterFederatedTrustDomain"],
        "security.istio.io": ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
        "networking.istio.io": ["ServiceEntry"],
    ]

    /// Kinds of Istio's that are something else here, and what.
    private static let elsewhere = [
        "VirtualService": "where requests go is said by `routes` of a Gateway of `lapwing.dev`",
        "DestinationRule": "how upstreams are reached is said by `upstreams` of a Gateway of `lapwing.dev`",
        "Gateway": "where callers connect is said by `listeners` of a Gateway of `lapwing.dev`",
        "Sidecar":
            "what may be called is what a ServiceEntry declares and an AuthorizationPolicy with `targetRefs` allows",
        "WorkloadEntry": "who a workload is is said by a WorkloadEntry of `lapwing.dev`, by its selectors",
        "WorkloadGroup": "who a workload is is said by a WorkloadEntry of `lapwing.dev`, by its selectors",
        "EnvoyFilter": "there is no Envoy to filter in",
        "ProxyConfig": "what the processes run with is said by `Settings` of `lapwing.dev`",
    ]

    /// Refuses what would otherwise be passed over in silence.
    static func check(_ documents: [Document]) throws {
        _ = try collectingDiagnostics(documents) { document in
            // What is misspelt of these is said where they are read.
            guard document.group != PolicySet.group, PolicySet.misnamed(document) == nil else { return }
            guard let kinds = groups[String(document.group)] else {
                throw ResourceError(
                    at: document.location,
                    "unknown API group `\(document.group)`; \(suggestion(for: String(document.group), among: groups.keys))"
                )
            }
            if let instead = elsewhere[document.kind], !kinds.contains(document.kind) {
                throw ResourceError(
                    at: document.kindLocation,
                    "`\(document.kind)` is not read here: \(instead); leave it out of this directory"
                )
            }
            guard kinds.contains(document.kind) else {
                throw ResourceError(
                    at: document.kindLocation,
                    "unknown or unsupported kind `\(document.kind)`; \(suggestion(for: document.kind, among: kinds))"
                )
            }
            if document.group == "lapwing.dev", document.apiVersion != WorkloadEntry.apiVersion {
                throw ResourceError(
                    at: document.location,
                    "unknown version `\(document.apiVersion)` of \(document.kind); expected `\(WorkloadEntry.apiVersion)`"
                )
            }
        }
    }
}

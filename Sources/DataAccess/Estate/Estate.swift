public import Resources
public import ZeroTrust

/// Everything that touches data, written down once: an `Estate` resource.
///
/// It says who exists, what they are for, which data there is, and what must never happen.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: Estate
/// metadata: {name: reference, trustDomain: cluster.local}
/// purposes: {training: {}}
/// classifications: [internal, confidential]
/// components:
///   trainer: {identity: {k8s: ml-training/trainer}, purpose: training, maxClassification: internal}
/// datasets:
///   examples: {producer: trainer, classification: internal, purposes: [training], stores: [{s3: ml-examples}]}
/// invariants:
/// - {id: I1, never: {component: "*", write: {datasetNotProducedBySelf: true}}}
/// ```
///
/// The world is closed: what is not declared is denied. ``accesses`` is the whole of what is allowed; every enforcement
/// is generated from it and held against it.
public struct Estate: Hashable, Sendable {
    /// The resource's group and version.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The resource's kind.
    public static let kind = "Estate"

    /// The resource's name.
    public let name: String
    /// Whose authority names the components.
    public let trustDomain: TrustDomain
    /// How long credentials of components live, at the most.
    public let credentialLifetime: Duration
    /// What data is used for.
    public let purposes: PurposeLattice
    /// The classifications, from the most open to the most closed.
    public let classifications: [String]
    /// The components, in the order written.
    public let components: [Component]
    /// The datasets, in the order written.
    public let datasets: [Dataset]
    /// The models, in the order written.
    public let models: [Model]
    /// The calls that components may make; no other may be made.
    public let calls: [Call]
    /// What must never happen.
    public let invariants: [Invariant]
    /// Where all of it is enforced.
    public let enforcement: Enforcement
    /// Where it is written.
    public let location: SourceLocation
    /// What loads and is doubtful.
    public internal(set) var warnings: [Diagnostic] = []

    /// The component of a name.
    public func component(_ name: String) -> Component? { components.first { $0.name == name } }

    /// The dataset of a name.
    public func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }

    /// How closed a classification is: 0 for the most open; nil for one that does not exist.
    public func rank(of classification: String) -> Int? { classifications.firstIndex(of: classification) }

    /// The estates among some documents.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ documents: [Document]) throws -> [Estate] {
        let own = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        return try collectingDiagnostics(own) { try Estate($0) }
    }

    /// Reads and checks an estate.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in it.
    public init(_ document: Document) throws {
        self = try EstateDecoder(document: document).decode()
        let findings = EstateCheck(estate: self, spec: document.spec).findings()
        let errors = findings.filter { $0.severity == .error }
        guard errors.isEmpty else { throw ResourceError(errors.sorted { $0.location < $1.location }) }
        self.warnings = findings
    }

    init(
        name: String,
        trustDomain: TrustDomain,
        credentialLifetime: Duration,
        purposes: PurposeLattice,
        classifications: [String],
        components: [Component],
        datasets: [Dataset],
        models: [Model],
        calls: [Call],
        invariants: [Invariant],
        enforcement: Enforcement,
        location: SourceLocation
    ) {
        self.name = name
        self.trustDomain = trustDomain
        self.credentialLifetime = credentialLifetime
        self.purposes = purposes
        self.classifications = classifications
        self.components = components
        self.datasets = datasets
        self.models = models
        self.calls = calls
        self.invariants = invariants
        self.enforcement = enforcement
        self.location = location
    }
}

/// What the linter is told beside the files.
public struct LintOptions: Sendable, Hashable {
    /// Whose defaults hold, where no `Gateway` among the files says so.
    public var compatibility: Compatibility
    /// The namespace whose resources apply in all namespaces.
    public var rootNamespace: String
    /// How paths are made canonical, where no `Gateway` among the files says so.
    public var pathNormalization: PathNormalization
    /// How the services behind read paths.
    public var backend: BackendProfile
    /// How many proxies in front are trusted to write `x-forwarded-for`; zero where clients connect directly.
    public var trustedHops: Int
    /// The external providers that are configured, or nil where that is not known.
    public var providers: Set<String>?

    /// Options; the defaults are Lapwing's own.
    public init(
        compatibility: Compatibility = .strict,
        rootNamespace: String = "istio-system",
        pathNormalization: PathNormalization = .base,
        backend: BackendProfile = .unknown,
        trustedHops: Int = 0,
        providers: Set<String>? = nil
    ) {
        self.compatibility = compatibility
        self.rootNamespace = rootNamespace
        self.pathNormalization = pathNormalization
        self.backend = backend
        self.trustedHops = trustedHops
        self.providers = providers
    }
}

import Resources

/// Reads one document and gathers everything that is wrong with it, rather than stopping at the first mistake.
struct DocumentReader {
    /// What is read.
    let document: Document
    /// What was found, warnings included, in the order in which it was found.
    private(set) var diagnostics: [Diagnostic] = []

    init(_ document: Document) {
        self.document = document
    }

    /// Whether no error has been found.
    var isSound: Bool { !diagnostics.contains { $0.severity == .error } }

    mutating func report(
        _ location: SourceLocation,
        _ message: String,
        correction: Diagnostic.Correction? = nil
    ) {
        diagnostics.append(Diagnostic(.error, at: location, message, correction: correction))
    }

    /// Notes what is probably not meant; `rule` is the lint rule that says so, where one does.
    mutating func warn(
        _ location: SourceLocation,
        _ message: String,
        rule: String? = nil,
        correction: Diagnostic.Correction? = nil
    ) {
        diagnostics.append(Diagnostic(.warning, at: location, message, rule: rule, correction: correction))
    }

    /// Runs a reading and keeps what it found wrong.
    @discardableResult
    mutating func collect<Result>(_ read: () throws -> Result) -> Result? {
        do { return try read() } catch let error as ResourceError {
            diagnostics += error.diagnostics
        } catch {
            report(document.location, "\(error)")
        }
        return nil
    }

    /// The fields of a mapping, or nil, and an error, for anything else.
    mutating func open(_ value: Value, _ owner: String) -> FieldReader? {
        collect { try FieldReader(value, of: owner) }
    }

    /// The elements of a list, or nil, and an error, for anything else.
    mutating func elements(_ value: Value) -> [Value]? {
        collect { try value.list { $0 } }
    }

    /// Reads a list of texts of which none may be empty.
    mutating func texts(
        _ value: Value?,
        _ name: String,
        maximum: Int = .max
    ) -> [AuthorizationPolicy.LocatedValue] {
        guard let value, !value.isNull, let elements = elements(value) else { return [] }
        if elements.count > maximum { report(value.location, "`\(name)` has at most \(maximum) values") }
        return elements.compactMap { element in
            guard let text = collect({ try element.string() }) else { return nil }
            if text.isEmpty { report(element.location, "`\(name)`: a value must not be empty") }
            return AuthorizationPolicy.LocatedValue(text: text, location: element.location)
        }
    }

    /// Refuses an API version in which the kind is not known.
    mutating func checkVersion() {
        let versions = ["security.istio.io/v1", "security.istio.io/v1beta1"]
        guard !versions.contains(document.apiVersion) else { return }
        report(
            document.location,
            "unknown apiVersion `\(document.apiVersion)` of \(document.kind); "
                + suggestion(for: document.apiVersion, among: versions)
        )
    }

    /// Refuses the annotation that puts an AuthorizationPolicy on trial, for a kind that knows no trial.
    mutating func refuseDryRun() {
        guard document.metadata.annotations["istio.io/dry-run"] != nil else { return }
        report(
            document.location,
            "`istio.io/dry-run` is for AuthorizationPolicy only; a \(document.kind) takes effect at once"
        )
    }
}

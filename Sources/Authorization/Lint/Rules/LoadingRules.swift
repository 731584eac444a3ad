import Resources

extension LintRule {
    /// What keeps a file from loading, and older ways of writing.
    static let loading: [LintRule] = [
        LintRule("LW0006", "does-not-load", .error, "a document is refused when it is loaded") { input, found in
            for diagnostic in input.diagnostics where diagnostic.severity == .error && diagnostic.correction == nil {
                found.add(
                    diagnostic.location,
                    in: input.owner(of: diagnostic.location),
                    diagnostic.message,
                    fix: "correct it: a configuration with an error is not loaded at all"
                )
            }
        },
        misspelling("LW0007", "unknown-field", "a field is not known, and a known one is near", .key),
        misspelling(
            "LW0008",
            "unknown-value",
            "a value is none of those that are known, and a known one is near",
            .value
        ),
        misspelling("LW0009", "unquoted-text", "a number or a boolean stands where a text belongs", .quotes),
        LintRule(
            "LW0010",
            "older-api-version",
            .note,
            "a resource is written for an API version that has a newer name",
            isFixable: true
        ) { input, found in
            for object in input.objects where object.apiVersion == "security.istio.io/v1beta1" {
                guard let version = object.at("apiVersion") else { continue }
                found.add(
                    version.location,
                    in: object.location,
                    "`security.istio.io/v1beta1` is the older name of `security.istio.io/v1`",
                    fix: "write `security.istio.io/v1`; the fields are the same",
                    edits: [
                        LintEdit(
                            .replace(with: "security.istio.io/v1", needsQuotes: false),
                            of: object.apiVersion,
                            at: version.location
                        )
                    ]
                )
            }
        },
        LintRule(
            "LW0011",
            "older-spelling",
            .note,
            "a field is written in an older spelling",
            isFixable: true
        ) { input, found in
            for object in input.objects where object.group == "security.istio.io" {
                for rule in object.at("spec", "jwtRules")?.elements ?? [] {
                    for entry in rule.entries where entry.key == "jwks_uri" {
                        found.add(
                            entry.keyLocation,
                            in: object.location,
                            "`jwks_uri` is the older spelling of `jwksUri`",
                            fix: "write `jwksUri`",
                            edits: [
                                LintEdit(
                                    .replace(with: "jwksUri", needsQuotes: false),
                                    of: "jwks_uri",
                                    at: entry.keyLocation
                                )
                            ]
                        )
                    }
                }
            }
        },
        LintRule("LW0012", "single-target", .note, "a resource uses `targetRef`, which is being replaced") {
            input,
            found in
            for object in input.objects where object.group == "security.istio.io" {
                guard let entry = object.at("spec")?.entries.first(where: { $0.key == "targetRef" }) else { continue }
                found.add(
                    entry.keyLocation,
                    in: object.location,
                    "`targetRef` is being replaced by the list `targetRefs`",
                    fix: "write `targetRefs:` and the reference as its one element"
                )
            }
        },
        LintRule("LW0013", "namespace-left-out", .note, "a policy does not say in which namespace it is") {
            input,
            found in
            for object in input.objects where object.group == "security.istio.io" && object.namespace == nil {
                found.add(
                    object.at("metadata")?.location ?? object.location,
                    in: object.location,
                    "the \(object.kind) `\(object.name)` names no namespace, so that it is in `default`",
                    fix: "write `metadata.namespace`: a policy applies in its own namespace only"
                )
            }
        },
    ]

    /// A rule for misspellings of one kind, which reading has found and knows how to correct.
    private static func misspelling(
        _ id: String,
        _ name: String,
        _ summary: String,
        _ kind: Diagnostic.Correction.Kind
    ) -> LintRule {
        LintRule(id, name, .error, summary, isFixable: true) { input, found in
            for diagnostic in input.diagnostics where diagnostic.severity == .error {
                guard let correction = diagnostic.correction, correction.kind == kind else { continue }
                let replacement = kind == .quotes ? "\"\(correction.replacement)\"" : correction.replacement
                found.add(
                    diagnostic.location,
                    in: input.owner(of: diagnostic.location),
                    diagnostic.message,
                    fix: "write `\(replacement)`",
                    edits: [LintEdit(correction, at: diagnostic.location)]
                )
            }
        }
    }

    /// A rule for a doubt that reading has noted under its identifier.
    static func doubt(_ id: String, _ name: String, _ summary: String, isFixable: Bool = false, fix: String) -> LintRule
    {
        LintRule(id, name, .warning, summary, isFixable: isFixable) { input, found in
            for diagnostic in input.diagnostics where diagnostic.rule == id {
                found.add(
                    diagnostic.location,
                    in: input.owner(of: diagnostic.location),
                    diagnostic.message,
                    fix: diagnostic.correction.map { "write `\($0.replacement)`" } ?? fix,
                    edits: diagnostic.correction.map { [LintEdit($0, at: diagnostic.location)] } ?? []
                )
            }
        }
    }
}

extension LintInput {
    /// Where the object begins that a place stands in.
    func owner(of location: SourceLocation) -> SourceLocation? {
        objects.map(\.location).filter { $0.file == location.file && $0 <= location }.max()
    }
}

import Resources

extension LintRule {
    /// Paths and hosts that are passed by spelling them differently.
    static let paths: [LintRule] = [
        LintRule(
            "LW0020",
            "host-without-port",
            .warning,
            "a host is denied and the same host with a port is not",
            isFixable: true
        ) { input, found in
            for policy in input.policies where !policy.isDryRun {
                policy.forEachField { field, _ in
                    guard field.subject == .host, policy.opensWhenMissed(field) else { return }
                    let patterns = field.values.map { ValuePattern($0.text, .host) }
                    for value in field.values where !value.text.contains(":") && !value.text.hasSuffix("*") {
                        let sample = (value.text.hasPrefix("*") ? "x" + value.text.dropFirst() : value.text)
                            .lowercased()
                        guard !patterns.contains(where: { $0.matches(sample + ":8443") }) else { continue }
                        let isExact = !value.text.hasPrefix("*")
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` is passed by `\(value.text):443`: a host is compared with its port",
                            fix: isExact ? "add `\(value.text):*`" : "name the hosts, each also with `:*`",
                            edits: isExact ? [LintEdit(.insertAfter("\(value.text):*"), of: value)] : [],
                            closedInStrictModeFor: policy
                        )
                    }
                }
            }
        },
        LintRule(
            "LW0024",
            "path-never-seen",
            .warning,
            "a path is written in a form that is made canonical before the policy sees it"
        ) { input, found in
            for policy in input.policies {
                let normalization = input.pathNormalization(of: policy)
                policy.forEachField { field, _ in
                    guard field.subject == .path else { return }
                    for value in field.values {
                        guard let canonical = PathSpelling.canonical(value.text, normalization) else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` never matches: under \(normalization.rawValue) "
                                + (canonical.isEmpty ? "such a path is refused" : "it is seen as `\(canonical)`"),
                            fix: canonical.isEmpty ? "leave it out" : "write `\(canonical)`"
                        )
                    }
                }
            }
        },
        spelling(
            "LW0042",
            "doubled-slash",
            "a denied path is passed by doubling a slash",
            .doubledSlash,
            fix: "set `pathNormalization: MERGE_SLASHES`, or allow exact paths instead"
        ),
        spelling(
            "LW0043",
            "encoded-slash",
            "a denied path is passed by writing a slash as %2F",
            .encodedSlash,
            fix: "set `pathNormalization: DECODE_AND_MERGE_SLASHES`, or allow exact paths instead"
        ),
        spelling(
            "LW0044",
            "letter-case",
            "a denied path is passed by other letter case",
            .letterCase,
            fix: "allow exact paths instead: no normalisation folds case"
        ),
        spelling(
            "LW0045",
            "path-parameters",
            "a denied path is passed by adding `;` to a segment",
            .parameters,
            fix: "allow exact paths instead: no normalisation cuts parameters off"
        ),
        LintRule(
            "LW0046",
            "trailing-slash",
            .warning,
            "a denied path is passed by a slash at its end, or by leaving it out",
            isFixable: true
        ) { input, found in
            guard input.options.backend.folds(.trailingSlash) else { return }
            for policy in input.policies where !policy.isDryRun {
                policy.forEachField { field, _ in
                    guard field.subject == .path, policy.opensWhenMissed(field) else { return }
                    for value in field.values {
                        guard let (variant, addition) = PathSpelling.withoutTrailingSlash(value.text),
                            !field.values.contains(where: { ValuePattern($0.text, .path).matches(variant) })
                        else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` is passed by `\(variant)`",
                            fix: "add `\(addition)`",
                            edits: [LintEdit(.insertAfter(addition), of: value)],
                            closedInStrictModeFor: policy
                        )
                    }
                }
            }
        },
        LintRule(
            "LW0047",
            "template-excluded",
            .warning,
            "a path template is used to keep paths out, and templates are narrow"
        ) { input, found in
            for policy in input.policies where !policy.isDryRun {
                policy.forEachField { field, _ in
                    guard field.subject == .path, policy.opensWhenMissed(field),
                        let value = field.values.first(where: { PathTemplate.isTemplate($0.text) })
                    else { return }
                    found.add(
                        value.location,
                        in: policy.location,
                        "`\(field.name)`: `\(value.text)` is passed by a slash or a `;` more: a template takes whole "
                            + "segments, none of them empty",
                        fix: "write `paths` of an ALLOW policy instead",
                        closedInStrictModeFor: policy
                    )
                }
            }
        },
    ]

    /// A rule for paths that are kept out in one spelling.
    private static func spelling(
        _ id: String,
        _ name: String,
        _ summary: String,
        _ folding: BackendProfile.Folding,
        fix: String
    ) -> LintRule {
        LintRule(id, name, .warning, summary) { input, found in
            guard input.options.backend.folds(folding) else { return }
            for policy in input.policies where !policy.isDryRun {
                guard !PathSpelling.isClosed(folding, by: input.pathNormalization(of: policy)) else { continue }
                policy.forEachField { field, _ in
                    guard field.subject == .path, policy.opensWhenMissed(field) else { return }
                    for value in field.values {
                        guard let variant = PathSpelling.variant(of: value.text, folding),
                            !field.values.contains(where: { ValuePattern($0.text, .path).matches(variant) })
                        else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` is passed by `\(variant)`",
                            fix: fix,
                            closedInStrictModeFor: policy
                        )
                        // One value shows it; the others of the list are mended with it.
                        return
                    }
                }
            }
        }
    }
}

/// The ways in which one path can be spelt.
enum PathSpelling {
    /// Whether a normalisation makes the spellings one before policy sees them.
    static func isClosed(_ folding: BackendProfile.Folding, by normalization: PathNormalization) -> Bool {
        switch folding {
        case .doubledSlash: normalization == .mergeSlashes || normalization == .decodeAndMergeSlashes
        case .encodedSlash: normalization == .decodeAndMergeSlashes
        case .letterCase, .parameters, .trailingSlash: false
        }
    }

    /// The path that a value names, wildcards filled in; nil for a value that fixes no beginning.
    private static func sample(_ value: String) -> String? {
        guard value.hasPrefix("/") else { return nil }
        if PathTemplate.isTemplate(value) {
            return value.replacing("{**}", with: "x").replacing("{*}", with: "x")
        }
        return value.hasSuffix("*") ? "\(value.dropLast())x" : value
    }

    /// The path that a value names, spelt differently, or nil where that spelling makes no difference to it.
    static func variant(of value: String, _ folding: BackendProfile.Folding) -> String? {
        guard let path = sample(value), path.count > 1 else { return nil }
        switch folding {
        case .doubledSlash: return "/" + path
        case .encodedSlash:
            guard let slash = path.dropFirst().lastIndex(of: "/") else { return nil }
            return "\(path[..<slash])%2F\(path[path.index(after: slash)...])"
        case .letterCase:
            guard let index = path.firstIndex(where: { $0.isASCII && $0.isLowercase }) else { return nil }
            return "\(path[..<index])\(path[index].uppercased())\(path[path.index(after: index)...])"
        case .parameters:
            let end = path.dropFirst().firstIndex(of: "/") ?? path.endIndex
            return "\(path[..<end]);x\(path[end...])"
        case .trailingSlash: return withoutTrailingSlash(value)?.variant
        }
    }

    /// The same path with a slash more or less at its end, and the value that matches it.
    static func withoutTrailingSlash(_ value: String) -> (variant: String, addition: String)? {
        guard value.hasPrefix("/"), value.count > 1, !PathTemplate.isTemplate(value) else { return nil }
        if value.hasSuffix("/*") {
            let folder = String(value.dropLast(2))
            return folder.isEmpty ? nil : (folder, folder)
        }
        guard !value.hasSuffix("*") else { return nil }
        let other = value.hasSuffix("/") ? String(value.dropLast()) : value + "/"
        return (other, other)
    }

    /// What a policy sees in the place of a path; empty where such a path is refused, nil where it sees the path.
    static func canonical(_ value: String, _ normalization: PathNormalization) -> String? {
        guard value.hasPrefix("/"), !PathTemplate.isTemplate(value), !value.contains("?"), !value.contains("#") else {
            return nil
        }
        // Of a prefix, the segments that are complete.
        let isPrefix = value.hasSuffix("*")
        let literal = isPrefix ? value[...(value.dropLast().lastIndex(of: "/") ?? value.startIndex)] : value[...]
        switch normalization.normalize(String(literal)) {
        case .badRequest: return ""
        case .path(let path): return path == literal ? nil : path + value[literal.endIndex...]
        }
    }
}

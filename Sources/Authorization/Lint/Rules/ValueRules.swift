import Resources
import ZeroTrust

extension LintRule {
    /// Single values that never match, or match less or more than they look.
    static let values: [LintRule] = [
        doubt(
            "LW0001",
            "principal-with-scheme",
            "a principal is written with `spiffe://`, and never matches",
            isFixable: true,
            fix: "leave `spiffe://` out"
        ),
        doubt(
            "LW0002",
            "method-in-lower-case",
            "a method has small letters, and never matches",
            isFixable: true,
            fix: "write methods in capitals"
        ),
        doubt(
            "LW0003",
            "path-without-slash",
            "a path does not begin with `/`, and never matches",
            isFixable: true,
            fix: "write the path alone, from its first `/`"
        ),
        doubt(
            "LW0004",
            "star-inside-path",
            "a `*` inside a path is an ordinary character",
            fix: "write `{*}` for one segment, or `{**}` for the rest"
        ),
        doubt(
            "LW0005",
            "path-with-query",
            "a path has a query or a fragment, and never matches",
            fix: "write the path without it; a query is seen by no policy but in `request.headers[:path]`"
        ),
        value(
            "LW0014",
            "principal-without-trust-domain",
            .warning,
            "a principal begins with `ns/`: the trust domain is missing"
        ) { value, field in
            guard field.subject == .principal, value.text.hasPrefix("ns/") else { return nil }
            return (
                "`\(value.text)` has no trust domain, and never matches a caller of yours",
                "write it from the trust domain on: `cluster.local/\(value.text)`", nil
            )
        },
        value("LW0015", "star-inside-principal", .warning, "a `*` inside a principal is an ordinary character") {
            value,
            field in
            guard field.subject == .principal || field.subject == .requestPrincipal,
                value.text.dropFirst().dropLast().contains("*")
            else { return nil }
            return (
                "`*` inside `\(value.text)` is an ordinary character, so that the value never matches",
                "use a `*` at one end only, or `namespaces` and `serviceAccounts`", nil
            )
        },
        value("LW0016", "namespace-with-slash", .warning, "a namespace has a `/`") { value, field in
            guard field.subject == .namespace, value.text.contains("/") else { return nil }
            return (
                "`\(value.text)` is no namespace: names have no `/`",
                "write the namespace alone; a service account goes into `serviceAccounts`", nil
            )
        },
        value(
            "LW0017",
            "name-in-upper-case",
            .warning,
            "a namespace or service account has capitals, and never matches",
            isFixable: true
        ) { value, field in
            guard field.subject == .namespace || field.subject == .serviceAccount,
                value.text != value.text.lowercased()
            else { return nil }
            return (
                "`\(value.text)` never matches: names in Kubernetes are in lower case",
                "write `\(value.text.lowercased())`",
                LintEdit(.replace(with: value.text.lowercased(), needsQuotes: false), of: value)
            )
        },
        value(
            "LW0018",
            "host-with-scheme",
            .warning,
            "a host is written as a URL, and never matches",
            isFixable: true
        ) { value, field in
            guard field.subject == .host else { return nil }
            let scheme = ["https://", "http://"].first { value.text.lowercased().hasPrefix($0) }
            guard scheme != nil || value.text.contains("/") else { return nil }
            let host = String(value.text.dropFirst(scheme?.count ?? 0).prefix { $0 != "/" })
            guard !host.isEmpty else { return nil }
            return (
                "`\(value.text)` never matches: a host has neither a scheme nor a path", "write `\(host)`",
                LintEdit(.replace(with: host, needsQuotes: false), of: value)
            )
        },
        value(
            "LW0019",
            "host-in-mixed-case",
            .note,
            "a host has capitals, which make no difference",
            isFixable: true
        ) { value, field in
            guard field.subject == .host, value.text != value.text.lowercased() else { return nil }
            return (
                "the capitals of `\(value.text)` make no difference: hosts are compared without regard to case",
                "write `\(value.text.lowercased())`",
                LintEdit(.replace(with: value.text.lowercased(), needsQuotes: false), of: value)
            )
        },
        value(
            "LW0022",
            "server-name-never-sent",
            .warning,
            "a server name has capitals or a port, and never matches",
            isFixable: true
        ) { value, field in
            guard field.subject == .serverName else { return nil }
            let name = value.text.lowercased().prefix { $0 != ":" }
            guard value.text != name, !name.isEmpty else { return nil }
            return (
                "`\(value.text)` never matches: a server name arrives in lower case and without a port",
                "write `\(name)`", LintEdit(.replace(with: String(name), needsQuotes: false), of: value)
            )
        },
        value(
            "LW0023",
            "unknown-method",
            .warning,
            "a method is none that requests are let in with",
            isFixable: true
        ) { value, field in
            guard field.subject == .method, !value.text.contains("*"), value.text == value.text.uppercased(),
                !RequestScreen.methods.contains(value.text)
            else { return nil }
            let nearest = nearestName(to: value.text, among: RequestScreen.methods.sorted())
            return (
                "`\(value.text)` never matches: a request with that method is refused before any policy is asked",
                nearest.map { "write `\($0)`" } ?? "leave it out",
                nearest.map { LintEdit(.replace(with: $0, needsQuotes: false), of: value) }
            )
        },
        value(
            "LW0025",
            "block-with-host-bits",
            .note,
            "an address block has bits beyond its prefix, which are dropped",
            isFixable: true
        ) { value, field in
            guard [.sourceIP, .remoteIP, .destinationIP].contains(field.subject), value.text.contains("/"),
                let block = AddressBlock(value.text), "\(block.network)" != value.text.prefix(while: { $0 != "/" }),
                IPAddress(value.text.prefix { $0 != "/" }) != block.network
            else { return nil }
            return (
                "`\(value.text)` is read as `\(block)`: the bits beyond the prefix are dropped",
                "write `\(block)`, or the one address that is meant",
                LintEdit(.replace(with: "\(block)", needsQuotes: false), of: value)
            )
        },
        value("LW0026", "block-of-everything", .warning, "an address block is every address of its family") {
            value,
            field in
            guard [.sourceIP, .remoteIP, .destinationIP].contains(field.subject),
                AddressBlock(value.text)?.prefixLength == 0
            else { return nil }
            return (
                "`\(value.text)` is every address of its family and none of the other",
                "leave the field out to match any address, or name the networks", nil
            )
        },
        value("LW0027", "mapped-address", .warning, "an IPv4 address is written in its IPv6 form") { value, field in
            guard [.sourceIP, .remoteIP, .destinationIP].contains(field.subject),
                value.text.lowercased().hasPrefix("::ffff:")
            else { return nil }
            return (
                "`\(value.text)` never matches: an IPv4 caller has an IPv4 address", "write the address in IPv4 form",
                nil
            )
        },
        LintRule(
            "LW0028",
            "value-twice",
            .note,
            "a value stands twice in one list",
            isFixable: true
        ) { input, found in
            for policy in input.policies {
                policy.forEachField { field, _ in
                    var seen: Set<String> = []
                    for value in field.values where !seen.insert(value.text).inserted {
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` stands in the list before",
                            fix: "leave it out",
                            edits: [LintEdit(.remove, of: value)]
                        )
                    }
                }
            }
        },
        LintRule(
            "LW0086",
            "condition-of-lapwing",
            .note,
            "a condition asks for the caller's model, which Istio refuses"
        ) { input, found in
            for policy in input.policies {
                for rule in policy.rules {
                    for condition in rule.when where condition.fields.contains(where: \.subject.isModel) {
                        found.add(
                            condition.location,
                            in: policy.location,
                            "`\(condition.key)` is Lapwing's own: Istio's webhook refuses the policy",
                            fix: "keep the policy for Lapwing's gateways"
                        )
                    }
                }
            }
        },
        LintRule("LW0029", "value-covered", .note, "a value adds nothing to another in its list") { input, found in
            for policy in input.policies {
                policy.forEachField { field, _ in
                    let patterns = field.values.map { ValuePattern($0.text, field.subject) }
                    for (index, value) in field.values.enumerated() {
                        let cover = patterns.indices.first {
                            $0 != index && patterns[$0] != patterns[index] && patterns[$0].covers(patterns[index])
                        }
                        guard let cover else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: `\(value.text)` adds nothing to `\(field.values[cover].text)`",
                            fix: "leave it out, or make the wider value narrower"
                        )
                    }
                }
            }
        },
    ]

    /// A rule that looks at one value at a time, in every policy.
    private static func value(
        _ id: String,
        _ name: String,
        _ severity: LintSeverity,
        _ summary: String,
        isFixable: Bool = false,
        _ judge:
            @escaping @Sendable (
                _ value: AuthorizationPolicy.LocatedValue, _ field: AuthorizationPolicy.Field
            ) -> (message: String, fix: String, edit: LintEdit?)?
    ) -> LintRule {
        LintRule(id, name, severity, summary, isFixable: isFixable) { input, found in
            for policy in input.policies {
                policy.forEachField { field, _ in
                    for value in field.values {
                        guard let (message, fix, edit) = judge(value, field) else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(field.name)`: \(message)",
                            fix: fix,
                            edits: edit.map { [$0] } ?? []
                        )
                    }
                }
            }
        }
    }
}

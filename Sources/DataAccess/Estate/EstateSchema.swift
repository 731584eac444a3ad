/// The JSON Schema of an ``Estate``, for editors: completion, hints, and mistakes marked while they are written.
///
/// It knows the fields, their types and the form of single values. What names mean together, such as a producer that does
/// not exist, is told by ``Estate/init(_:)`` alone; and what that refuses is refused, whatever the schema says.
public enum EstateSchema {
    /// Where the schema is found: a name of its own, and no address that anything is fetched from.
    public static let id = "https://lapwing.dev/schemas/estate.v1alpha1.json"

    /// The schema, in JSON Schema 2020-12.
    public static var json: String { root.pretty }

    private typealias Fields = [(String, JSONText)]

    // MARK: - Words

    private static func said(_ what: String, _ entries: Fields) -> JSONText {
        .object(entries + [("description", .text(what))])
    }

    private static func text(_ what: String, pattern: String? = nil, maximum: Int? = nil) -> JSONText {
        var entries: Fields = [("type", .text("string"))]
        if let pattern { entries.append(("pattern", .text(pattern))) }
        if let maximum { entries.append(("maxLength", .number(maximum))) }
        return said(what, entries)
    }

    private static func choice(_ what: String, _ names: [String]) -> JSONText {
        said(what, [("enum", .list(names.map(JSONText.text)))])
    }

    private static func flag(_ what: String) -> JSONText { said(what, [("type", .text("boolean"))]) }

    private static func integer(_ what: String, _ range: ClosedRange<Int>) -> JSONText {
        said(
            what,
            [
                ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)),
            ]
        )
    }

    private static func list(_ what: String, of element: JSONText, atLeast minimum: Int = 0) -> JSONText {
        var entries: Fields = [("type", .text("array")), ("items", element)]
        if minimum > 0 { entries.append(("minItems", .number(minimum))) }
        return said(what, entries)
    }

    /// One, or a list of them.
    private static func some(_ what: String, _ element: JSONText) -> JSONText {
        said(what, [("anyOf", .list([element, list(what, of: element, atLeast: 1)]))])
    }

    private static func object(_ what: String, _ required: [String], _ fields: Fields) -> JSONText {
        var entries: Fields = [
            ("type", .text("object")), ("additionalProperties", .flag(false)), ("properties", .object(fields)),
        ]
        if !required.isEmpty { entries.append(("required", .list(required.map(JSONText.text)))) }
        return said(what, entries)
    }

    /// A mapping whose names are chosen by who writes it.
    private static func named(_ what: String, _ value: JSONText, names: String = name) -> JSONText {
        said(
            what,
            [
                ("type", .text("object")), ("additionalProperties", value),
                ("propertyNames", .object([("pattern", .text(names))])),
            ]
        )
    }

    /// Exactly one of some fields.
    private static func exactlyOne(of names: [String]) -> (String, JSONText) {
        ("oneOf", .list(names.map { .object([("required", .list([.text($0)]))]) }))
    }

    private static func object(
        _ what: String,
        oneOf alternatives: [String],
        _ fields: Fields
    ) -> JSONText {
        guard case .object(let entries) = object(what, [], fields) else { return .object([]) }
        return .object(entries + [exactlyOne(of: alternatives)])
    }

    // MARK: - Forms of names

    private static let name = "^[a-z][a-z0-9_-]{0,62}$"
    private static let identifier = "^(?!pg_)[a-z_][a-z0-9_]{0,62}$"
    private static let account = "^[0-9]{12}$"
    private static let plain = "^[A-Za-z0-9._/-]{1,512}$"
    private static let label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

    private static let components = said(
        "a component by name, several, or \"*\" for all",
        [("anyOf", .list([text("a component, or \"*\""), list("components", of: text("a component"), atLeast: 1)]))]
    )

    // MARK: - The parts

    private static var root: JSONText {
        guard
            case .object(let entries) = object(
                "who exists, what they are for, which data there is, and what must never happen",
                ["apiVersion", "kind", "metadata", "purposes", "classifications", "components"],
                [
                    ("apiVersion", .object([("const", .text(Estate.apiVersion))])),
                    ("kind", .object([("const", .text(Estate.kind))])), ("metadata", metadata),
                    ("defaults", defaults), ("purposes", purposes),
                    (
                        "classifications",
                        list(
                            "how closed data is, from the most open to the most closed",
                            of: text("a classification", pattern: name),
                            atLeast: 1
                        )
                    ),
                    ("components", named("what runs, by name", component)),
                    ("datasets", named("data, by name", dataset)),
                    ("models", named("models, by name", model)),
                    ("calls", list("the calls that are made; no other is", of: call)),
                    ("invariants", list("what must never happen, on any layer", of: invariant)),
                    ("enforcement", enforcement), ("status", .object([])),
                ]
            )
        else { return .object([]) }
        return .object(
            [
                ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("$id", .text(id)),
                ("title", .text(Estate.kind)),
            ] + entries
        )
    }

    private static var metadata: JSONText {
        let texts: JSONText = .object([
            ("type", .text("object")), ("additionalProperties", .object([("type", .text("string"))])),
        ])
        let added = [
            "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation",
            "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
        ]
        return object(
            "what the estate is called",
            ["name", "trustDomain"],
            [
                ("name", text("the estate's name", pattern: "^\(label.replacing("[a-z0-9-]", with: "[a-z0-9.-]"))$")),
                ("trustDomain", text("the SPIFFE trust domain of the components", maximum: 255)),
                ("namespace", text("a namespace of a cluster", pattern: "^\(label)$")), ("labels", texts),
                ("annotations", texts), ("creationTimestamp", text("when it was made, as a cluster writes it")),
            ] + added.map { ($0, .object([])) }
        )
    }

    private static var defaults: JSONText {
        object(
            "what holds where nothing is said",
            [],
            ["ingress", "egress", "data", "internet"].map { ($0, choice("always `deny`", ["deny"])) }
                + [
                    (
                        "credentialTTL",
                        text("how long credentials live, 12h at the most", pattern: "^([0-9]+(h|m|s|ms))+$")
                    )
                ]
        )
    }

    private static var purposes: JSONText {
        let purpose = object(
            "a purpose",
            [],
            [
                ("description", text("for people")),
                ("below", list("the purposes whose data it may use, too", of: text("a purpose", pattern: name))),
            ]
        )
        return .object([
            ("type", .text("object")), ("minProperties", .number(1)),
            ("additionalProperties", .object([("anyOf", .list([purpose, .object([("type", .text("null"))])]))])),
            ("propertyNames", .object([("pattern", .text(name))])),
            ("description", .text("what data is used for, by name")),
        ])
    }

    private static var component: JSONText {
        let identity = object(
            "who it is on each platform; without `spiffe`, `k8s` is needed",
            [],
            [
                (
                    "k8s",
                    text("NAMESPACE/SERVICE-ACCOUNT", pattern: "^\(label)/\(label)(\\.\(label))*$", maximum: 317)
                ),
                (
                    "aws",
                    object(
                        "its role",
                        ["role"],
                        [
                            ("role", text("the role's name", pattern: "^[A-Za-z0-9+=,.@_-]{1,64}$")),
                            ("account", text("12 digits, where it is not the estate's", pattern: account)),
                        ]
                    )
                ),
                ("spiffe", text("its SPIFFE ID, where it is not that of `k8s`", pattern: "^spiffe://", maximum: 2048)),
            ]
        )
        let operation = object(
            "requests",
            ["methods", "paths"],
            [
                ("methods", list("in upper case", of: text("a method", pattern: "^[A-Z-]{1,32}$"), atLeast: 1)),
                (
                    "paths",
                    list(
                        "from `/`",
                        of: text("a path; a `*` at the end", pattern: "^/[^*]*\\*?$", maximum: 1024),
                        atLeast: 1
                    )
                ),
            ]
        )
        let api = object(
            "an API",
            ["name", "port"],
            [
                ("name", text("its name", pattern: name)), ("port", integer("its port", 1...65535)),
                ("http", list("its requests; none for what is no HTTP", of: operation)),
            ]
        )
        let host = object(
            "a host outside",
            ["host"],
            [
                ("host", text("its full name", pattern: "^\(label)(\\.\(label))+$", maximum: 253)),
                ("port", integer("its port, 443 if it is not said", 1...65535)),
            ]
        )
        return object(
            "something that runs",
            ["identity", "purpose"],
            [
                ("description", text("for people")), ("identity", identity), ("purpose", text("what it is for")),
                ("maxClassification", text("the most closed data that it may have; nothing without it")),
                ("exposes", list("what it answers", of: api)), ("egress", list("what it calls outside", of: host)),
            ]
        )
    }

    private static var dataset: JSONText {
        let mode = choice("`append` never changes what is there", Estate.WriteMode.allCases.map(\.rawValue))
        let prefix = text("what keys begin with", pattern: "^(?!/)[^*?$\\u0000-\\u001f]*$", maximum: 900)
        let table = object(
            "a table",
            ["db", "table"],
            [
                ("db", text("the database", pattern: identifier)),
                (
                    "table",
                    text(
                        "SCHEMA.TABLE",
                        pattern: "^(?!pg_)[a-z_][a-z0-9_]{0,62}\\.(?!pg_)[a-z_][a-z0-9_]{0,62}$"
                    )
                ),
                (
                    "columnsFor",
                    said(
                        "by purpose, the columns that it may read; all without it",
                        [
                            ("type", .text("object")),
                            (
                                "additionalProperties",
                                list("columns", of: text("a column", pattern: identifier), atLeast: 1)
                            ),
                        ]
                    )
                ), ("mode", mode), ("shared", flag("whether rows of other datasets are in it, told by their labels")),
            ]
        )
        let store = object(
            "where it lies",
            oneOf: ["s3", "postgres"],
            [
                ("s3", text("a bucket", pattern: "^\(label)(\\.\(label))*$", maximum: 63)), ("prefix", prefix),
                ("mode", mode), ("postgres", table),
            ]
        )
        return object(
            "data",
            ["producer", "classification", "purposes", "stores"],
            [
                ("description", text("for people")), ("producer", text("the one component that writes it")),
                ("classification", text("how closed it is")),
                ("purposes", list("what it may be used for", of: text("a purpose"))),
                ("derivable", list("purposes that may read it to derive other data", of: text("a purpose"))),
                ("stores", list("where it lies", of: store, atLeast: 1)),
                ("signed", choice("whether it has to be signed to be used", ["required", "optional"])),
            ]
        )
    }

    private static var model: JSONText {
        object(
            "a model",
            ["dataset"],
            [
                ("description", text("for people")), ("dataset", text("the dataset that it lies in")),
                ("prefix", text("where in it", pattern: "^(?!/)[^*?$\\u0000-\\u001f]*$", maximum: 900)),
                ("trainedOn", list("the datasets that it was trained on", of: text("a dataset"))),
                ("servedBy", list("the components that serve it", of: text("a component"))),
            ]
        )
    }

    private static var call: JSONText {
        object(
            "a call",
            ["from", "to", "api"],
            [
                ("from", text("the component that calls")), ("to", text("the component that answers")),
                ("api", text("the name of its API")),
            ]
        )
    }

    private static let api = text("COMPONENT.API, or COMPONENT for all of its APIs", pattern: "^[^.]+(\\.[^.]+)?$")

    private static var invariant: JSONText {
        let datasets: Fields = [
            ("dataset", some("a dataset by name, several, or \"*\"", text("a dataset"))),
            ("classification", text("all that is as closed as this, or more")),
        ]
        let own = ("datasetNotProducedBySelf", JSONText.object([("const", .flag(true))]))
        let read = object("data by name or classification", oneOf: ["dataset", "classification"], datasets)
        let write = object(
            "data by name or classification, or what others produce",
            oneOf: ["dataset", "classification", own.0],
            datasets + [own]
        )
        let exceptions = object(
            "what is allowed all the same",
            [],
            [("read", some("datasets", text("a dataset"))), ("call", some("calls", api))]
        )
        let flow = object(
            "data that gets somewhere without a declared derivation",
            ["from", "to"],
            [
                ("from", read), ("to", object("where", ["component"], [("component", components)])),
                ("through", choice("how", ["undeclared-derivation"])),
            ]
        )
        let never = object(
            "one thing",
            oneOf: ["read", "write", "call", "reach", "flow"],
            [
                ("component", components), ("read", read), ("write", write),
                (
                    "call",
                    object(
                        "calls",
                        oneOf: ["not", "api"],
                        [("not", list("all but these", of: api)), ("api", some("these", api))]
                    )
                ), ("reach", choice("what is outside", ["internet"])), ("flow", flow), ("except", exceptions),
            ]
        )
        return object(
            "what must never happen",
            ["id", "never"],
            [
                ("id", text("what reports call it", pattern: "^[\\s\\S]{1,63}$")), ("description", text("for people")),
                ("never", never), ("except", exceptions),
            ]
        )
    }

    private static var enforcement: JSONText {
        let istio = object(
            "Istio",
            ["mode"],
            [
                ("mode", choice("how it runs", Estate.Enforcement.Istio.allCases.map(\.rawValue))),
                (
                    "proxyImage",
                    text(
                        "the image of its proxies, without tag and digest",
                        pattern: "^[A-Za-z0-9._/-]{0,511}[A-Za-z0-9._-]$"
                    )
                ),
            ]
        )
        let kubernetes = object(
            "Kubernetes and its mesh",
            [],
            [
                ("networkPolicy", flag("whether network policies are enforced")), ("istio", istio),
                (
                    "addresses",
                    said(
                        "where hosts outside are, by host, and by `aws` for AWS's endpoints",
                        [
                            ("type", .text("object")),
                            (
                                "additionalProperties",
                                list("blocks of addresses", of: text("such as 10.9.0.0/24"), atLeast: 1)
                            ),
                        ]
                    )
                ),
            ]
        )
        let aws = object(
            "the account of the roles and buckets",
            ["account", "region"],
            [
                ("account", text("12 digits, in quotes", pattern: account)),
                ("region", text("such as eu-west-1", pattern: "^\(label)$")),
                ("partition", choice("`aws` if it is not said", ["aws", "aws-cn", "aws-us-gov"])),
                ("oidcProvider", text("the cluster's issuer without https://, for IRSA", pattern: plain)),
                ("organization", text("such as o-a1b2c3d4e5", pattern: plain)),
                ("vpcEndpoint", text("such as vpce-0a1b2c3d", pattern: plain)),
            ]
        )
        let postgres = object(
            "a PostgreSQL server",
            ["host"],
            [
                ("host", text("its name", pattern: plain)),
                ("port", integer("its port, 5432 if it is not said", 1...65535)),
                ("version", integer("its major version", 14...99)),
                (
                    "auth",
                    choice(
                        "how components prove who they are",
                        Estate.Enforcement.Authentication.allCases.map(\.rawValue)
                    )
                ),
            ]
        )
        return object(
            "where it is enforced",
            [],
            [
                ("k8s", kubernetes), ("aws", aws),
                (
                    "postgres",
                    said(
                        "the servers, by database",
                        [("type", .text("object")), ("additionalProperties", postgres)]
                    )
                ),
                (
                    "minio",
                    object(
                        "a store that speaks S3 without being it",
                        ["endpoint"],
                        [("endpoint", text("such as https://minio.data.svc:9000", pattern: "^https://", maximum: 512))]
                    )
                ),
                (
                    "envoy",
                    object("Envoy", [], [("extAuthz", flag("whether it asks Lapwing for each request"))])
                ),
            ]
        )
    }
}

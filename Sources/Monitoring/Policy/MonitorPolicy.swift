import Foundation
public import Resources

/// The `MonitorPolicy` resource: what the monitor reads, and when something is a finding.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: MonitorPolicy
/// metadata: {name: default}
/// spec:
///   learning: 24h
///   coverage: {percent: 5, datasets: [{name: ml, objects: 2000000}]}
///   sources: [{kind: postgres, file: /var/log/postgresql/audit.json}]
///   sigma: [/etc/lapwing/sigma]
///   declared: [{from: "spiffe://cluster.local/ns/ml-api/*", to: "10.1.2.3:8443", verbs: [connect]}]
/// ```
public struct MonitorPolicy: Hashable, Sendable {
    /// What the detectors are set to.
    public var settings = MonitorSettings()
    /// Logs of others that are read beside our own.
    public var sources: [Source] = []
    /// Edges that are declared beside those that Lapwing's own policies allow.
    public var declared: [EdgeSet.Declaration] = []

    /// A log of somebody else.
    public struct Source: Hashable, Sendable {
        /// What it is.
        public var kind: LogSource
        /// The file, to which lines are added.
        public var file: String
    }

    /// The resource's kind.
    public static let kind = "MonitorPolicy"

    /// The defaults.
    public init() {}

    /// The policy of a configuration; the defaults where it has none.
    ///
    /// - Throws: `ResourceError` where there are two, or one that cannot be used.
    public static func load(_ documents: [Document]) throws -> MonitorPolicy {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return MonitorPolicy() }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is a `MonitorPolicy` already, at \(document.location)")
        }
        guard let spec = document.spec else { return MonitorPolicy() }
        return try MonitorPolicy(spec)
    }

    private init(_ spec: Value) throws {
        var fields = try FieldReader(spec, of: "the MonitorPolicy's spec")
        if let learning = try fields.optional("learning", { try $0.duration() }) {
            settings.learning = learning.nanoseconds
        }
        if let memory = try fields.optional("memory", { try Self.memory($0) }) { settings.memory = memory }
        try fields.optional("volume") { try readVolume($0) }
        try fields.optional("coverage") { try readCoverage($0) }
        if let age = try fields.optional("checkpointAge", { try $0.duration() }) {
            settings.checkpointAge = Double(age.nanoseconds) / 1e9
        }
        settings.rules =
            try fields.optional("sigma") { value in
                let paths = try value.list { value in
                    let path = try value.string()
                    guard path.hasPrefix("/") else {
                        throw value.error("rules lie at an absolute path, found `\(path)`")
                    }
                    guard FileManager.default.fileExists(atPath: path) else {
                        throw value.error(
                            "there is no file and no folder `\(path)`; put rules there, or correct the path"
                        )
                    }
                    return path
                }
                return try SigmaRules.load(paths)
            } ?? SigmaRules()
        let names = FindingType.allCases.map(\.name)
        let off = try fields.optional("disable") { try $0.list { try $0.oneOf(names) } } ?? []
        settings.disabled = Set(off.compactMap { FindingType(name: $0) })
        sources = try fields.optional("sources") { try $0.list { try Self.source($0) } } ?? []
        declared = try fields.optional("declared") { try $0.list { try Self.declaration($0) } } ?? []
        try fields.finish()
        let kinds = sources.map(\.kind)
        guard Set(kinds).count == kinds.count else {
            throw spec.error("there are two sources of one kind; records of a log are told apart by their index in it")
        }
    }

    private static func memory(_ value: Value) throws -> Int64 {
        let memory = try value.duration().nanoseconds
        guard memory >= 2 * 86_400_000_000_000 else {
            throw value.error("what is seen is remembered for 48h or longer")
        }
        return memory
    }

    private mutating func readVolume(_ value: Value) throws {
        var fields = try FieldReader(value, of: "volume")
        let window = try fields.optional("window") { value in
            let seconds = try value.duration().nanoseconds / 1_000_000_000
            guard seconds >= 60, seconds <= 86_400 else { throw value.error("amounts are counted over 1m to 24h") }
            return seconds
        }
        if let window { settings.window = window }
        let learning = try fields.optional("learning") { try $0.duration().nanoseconds / 1_000_000_000 }
        settings.volumeLearning = Int((learning ?? 7 * 86_400) / settings.window)
        try fields.optional("minimum") { value in
            var fields = try FieldReader(value, of: "minimum")
            for (index, name) in ["requests", "bytes", "rows", "tokens"].enumerated() {
                let amount = try fields.optional(name) { try $0.integer(in: 0...(1 << 53)) }
                if let amount { settings.minimumVolume[index] = Double(amount) }
            }
            try fields.finish()
        }
        try fields.finish()
    }

    private mutating func readCoverage(_ value: Value) throws {
        var fields = try FieldReader(value, of: "coverage")
        if let percent = try fields.optional("percent", { try $0.integer(in: 1...100) }) {
            settings.coverage = Double(percent) / 100
        }
        let datasets =
            try fields.optional("datasets") { value in
                try value.list { value -> (String, Double) in
                    var fields = try FieldReader(value, of: "a dataset")
                    let name = try fields.required("name") { try $0.string() }
                    let objects = try fields.required("objects") { try $0.integer(in: 1...(1 << 53)) }
                    try fields.finish()
                    return (name, Double(objects))
                }
            } ?? []
        for (name, objects) in datasets { settings.datasetSizes[name] = objects }
        try fields.finish()
    }

    private static func source(_ value: Value) throws -> Source {
        var fields = try FieldReader(value, of: "a source")
        let kinds = LogSource.allCases.filter { $0 != .lapwing }
        let kind = try fields.required("kind") { value in
            let name = try value.oneOf(kinds.map(\.name))
            return kinds.first { $0.name == name }
        }
        let file = try fields.required("file") { value in
            let path = try value.string()
            guard path.hasPrefix("/") else { throw value.error("a source's file is an absolute path, found `\(path)`") }
            return path
        }
        try fields.finish()
        guard let kind else { throw value.error("the source has no kind") }
        return Source(kind: kind, file: file)
    }

    private static func declaration(_ value: Value) throws -> EdgeSet.Declaration {
        var fields = try FieldReader(value, of: "a declared edge")
        let caller = try fields.required("from") { try $0.string() }
        let callee = try fields.required("to") { try $0.string() }
        let names = VerbClass.allCases.map(\.name)
        let verbs = try fields.optional("verbs") { try $0.list { try $0.oneOf(names) } } ?? []
        try fields.finish()
        return EdgeSet.Declaration(caller: caller, callee: callee, verbs: Set(verbs.compactMap { VerbClass(name: $0) }))
    }
}

extension Duration {
    /// The duration in nanoseconds; what resources say is far below the limit.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

import Resources

/// Something that was done and allowed, as a log tells it.
public struct UsageRecord: Hashable, Sendable {
    /// Who: a role's ARN or its session's, a PostgreSQL role, or a SPIFFE ID.
    public let who: String
    /// What.
    public let what: What

    /// What was done.
    public enum What: Hashable, Sendable {
        /// A call of S3's API, by its name there, or by the method of an access log; an empty key for the bucket itself,
        /// and an empty bucket where the log does not say which.
        case s3(call: String, bucket: String, key: String)
        /// A command on a table, `SCHEMA.NAME`; nil where the log does not say which.
        case table(database: String, command: String, table: String?)
        /// A request.
        case request(method: String, path: String)
    }

    /// The call by which what is copied is read; its key may be encoded, as in access logs.
    public static let copySource = S3Usage.copySource

    /// A record.
    public init(who: String, what: What) {
        self.who = who
        self.what = what
    }

    /// What was needed besides for an answer of some status: the listing of a bucket, for it to say that a key is not there.
    public func needed(for status: Int?) -> UsageRecord? {
        guard case .s3(let call, let bucket, let key) = what, !key.isEmpty,
            let listing = S3Usage.listing(call, status: status)
        else { return nil }
        return UsageRecord(who: who, what: .s3(call: listing, bucket: bucket, key: ""))
    }
}

/// A grant that nobody used.
public struct UnusedGrant: Hashable, Sendable, Codable {
    /// Where it is: `aws`, `postgres` or `calls`.
    public let layer: String
    /// Whose: a role or a component.
    public let who: String
    /// What is granted.
    public let grant: String
    /// The statement or the line that grants it; empty for a grant of a database.
    public let rule: String

    /// An unused grant.
    public init(layer: String, who: String, grant: String, rule: String) {
        self.layer = layer
        self.who = who
        self.grant = grant
        self.rule = rule
    }
}

/// Less than there is, of which two things were proved.
public struct ProvedNarrowing: Hashable, Sendable {
    /// What is changed: `roles/trainer` or `ml`.
    public let place: String
    /// The files that replace others, by path: policies of a role, or one script of `REVOKE`s.
    public let files: [String: String]
    /// How many logged requests it was held against.
    public let requests: Int
}

/// What came of looking for grants that nobody used.
public struct UnusedAccess: Hashable, Sendable {
    /// The grants that nobody used, in order.
    public var grants: [UnusedGrant] = []
    /// How many were looked at.
    public var total = 0
    /// Narrowings, each proved to allow nothing that was not allowed and to allow every logged request still.
    public var narrowings: [ProvedNarrowing] = []
    /// What could not be judged, and why; such grants are taken as used.
    public var doubts: [String] = []

    /// Nothing.
    public init() {}

    mutating func add(_ other: UnusedAccess) {
        grants += other.grants
        total += other.total
        narrowings += other.narrowings
        doubts += other.doubts
    }

    /// Looks through an estate's grants in AWS, in PostgreSQL and in the estate's own calls.
    ///
    /// - Parameters:
    ///   - estate: the estate.
    ///   - evidence: what is in force.
    ///   - records: what was done and allowed.
    ///   - namesRelations: whether a record of PostgreSQL without a table touched none (`pgaudit.log_relation`).
    ///   - looksAtCalls: whether the records have the estate's own requests.
    /// - Throws: ``PostgreSQLModelError`` for a database that the estate has nothing in.
    public init(
        _ estate: Estate,
        _ evidence: BlastEvidence,
        records: [UsageRecord],
        namesRelations: Bool = false,
        looksAtCalls: Bool = false
    ) throws {
        if let artifacts = evidence.aws { add(RoleUsage(estate, artifacts, records).unused()) }
        for (name, catalog) in evidence.postgres.sorted(by: { $0.key < $1.key }) {
            let model = try PostgreSQLModel(estate, database: name)
            add(GrantUsage(model, catalog.state, records, namesRelations: namesRelations).unused())
        }
        if looksAtCalls { add(Self.calls(estate, records)) }
    }

    /// The declared calls that nobody made.
    private static func calls(_ estate: Estate, _ records: [UsageRecord]) -> UnusedAccess {
        var unused = UnusedAccess()
        var byCaller: [String: Set<[String]>] = [:]
        for record in records {
            guard case .request(let method, let path) = record.what else { continue }
            byCaller[record.who, default: []].insert([method, path])
        }
        guard !byCaller.isEmpty else {
            unused.doubts.append("calls are not judged: no record is of a request")
            return unused
        }
        for call in estate.calls {
            guard let caller = estate.component(call.caller),
                let api = estate.component(call.callee)?.exposes.first(where: { $0.name == call.api })
            else { continue }
            unused.total += 1
            guard !api.http.isEmpty else {
                unused.doubts.append(
                    "`\(call.callee).\(call.api)` is not HTTP, so that no request can be told to be its"
                )
                continue
            }
            let requests = byCaller["\(caller.identity.spiffeID)"] ?? []
            guard !requests.contains(where: { api.has(method: $0[0], path: $0[1]) }) else { continue }
            unused.grants.append(
                UnusedGrant(
                    layer: "calls",
                    who: call.caller,
                    grant: "call \(call.callee).\(call.api)",
                    rule: "\(call.location.file):\(call.location.line)"
                )
            )
        }
        return unused
    }
}

extension Estate.API {
    /// Whether a request belongs to it, by its method, in upper case or not, and its path without a query.
    public func has(method: String, path: String) -> Bool {
        http.contains { operation in
            operation.methods.contains(method.uppercased())
                && operation.paths.contains { $0.hasSuffix("*") ? path.hasPrefix($0.dropLast()) : path == $0 }
        }
    }
}

import Foundation

@testable import DataAccess

/// Makes what our evaluator takes out of what the cases have.
enum IAMInputs {
    /// A policy as it stands in a case.
    static func policy(_ value: Any) throws -> PolicyDocument {
        try PolicyDocument(json: JSONSerialization.data(withJSONObject: value), file: "case")
    }

    /// A policy of which a case shows only a part; variables mean something in it.
    static func fragment(_ value: Any) throws -> PolicyDocument {
        var fields = value as? [String: Any] ?? [:]
        fields["Version"] = "2012-10-17"
        return try policy(fields)
    }

    static func policies(_ value: Any?) throws -> [PolicyDocument] {
        try (value as? [Any] ?? []).map { try policy(($0 as? [String: Any])?["policy"] ?? $0) }
    }

    static func levels(_ value: Any?) throws -> [[PolicyDocument]]? {
        guard let levels = value as? [[String: Any]], !levels.isEmpty else { return nil }
        return try levels.map { try policies($0["policies"]) }
    }

    /// The policies of a case, by the names that it has for their kinds.
    static func policies(of fields: [String: Any]) throws -> IAMPolicies {
        var result = IAMPolicies()
        result.identity = try policies(fields["identity"])
        result.resource = try fields["resource"].flatMap { $0 is NSNull ? nil : $0 }.map(policy)
        result.serviceControl = try levels(fields["scp"])
        result.resourceControl = try levels(fields["rcp"])
        result.boundary = try optional(fields["boundary"])
        result.endpoint = try optional(fields["vpce"])
        if let session = fields["session"], !(session is NSNull) {
            result.session = session is [Any] ? try policies(session) : [try policy(session)]
        }
        return result
    }

    private static func optional(_ value: Any?) throws -> [PolicyDocument]? {
        let found = try policies(value)
        return found.isEmpty ? nil : found
    }

    static func values(_ value: Any?) -> [String: RequestContext.Value] {
        var result: [String: RequestContext.Value] = [:]
        for (key, value) in value as? [String: Any] ?? [:] {
            if let list = value as? [Any] {
                result[key] = .list(list.map { "\($0)" })
            } else if let text = value as? String {
                result[key] = .single(text)
            } else {
                result[key] = .single("\(value)")
            }
        }
        return result
    }

    static func context(_ value: Any?) -> RequestContext { RequestContext(values(value)) }

    static func principal(_ value: Any?) -> RequestPrincipal {
        if value is [String: Any] { return .anonymous }
        let text = value as? String ?? ""
        return text == "anonymous" ? .anonymous : RequestPrincipal(text)
    }

    /// A resource; one with a `*` stands for some of what the pattern fits.
    static func resource(_ text: String, isNone: Bool = false) -> RequestedResource {
        isNone ? .none : text.contains("*") ? .some(text) : .exact(text)
    }

    /// A request as the evaluator's cases have it.
    static func request(_ fields: [String: Any], context: RequestContext? = nil) -> IAMRequest {
        IAMRequest(
            principal: principal(fields["principal"]),
            action: fields["action"] as? String ?? "",
            resource: resource(
                fields["resource"] as? String ?? "",
                isNone: fields["wildcardOnlyAction"] as? Bool ?? false
            ),
            resourceAccount: fields["resourceAccount"] as? String ?? "",
            context: context ?? self.context(fields["context"])
        )
    }

    /// A request as the cases of single functions have it.
    static func functionRequest(_ value: Any, context: RequestContext? = nil) -> IAMRequest {
        let fields = value as? [String: Any] ?? [:]
        let resource = fields["resource"] as? [String: Any] ?? [:]
        return IAMRequest(
            principal: principal(fields["principal"]),
            action: fields["action"] as? String ?? "",
            resource: self.resource(
                resource["resource"] as? String ?? "",
                isNone: fields["wildcardOnlyAction"] as? Bool ?? false
            ),
            resourceAccount: resource["accountId"] as? String ?? "",
            context: context ?? self.context(fields["context"])
        )
    }

    /// What a simulation knows beforehand: nothing but what its constraints say.
    static func partial(_ values: [String: RequestContext.Value], _ constraints: [[String: Any]]) -> RequestContext {
        let known = constraints.map { fields in
            (
                name: (fields["keyName"] as? String ?? "").lowercased(),
                knowledge: RequestContext.Knowledge(
                    isPresenceKnown: fields["presenceIsKnown"] as? Bool ?? false,
                    isValueKnown: fields["valueIsKnown"] as? Bool ?? false
                )
            )
        }
        return RequestContext(values) { key in
            known.first { fits($0.name, key) }?.knowledge ?? .none
        }
    }

    /// A key's name, or a pattern between slashes in which `.*` is anything.
    private static func fits(_ name: String, _ key: String) -> Bool {
        guard name.count > 2, name.hasPrefix("/"), name.hasSuffix("/") else { return name == key }
        return Glob(name.dropFirst().dropLast().replacing(".*", with: "*")).matches(key)
    }

    // MARK: - Arsenal

    /// What Arsenal's request contexts stand for in IAM's keys.
    ///
    /// Its tests about `aws:EpochTime` stop the clock, which the cases do not say; those about `aws:CurrentTime` do not.
    static func arsenal(_ fields: [String: Any]) -> RequestContext {
        let raw = fields["rawContext"] as? [String: Any] ?? [:]
        var values: [String: Any] = [
            "aws:EpochTime": "1467315743431",
            "aws:CurrentTime": String(Int64(Date().timeIntervalSince1970 * 1000)),
        ]
        let requester = raw["_requesterInfo"] as? [String: Any] ?? [:]
        values["aws:username"] = requester["username"]
        for (name, value) in raw["_headers"] as? [String: Any] ?? [:] {
            values[name == "user-agent" ? "aws:UserAgent" : "s3:" + name] = value
        }
        for (name, value) in raw["_query"] as? [String: Any] ?? [:] { values["s3:" + name] = value }
        values["aws:TokenIssueTime"] = raw["_tokenIssueTime"]
        values["aws:SourceIp"] = raw["_requesterIp"]
        values["iam:PolicyArn"] = raw["_policyArn"]
        values["aws:SecureTransport"] = (raw["_sslEnabled"] as? Bool).map { "\($0)" }
        for (name, prefix) in [("_requestObjTags", "s3:RequestObjectTag"), ("_existingObjTag", "s3:ExistingObjectTag")]
        {
            guard let tags = raw[name] as? String else { continue }
            let pairs = tags.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            for pair in pairs where pair.count == 2 { values["\(prefix)/\(pair[0])"] = pair[1] }
            values[prefix + "Keys"] = pairs.compactMap(\.first)
        }
        return context(values)
    }
}

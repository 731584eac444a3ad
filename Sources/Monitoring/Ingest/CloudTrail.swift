import ZeroTrust

/// An event of AWS CloudTrail.
enum CloudTrail {
    static func observation(_ event: JSONText, _ record: UInt64) throws(MonitoringError) -> Observation? {
        guard case .object = event else { throw MonitoringError(.malformed, "event \(record) is no JSON object") }
        // An insight tells of rates that AWS found unusual, and of nobody who did anything.
        if event["eventCategory"]?.text == "Insight" || event["eventType"]?.text == "AwsCloudTrailInsight" {
            return nil
        }
        guard let service = event["eventSource"]?.text, !service.isEmpty, let action = event["eventName"]?.text,
            !action.isEmpty
        else {
            throw MonitoringError(.malformed, "event \(record) has no `eventSource`, or no `eventName`")
        }
        guard let time = event["eventTime"]?.text.flatMap({ LogTime.rfc3339($0) }) else {
            throw MonitoringError(.malformed, "event \(record) has no `eventTime` that can be read")
        }
        let identity = event["userIdentity"]
        let isData = event["eventCategory"]?.text == "Data" || event["managementEvent"] == .bool(false)
        var marks: Observation.Marks = []
        if !isData { marks.insert(.controlPlane) }
        if isAutomatic(event, identity) { marks.insert(.automatic) }
        let bucket = event["requestParameters"]?["bucketName"]?.text
        var verbClass = VerbClass(verb: action)
        // The event says itself whether it only reads; a login or taking on of a role is neither.
        if event["readOnly"] == .bool(true), verbClass != .administer { verbClass = .read }
        if event["readOnly"] == .bool(false), verbClass == .read || verbClass == .call { verbClass = .write }
        let error = event["errorCode"]?.text ?? ""
        // A key that is not there: the answer to who may list the bucket.
        let isMissing = ["NoSuchKey", "NoSuchVersion", "NotFound", "404"].contains(error)
        let isDenied = denials.contains { error.contains($0) }
        return Observation(
            source: .cloudTrail,
            record: record,
            time: time,
            caller: caller(event, identity),
            callee: isData ? bucket ?? service : service,
            verb: action,
            command: event["requestParameters"]?["x-amz-copy-source"]?.text ?? "",
            verbClass: verbClass,
            object: event["requestParameters"]?["key"]?.text ?? resource(event) ?? "",
            model: model(event),
            decision: isDenied ? .deny : .allow,
            status: isMissing ? 404 : nil,
            bytes: event["additionalEventData"]?["bytesTransferredOut"]?.count ?? 0,
            marks: marks
        )
    }

    /// What the codes of refusals hold, which each service names in its own way.
    private static let denials = [
        "AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError", "AuthFailure", "Forbidden",
    ]

    /// Who: the role that was taken on and not its session, else the ARN, else what there is.
    private static func caller(_ event: JSONText, _ identity: JSONText?) -> String {
        let issuer = identity?["sessionContext"]?["sessionIssuer"]?["arn"]?.text
        if identity?["type"]?.text == "AssumedRole", let issuer, !issuer.isEmpty { return issuer }
        if let arn = identity?["arn"]?.text, !arn.isEmpty {
            // `…:assumed-role/NAME/SESSION`
            let parts = arn.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 3, parts[0].hasSuffix(":assumed-role") { return "\(parts[0])/\(parts[1])" }
            return arn
        }
        if let service = identity?["invokedBy"]?.text, !service.isEmpty { return service }
        if identity?["type"]?.text == "IAMUser", let account = identity?["accountId"]?.text,
            let user = identity?["userName"]?.text
        {
            return "arn:aws:iam::\(account):user/\(user)"
        }
        for name in ["principalId", "userName", "accountId"] {
            if let principal = identity?[name]?.text, !principal.isEmpty { return principal }
        }
        guard let address = event["sourceIPAddress"]?.text, !address.isEmpty else { return "unknown" }
        return address
    }

    /// Whether the cloud did it by itself, or as a part of what its user did.
    private static func isAutomatic(_ event: JSONText, _ identity: JSONText?) -> Bool {
        if identity?["type"]?.text == "AWSService" || identity?["invokedBy"]?.text != nil { return true }
        return event["eventType"]?.text == "AwsServiceEvent" || event["sourceIPAddress"]?.text == "AWS Internal"
    }

    private static func resource(_ event: JSONText) -> String? {
        event["resources"]?.elements.first?.first("ARN", "arn")?.text
    }

    private static func model(_ event: JSONText) -> Observation.ModelReference? {
        guard let name = event["requestParameters"]?["modelId"]?.text, !name.isEmpty else { return nil }
        return Observation.ModelReference(name: name)
    }
}

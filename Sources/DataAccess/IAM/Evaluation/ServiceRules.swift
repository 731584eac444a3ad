/// Where single services differ from the general rule.
enum ServiceRules {
    /// `GetCallerIdentity` cannot be denied to whoever signs.
    static func isAlwaysAllowed(_ request: IAMRequest) -> Bool {
        request.action.lowercased() == "sts:getcalleridentity" && request.principal != .anonymous
    }

    /// Whether an identity's policy is not enough in the same account: roles are assumed by their trust policy, and a key
    /// is used by its key policy.
    static func needsResourcePolicy(_ request: IAMRequest) -> Bool {
        let action = request.action.lowercased()
        let resource = request.resource.description
        if action.hasPrefix("sts:assumerole") || ["sts:tagsession", "sts:setsourceidentity"].contains(action) {
            return resource.contains(":role/")
        }
        guard action.hasPrefix("kms:"), case .some(let parts) = arnParts(resource), parts[2] == "kms" else {
            return false
        }
        return parts[5].hasPrefix("key/")
    }

    /// Whether AWS itself refuses, whatever the policies say: what it manages is not modified by others.
    static func mayBeAllowed(_ request: IAMRequest) -> Bool {
        let action = request.action.lowercased()
        let resource = request.resource.description
        if action.hasPrefix("kms:"), resource.contains(":alias/aws/") {
            return !["kms:createalias", "kms:deletealias", "kms:updatealias"].contains(action)
        }
        guard action.hasPrefix("iam:") else { return true }
        let isRead = ["get", "list", "generate", "simulate"].contains { action.dropFirst(4).hasPrefix($0) }
        if resource.contains(":iam::aws:policy/") || resource.contains(":role/aws-reserved/") { return isRead }
        if resource.contains(":role/aws-service-role/") {
            // A service's own role is made, described, deleted and passed; its policies are the service's.
            let allowed = [
                "iam:createservicelinkedrole", "iam:deleteservicelinkedrole", "iam:updateroledescription",
                "iam:passrole",
            ]
            return isRead || allowed.contains(action)
        }
        return true
    }

    /// A resource of the kind that an action is about, for asking which rules count.
    static func sampleResource(_ action: String, _ account: String) -> String {
        let action = action.lowercased()
        if action.hasPrefix("sts:") { return "arn:aws:iam::\(account):role/r" }
        return action.hasPrefix("kms:") ? "arn:aws:kms:us-east-1:\(account):key/k" : "arn:aws:s3:::b/k"
    }

    private static func arnParts(_ text: String) -> [String]? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        return parts.count == 6 ? parts : nil
    }
}

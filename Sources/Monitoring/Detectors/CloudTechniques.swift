/// What an action on a cloud's own settings may be a sign of, by what kind of thing it is done to.
enum CloudTechniques {
    /// What a service keeps, as far as it matters to somebody who attacks.
    enum Kind {
        case record
        case identity
        case secret
        case data
        case compute
        case network
        case account
        case signIn
        case other
    }

    static func kind(of observation: Observation) -> Kind {
        let service = observation.callee.prefix { $0 != "." && $0 != ":" }
        switch service {
        case "cloudtrail", "logs", "guardduty", "config", "securityhub", "monitoring", "cloudwatch", "macie2",
            "detective",
            "inspector2", "access-analyzer":
            return .record
        case "iam", "sts", "rolesanywhere", "cognito-idp", "sso", "identitystore":
            return .identity
        case "secretsmanager", "ssm", "kms":
            return .secret
        case "s3", "rds", "dynamodb", "glue", "athena", "redshift", "sagemaker", "bedrock", "backup":
            return .data
        case "organizations", "account", "billing", "ce": return .account
        case "signin": return .signIn
        case "lambda", "ecs", "eks", "batch": return .compute
        case "ec2":
            let verb = observation.verb
            if verb.hasSuffix("FlowLogs") { return .record }
            let isNetwork = ["SecurityGroup", "Vpc", "Subnet", "Route", "NetworkAcl", "Gateway"].contains {
                verb.contains($0)
            }
            return isNetwork ? .network : verb.contains("Snapshot") || verb.contains("Image") ? .data : .compute
        case "route53resolver": return .record
        default: return .other
        }
    }

    /// Techniques of MITRE ATT&CK.
    static func of(_ observation: Observation) -> [String]? {
        let kind = kind(of: observation)
        if observation.verbClass == .read {
            return kind == .secret
                ? ["T1552", "T1555.006"] : kind == .data ? ["T1619", "T1530"] : ["T1580", "T1087.004"]
        }
        switch kind {
        case .record: return ["T1562.008"]
        case .identity: return ["T1098", "T1136.003"]
        case .secret: return observation.verbClass == .delete ? ["T1485"] : ["T1651", "T1552"]
        case .data: return observation.verbClass == .delete ? ["T1485"] : ["T1537", "T1578"]
        case .compute: return observation.verbClass == .delete ? ["T1578.003"] : ["T1578.002", "T1648"]
        case .network: return ["T1562.007"]
        case .account: return ["T1562"]
        case .signIn: return ["T1078.004"]
        case .other: return nil
        }
    }

    /// How much it matters that somebody does it for the first time.
    static func severity(of observation: Observation) -> Severity {
        let kind = kind(of: observation)
        switch (kind, observation.verbClass) {
        case (.record, .delete), (.record, .write), (.account, .delete): return .high
        case (.secret, .read), (.identity, .write), (.identity, .administer), (.signIn, _): return .medium
        case (_, .read): return .info
        default: return .low
        }
    }
}

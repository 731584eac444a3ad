/// What the actions of a few services are about (AWS Service Authorization Reference).
public enum ResourceTypes {
    /// The kinds of resources of an action; empty for one that is about none, nil for one that is not known here.
    public static func of(_ action: String) -> [String]? {
        let name = ActionName(action)
        let text = String(decoding: name.action, as: UTF8.self)
        switch name.service {
        case "s3": return S3Actions.kind(of: text).map { $0 == .none ? [] : [$0.rawValue] }
        case "sqs": return text == "listqueues" ? [] : ["queue"]
        case "sts": return text.hasPrefix("assumerole") ? ["role"] : []
        case "kms": return ["listkeys", "listaliases", "createkey"].contains(text) ? [] : ["key"]
        case "ec2": return text == "associateaddress" ? ["elastic-ip", "instance", "network-interface"] : nil
        default: return nil
        }
    }

    /// Whether an action is about no resource, so that only `Resource: "*"` fits it.
    public static func isAboutNone(_ action: String) -> Bool { of(action)?.isEmpty == true }
}

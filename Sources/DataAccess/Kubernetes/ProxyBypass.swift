import Resources

/// How the pods of a workload are not behind their proxy, and where that is written.
package struct ProxyBypass: Hashable, Sendable {
    /// What of it, of the pods: `are in their node's network`.
    package let what: String
    /// The place: `FILE:LINE`.
    package let place: String
    /// Whether what comes in gets around the proxy.
    package let isInbound: Bool
    /// Whether what goes out does.
    package let isOutbound: Bool

    /// Pods in their node's network, which no proxy is in the way of.
    init(host place: String) {
        (what, self.place, isInbound, isOutbound) = ("are in their node's network", place, true, true)
    }

    /// A pod that runs and has no proxy.
    init(withoutProxy place: String) {
        (what, self.place, isInbound, isOutbound) = ("run without a proxy", place, true, true)
    }

    /// What annotations or labels say; nil where they leave the proxy as it is.
    ///
    /// - Parameter metadata: the metadata of a pod, or of a template of pods.
    init?(_ metadata: Value) {
        guard case .mapping(let entries) = metadata.content else { return nil }
        for (name, isSafe) in [
            ("annotations", ProxySettings.isSafe(annotation:_:)), ("labels", ProxySettings.isSafe(label:_:)),
        ] {
            guard let value = entries.first(where: { $0.key == name })?.value, case .mapping(let pairs) = value.content
            else { continue }
            for pair in pairs {
                let text: String? = if case .string(let text) = pair.value.content { text } else { nil }
                if isSafe(pair.key, text) { continue }
                self.init(pair.key, "\(pair.keyLocation.file):\(pair.keyLocation.line)")
                return
            }
        }
        return nil
    }

    /// What the annotations or labels of a pod say, whose places are not known one by one.
    init?(annotations: [String: String], labels: [String: String], at place: String) {
        let annotation = annotations.sorted { $0.key < $1.key }.first {
            !ProxySettings.isSafe(annotation: $0.key, $0.value)
        }
        let label = labels.sorted { $0.key < $1.key }.first { !ProxySettings.isSafe(label: $0.key, $0.value) }
        guard let key = annotation?.key ?? label?.key else { return nil }
        self.init(key, place)
    }

    private init(_ key: String, _ place: String) {
        what = "say `\(key)`, by which the proxy is gone around or changed"
        self.place = place
        isInbound = !key.contains("Outbound")
        isOutbound = !key.contains("Inbound")
    }
}

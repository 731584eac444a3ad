/// What annotations and labels may say of a pod's proxy: nothing that leads traffic around it, nor changes it.
///
/// Both what is admitted and what is there already are judged by it.
enum ProxySettings {
    /// How annotations begin that are about the proxy.
    private static let prefixes = [
        "traffic.sidecar.istio.io/", "sidecar.istio.io/", "inject.istio.io/", "proxy.istio.io/",
    ]
    /// How those begin that may say anything.
    private static let free = ["sidecar.istio.io/proxyCPU", "sidecar.istio.io/proxyMemory"]
    /// What injection itself writes down.
    private static let status = "sidecar.istio.io/status"
    /// Those that may say one thing.
    private static let fixed = [
        "sidecar.istio.io/inject": "true", "sidecar.istio.io/interceptionMode": "REDIRECT",
        "traffic.sidecar.istio.io/includeInboundPorts": "*", "traffic.sidecar.istio.io/includeOutboundIPRanges": "*",
    ]
    /// The proxy's own ports, which it does not take what comes in from.
    private static let ports = ["15020", "15021", "15090"]
    private static let excluded = "traffic.sidecar.istio.io/excludeInboundPorts"
    private static let injection = "sidecar.istio.io/inject"
    private static let otherMesh = "istio.io/dataplane-mode"

    /// Whether an annotation leaves the proxy as it is, which what is no text (nil) does not.
    static func isSafe(annotation key: String, _ value: String?) -> Bool {
        guard prefixes.contains(where: key.hasPrefix) else { return true }
        if key == status || free.contains(where: key.hasPrefix) { return true }
        guard let value else { return false }
        if key == excluded {
            return value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy {
                ports.contains(String($0))
            }
        }
        return fixed[key] == value
    }

    /// Whether a label leaves the pod in the mesh.
    static func isSafe(label key: String, _ value: String?) -> Bool {
        key == injection ? value == "true" : key != otherMesh
    }

    /// The same of the annotation `k`, in CEL.
    static var annotationRule: String {
        let value = "object.metadata.annotations[k]"
        let own = prefixes.map { "k.startsWith('\($0)')" }.joined(separator: " || ")
        let ports = ports.map { "'\($0)'" }.joined(separator: ", ")
        return
            (["!(\(own))", "k == '\(status)'"] + free.map { "k.startsWith('\($0)')" }
            + fixed.sorted { $0.key < $1.key }.map { "(k == '\($0.key)' && \(value) == '\($0.value)')" }
            + ["(k == '\(excluded)' && \(value).split(',').all(p, p in [\(ports)]))"]).joined(separator: " || ")
    }

    /// The same of the label `k`, in CEL.
    static var labelRule: String {
        "k != '\(injection)' && k != '\(otherMesh)' || (k == '\(injection)' && object.metadata.labels[k] == 'true')"
    }
}

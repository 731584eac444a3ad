import Foundation
import Glibc
import ZeroTrust

/// The reference scenario on this machine: its directory, its programs and its configuration.
///
/// Every workload runs as a program of its own, a copy of this one under another name, so that the kernel tells them
/// apart by their paths and each gets its own SVID.
struct DemoScenario {
    /// A program of the scenario.
    enum Workload: String, CaseIterable {
        case apiGateway = "api-gateway"
        case batchJob = "batch-job"
        case inferenceService = "inference-service"
        case registry = "model-registry"
        case trainingPipeline = "training-pipeline"
        case deployment = "deployment-pipeline"
        case modelLoader = "model-loader"
        case featureStore = "feature-store"

        var namespace: String {
            switch self {
            case .apiGateway: "ml-api"
            case .batchJob: "ml-batch"
            case .inferenceService, .modelLoader: "ml-inference"
            case .trainingPipeline: "ml-training"
            case .deployment: "ml-deploy"
            case .registry: "ml-registry"
            case .featureStore: "ml-features"
            }
        }

        var id: String { "spiffe://cluster.local/ns/\(namespace)/sa/\(rawValue)" }
    }

    let directory: String
    let ports: [Workload: Int]
    let adminPort: Int
    /// The models, from training to release.
    private(set) var models: DemoModels

    var configDirectory: String { directory + "/config" }
    var stateDirectory: String { directory + "/state" }
    var runtimeDirectory: String { directory + "/run" }
    var workloadSocket: String { runtimeDirectory + "/workload-api.sock" }

    /// The SPIFFE ID of the workload behind each port.
    var workloadsByPort: [UInt16: String] {
        [UInt16: String](
            ports.map { (UInt16(clamping: $0.value), $0.key.id) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    func program(_ workload: Workload) -> String { directory + "/bin/\(workload.rawValue)" }
    func upstreamSocket(_ workload: Workload) -> String { directory + "/upstream/\(workload.rawValue).sock" }

    /// Lays the scenario out in a new directory under the system's temporary one.
    ///
    /// - Throws: ``CommandError`` where it cannot be written.
    static func make() throws -> DemoScenario {
        let manager = FileManager.default
        let directory = "/tmp/lapwing-demo-\(UInt32.random(in: 0...UInt32.max))"
        do {
            for path in ["", "/bin", "/config", "/upstream", "/state", "/run"] {
                try manager.createDirectory(
                    atPath: directory + path,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            }
            let own = try manager.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            for workload in Workload.allCases {
                let path = directory + "/bin/\(workload.rawValue)"
                do { try manager.linkItem(atPath: own, toPath: path) } catch {
                    try manager.copyItem(atPath: own, toPath: path)
                }
            }
            // Three gateways, each for one workload, and one for figures.
            var ports: [Workload: Int] = [:]
            for workload in [Workload.inferenceService, .registry, .featureStore] { ports[workload] = try freePort() }
            var scenario = DemoScenario(
                directory: directory,
                ports: ports,
                adminPort: try freePort(),
                models: DemoModels(directory: directory)
            )
            try scenario.models.prepare(DemoProgram(path: scenario.program(.trainingPipeline)))
            for (name, text) in try scenario.configuration(executable: own) {
                try text.write(toFile: scenario.configDirectory + "/" + name, atomically: true, encoding: .utf8)
            }
            return scenario
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.unreachable, "cannot prepare `\(directory)`: \(SystemReason.of(error))")
        }
    }

    /// A port that nobody listens on now.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Sound: both calls are given the size of the structure that they are given.
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard descriptor >= 0, result else { throw CommandError(.unreachable, "no free port on 127.0.0.1") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private func configuration(executable: String) throws -> [(String, String)] {
        let user = "unix:uid:\(geteuid())"
        // The registry is part of `lapwing serve`, and its gateway answers for it.
        let entries = Workload.allCases.filter { $0 != .registry }.map { workload in
            let selectors = [user, "unix:path:\(program(workload))"]
            return switch workload {
            case .inferenceService:
                // Who runs that program is the inference service once it has loaded that model, and no sooner.
                entry(workload.rawValue, workload.id, selectors + ["model:digest:\(models.digest)", "model:verified"])
            case .modelLoader:
                // All of the demo is one user; in an installation the loader has its own (`separateUser`).
                entry(workload.rawValue, workload.id, selectors, "modelLoader: sameUser")
            default: entry(workload.rawValue, workload.id, selectors)
            }
        }
        // The gateway answers for the three services: it is this program under its own name.
        let gatewayEntries = ports.keys.map { workload in
            entry("gateway-of-\(workload.rawValue)", workload.id, [user, "unix:path:\(executable)"])
        }
        let gateways = [
            gateway(
                .inferenceService,
                paths: ["/v1/predict", "/v1/stream"] + DemoGuardrails.paths,
                admin: true,
                // Nothing reaches the service while it is not proved to have loaded that model.
                model: models.digest
            ),
            gateway(
                .registry,
                paths: ["/v2"],
                admin: false,
                upstream: runtimeDirectory + "/registry.sock",
                bodyLimit: "16Mi"
            ),
            gateway(.featureStore, paths: ["/v1/features"], admin: false),
        ]
        let policies = [
            policy(
                "only-api-gateway",
                .inferenceService,
                from: .apiGateway,
                methods: ["POST"],
                paths: ["/v1/predict", "/v1/stream"] + DemoGuardrails.paths
            ),
            policy(
                "only-pipelines-and-loader-use-models",
                .registry,
                from: .trainingPipeline,
                .deployment,
                .modelLoader,
                methods: ["GET", "HEAD", "POST", "PUT", "PATCH"],
                paths: ["/v2", "/v2/*"]
            ),
            policy(
                "only-inference-reads-features",
                .featureStore,
                from: .inferenceService,
                methods: ["GET"],
                paths: ["/v1/features/*"],
                when: "source.model.digest",
                models.digest
            ),
        ]
        return [
            ("identities.yaml", (entries + gatewayEntries.sorted()).joined(separator: "---\n")),
            ("gateways.yaml", gateways.joined(separator: "---\n")),
            ("policies.yaml", policies.joined(separator: "---\n")),
            ("guardrails.yaml", DemoGuardrails.yaml(namespace: Workload.inferenceService.namespace)),
            ("registry.yaml", try modelRegistry()),
        ]
    }

    private func entry(_ name: String, _ id: String, _ selectors: [String], _ more: String = "") -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: \(name) }
        spec:
          spiffeID: \(id)
          selectors: \(selectors)
          \(more)

        """
    }

    private func gateway(
        _ workload: Workload,
        paths: [String],
        admin: Bool,
        upstream: String? = nil,
        bodyLimit: String = "64Ki",
        model: String? = nil
    ) -> String {
        let routes = paths.map {
            "  - { name: \"route\($0.replacing("/", with: "-"))\", path: { prefix: \($0) }, upstream: service, "
                + "bodyLimit: \(bodyLimit), timeouts: { response: 1m }\(DemoGuardrails.reference(path: $0)) }"
        }
        let proof = model.map { ", model: { digest: \"\($0)\" }" } ?? ""
        return """
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: \(workload.rawValue), namespace: \(workload.namespace) }
            spec:
              workload: { labels: { app: \(workload.rawValue) }, serviceAccount: \(workload.rawValue) }
              pathNormalization: BASE
              listeners:
              - { name: mtls, address: 127.0.0.1, port: \(ports[workload] ?? 0) }
              upstreams:
              - { name: service, unixSocket: \(upstream ?? upstreamSocket(workload))\(proof) }
              routes:
            \(routes.joined(separator: "\n"))
            \(admin ? "  admin: { address: 127.0.0.1, port: \(adminPort) }\n" : "")
            """
    }

    /// Who may push, and who may pull: what the trainer did not sign is put aside.
    private func modelRegistry() throws -> String {
        let key = try models.trainerKey.split(separator: "\n").joined(separator: "\\n")
        return """
            apiVersion: lapwing.dev/v1alpha1
            kind: ModelRegistry
            metadata: { name: models, namespace: ml-registry }
            spec:
              repositories:
              - pattern: tickets/*
                readers: ["\(Workload.deployment.id)", "\(Workload.modelLoader.id)"]
                writers: ["\(Workload.trainingPipeline.id)"]
                promoters: ["\(Workload.deployment.id)"]
                protectedTags: [production]
                admission:
                  signature: { keys: ["\(key)\\n"] }

            """
    }

    private func policy(
        _ name: String,
        _ to: Workload,
        from: Workload...,
        methods: [String],
        paths: [String],
        when: String? = nil,
        _ value: String = ""
    ) -> String {
        let principals = from.map { "cluster.local/ns/\($0.namespace)/sa/\($0.rawValue)" }
        let condition = when.map { "\n    when: [{ key: \($0), values: [\"\(value)\"] }]" } ?? ""
        return """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: \(name), namespace: \(to.namespace) }
            spec:
              selector: { matchLabels: { app: \(to.rawValue) } }
              action: ALLOW
              rules:
              - from:
                - source: { principals: \(principals) }
                to:
                - operation: { methods: \(methods), paths: \(paths) }\(condition)

            """
    }
}

import ArgumentParser
import Foundation
import Glibc
import ZeroTrust

/// `lapwing init`: a commented configuration to start from.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented configuration that loads as it stands.",
        discussion: "Four files, to be changed: settings, identities, the gateway and the policies of one service."
    )

    @Argument(help: "A directory that does not exist yet, or is empty.", completion: .directory)
    var directory: String

    @Option(help: "The trust domain of this installation.")
    var trustDomain = "cluster.local"

    @Option(help: "The user that the gateway is to run as where root starts it; the systemd unit's is lapwing-gateway.")
    var gatewayUser: String?

    func validate() throws {
        do { _ = try TrustDomain(trustDomain) } catch { throw ValidationError("--trust-domain: \(error)") }
        if let gatewayUser, !gatewayUser.utf8.allSatisfy(Self.allowsInUser) || gatewayUser.isEmpty {
            throw ValidationError("--gateway-user: `\(gatewayUser)` is no name of a user")
        }
    }

    private static func allowsInUser(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
    }

    func run() throws {
        let manager = FileManager.default
        var isDirectory: ObjCBool = false
        let isThere = unsafe manager.fileExists(atPath: directory, isDirectory: &isDirectory)
        guard !isThere || isDirectory.boolValue else {
            throw CommandError(
                .usage,
                "`\(directory)` is a file; name a directory that does not exist yet, or is empty"
            )
        }
        if let content = try? manager.contentsOfDirectory(atPath: directory), !content.isEmpty {
            throw CommandError(.usage, "`\(directory)` is not empty; nothing was written")
        }
        do {
            try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let starting = StartingConfiguration(trustDomain: trustDomain, uid: geteuid(), gatewayUser: gatewayUser)
            for (name, text) in starting.files {
                try text.write(toFile: directory + "/" + name, atomically: true, encoding: .utf8)
                StandardError.write("wrote \(directory)/\(name)")
            }
        } catch {
            throw CommandError(.unreachable, "cannot write to `\(directory)`: \(SystemReason.of(error))")
        }
        if let gatewayUser, (try? SystemUser(named: gatewayUser)) == nil {
            StandardError.write(
                """

                there is no user `\(gatewayUser)` yet:
                  useradd --system --no-create-home --shell /usr/sbin/nologin \(gatewayUser)
                """
            )
        }
        StandardError.write(
            """

            next:
              lapwing config validate --config \(directory)
              lapwing doctor --config \(directory)
              lapwing serve --config \(directory)
            """
        )
    }
}

/// The files that `lapwing init` writes.
struct StartingConfiguration {
    let trustDomain: String
    let uid: UInt32
    let gatewayUser: String?

    var files: [(name: String, text: String)] {
        [
            ("settings.yaml", settings), ("identities.yaml", identities), ("gateway.yaml", gateway),
            ("policies.yaml", policies),
        ]
    }

    private var gatewayUserLine: String {
        gatewayUser.map { "gatewayUser: \($0)" }
            ?? "# gatewayUser: lapwing-gateway         # whom the gateway becomes where root starts it"
    }

    private var settings: String {
        """
        # What the processes run with. A flag or a LAPWING_* variable wins over this file;
        # `lapwing config show --origin` says which.
        apiVersion: lapwing.dev/v1alpha1
        kind: Settings
        metadata:
          name: settings
        spec:
          trustDomain: \(trustDomain)
          # stateDirectory: /var/lib/lapwing     # keys, entries made by command, the record
          # runtimeDirectory: /run/lapwing       # sockets
          \(gatewayUserLine)
          logFormat: text                        # or json
          authority:
            keyStorage: disk                     # or memory: a new CA at each start
            caTTL: 24h
            svidTTL: 1h                          # at most a sixth of caTTL
            jwtTTL: 5m                           # tokens for one audience
            # jwtIssuer: https://id.example/prod # where clouds find the keys of tokens

        """
    }

    private var gatewaySelector: String { gatewayUser.map { "unix:user:\($0)" } ?? "unix:uid:\(uid)" }

    private var identities: String {
        """
        # Who is who. A process gets the SPIFFE ID of each entry all of whose selectors fit it; the kernel says what it
        # is. Selectors: unix:uid, unix:user, unix:gid, unix:group, unix:supplementary_gid, unix:supplementary_group,
        # unix:path, unix:sha256, systemd:id, container:id, and in Kubernetes k8s:ns, k8s:sa, k8s:pod-label and others.

        # The program that may call the model.
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata:
          name: api-gateway
        spec:
          spiffeID: spiffe://\(trustDomain)/ns/ml-api/sa/api-gateway
          selectors: ["unix:uid:\(uid)", "unix:path:/usr/local/bin/api-gateway"]
          # outlivesProcess: true   # what one program fetches for another: `lapwing identity svid fetch --write`
        ---
        # The gateway itself, which answers for the inference service. Without this entry `lapwing serve` does not
        # become ready. It selects whom the gateway runs as: --gateway-user, or whoever starts `lapwing serve`.
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata:
          name: inference-service
        spec:
          spiffeID: spiffe://\(trustDomain)/ns/ml-inference/sa/inference-service
          selectors: ["\(gatewaySelector)"]

        """
    }

    private var gateway: String {
        """
        # Where callers connect, and where permitted requests go.
        apiVersion: lapwing.dev/v1alpha1
        kind: Gateway
        metadata:
          name: inference
          namespace: ml-inference
        spec:
          # What the requests are for: it decides which policies apply, and which SVID the listener shows.
          workload:
            labels: { app: inference-service }
            serviceAccount: inference-service
          # Where no policy allows, the request is denied. `istio` gives Istio's own default instead.
          compatibility: strict
          # How paths are made canonical before policy sees them: NONE, BASE, MERGE_SLASHES or
          # DECODE_AND_MERGE_SLASHES. What policy saw is what goes upstream.
          pathNormalization: MERGE_SLASHES
          listeners:
          - { name: mtls, address: 127.0.0.1, port: 8443 }
          upstreams:
          # A Unix socket that only the gateway's user may open, or mutual TLS:
          #   { name: model, address: 10.0.0.7, port: 8443, spiffeID: "spiffe://\(trustDomain)/ns/x/sa/y" }
          - { name: model, unixSocket: /run/inference/model.sock }
          routes:
          - name: predict
            path: { exact: /v1/predict }
            upstream: model
            bodyLimit: 64Ki
          - name: stream
            path: { exact: /v1/stream }
            upstream: model
            bodyLimit: 64Ki
            timeouts: { response: 30s, stream: 120s }
          # Health, readiness and Prometheus metrics, for this machine alone.
          admin: { address: 127.0.0.1, port: 9443 }

        """
    }

    private var policies: String {
        """
        # Istio's AuthorizationPolicy, read as Istio reads it. Only the API gateway may call the model, and only like
        # this. Ask with `lapwing policy explain --from SPIFFE-ID POST https://host/v1/predict`.
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: only-api-gateway
          namespace: ml-inference
        spec:
          selector:
            matchLabels:
              app: inference-service
          action: ALLOW
          rules:
          - from:
            - source:
                principals: ["\(trustDomain)/ns/ml-api/sa/api-gateway"]
            to:
            - operation:
                methods: ["POST"]
                paths: ["/v1/predict", "/v1/stream"]

        """
    }
}

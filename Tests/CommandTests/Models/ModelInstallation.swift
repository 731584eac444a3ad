import Foundation
import Glibc
import Testing

/// Everything running but the loader, in a directory of its own.
final class ModelInstallation {
    let directory: TemporaryDirectory
    let digest: String
    private let process = Process()
    private(set) var port = ""

    var socket: String { directory.path + "/r/workload-api.sock" }
    var model: String { directory.path + "/model" }
    var places: [String] {
        ["--config", directory.path + "/c", "--state", directory.path + "/s", "--run", directory.path + "/r"]
    }

    /// Starts it, with more documents in its configuration where some are wanted.
    ///
    /// - Parameters:
    ///   - users: whose processes the loader may prove models of.
    ///   - selectors: what the workload's entry asks for besides.
    ///   - size: the bytes of the model's weights.
    ///   - more: makes them of the model's digest and the installation's directory.
    /// - Throws: where the installation cannot be made.
    init(
        users: String = "sameUser",
        selectors: [String] = [],
        size: Int = 8 << 20,
        more: (_ digest: String, _ directory: String) -> String = { _, _ in "" }
    ) throws {
        directory = try TemporaryDirectory()
        for name in ["/model", "/c"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + name,
                withIntermediateDirectories: true
            )
        }
        var bytes = Data(count: size)
        for index in stride(from: 0, to: size, by: 4_096) { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
        try bytes.write(to: URL(fileURLWithPath: directory.path + "/model/weights.bin"))
        for command in [
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
            "openssl pkey -in key.pem -pubout -out key.pub",
        ] {
            let made = try Program.run(
                ["-c", "cd '\(directory.path)' && \(command)"],
                program: "/bin/sh"
            )
            try #require(made.status == 0, "\(made.errors)")
        }
        let signed = try Program.run([
            "model", "sign", directory.path + "/model", "--private-key", directory.path + "/key.pem", "-o", "json",
        ])
        struct Row: Decodable { let manifestDigest: String }
        digest = try JSONDecoder().decode(Row.self, from: Data(signed.output.utf8)).manifestDigest
        try configure(users, selectors)
        let further = more(digest, directory.path)
        if !further.isEmpty { _ = try directory.write(further, to: "c/more.yaml") }
        let log = try directory.write("", to: "log")
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["serve"] + places
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        try #require(wait { try String(contentsOfFile: log, encoding: .utf8).contains("roles=authority,gateway") })
        port = try port(of: "mtls")
    }

    /// The port of a listener.
    func port(of listener: String) throws -> String {
        let text = try String(contentsOfFile: directory.path + "/log", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.contains("listener=\(listener) port=") })
        return String(line.split(separator: "port=")[1].prefix { $0.isNumber })
    }

    /// The loader and the gateway are the program itself; the workload is whatever the selectors say.
    private func configure(_ users: String, _ selectors: [String]) throws {
        let program = URL(fileURLWithPath: try Program.path).resolvingSymlinksInPath().path
        let python = ModelWorkload.python.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path } ?? ""
        let own = ["unix:uid:\(geteuid())", "unix:path:\(program)"]
        let asked = selectors.isEmpty ? ["unix:path:\(python)", "model:digest:\(digest)"] : selectors
        func entry(_ name: String, _ id: String, _ selectors: [String], _ more: String = "") -> String {
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: \(name) }
            spec:
              spiffeID: \(id)
              selectors: \(selectors)
              \(more)
            ---

            """
        }
        let text =
            entry("store", "spiffe://cluster.local/ns/ml-features/sa/store", own)
            + entry("loader", "spiffe://cluster.local/ns/ml-inference/sa/loader", own, "modelLoader: \(users)")
            + entry("inference", ModelIdentityTests.workload, asked) + """
                apiVersion: lapwing.dev/v1alpha1
                kind: Gateway
                metadata: { name: store, namespace: ml-features }
                spec:
                  workload: { labels: { app: store }, serviceAccount: store }
                  listeners: [{ name: mtls, address: 127.0.0.1, port: 0 }]
                  upstreams: [{ name: nobody, unixSocket: \(directory.path)/nobody.sock }]
                  routes: [{ name: all, path: { prefix: / }, upstream: nobody }]
                ---
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: { name: only-that-model, namespace: ml-features }
                spec:
                  selector: { matchLabels: { app: store } }
                  action: ALLOW
                  rules:
                  - when: [{ key: source.model.digest, values: ["\(digest)"] }]

                """
        _ = try directory.write(text, to: "c/all.yaml")
    }

    /// Starts the workload by the loader, from a mounted file system or, where nobody may mount, from sealed memory.
    func load() throws -> (workload: ModelWorkload, path: String, isSealed: Bool) {
        for isSealed in [false, true] {
            let workload = try ModelWorkload(
                by: [
                    try Program.path, "model", "run", "--model", model, "--public-key",
                    directory.path + "/key.pub", "--prove", "--quiet",
                ] + (isSealed ? ["--sealed"] : []) + ["--"],
                socket: socket
            )
            if let ready = workload.line() {
                return (workload, String(ready.split(separator: " ").last ?? ""), isSealed)
            }
            let (status, errors) = workload.end()
            try #require(!isSealed && status == 3 && errors.contains("--sealed"), "\(status): \(errors)")
        }
        throw CancellationError()
    }

    /// Changes a byte of the weights.
    func flip(at offset: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: model + "/weights.bin"))
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
    }

    /// The log's records of acts on proofs, oldest first.
    func acts() throws -> [String] {
        try Program.run(["audit", "tail", "-n", "200", "-o", "json"] + places).output.split(separator: "\n")
            .map(String.init).filter { $0.contains("model.proof.") }
    }

    func records() throws -> String {
        try Program.run(["audit", "tail", "-n", "200", "-o", "json"] + places).output
    }

    func isRevoked(_ serial: Substring) throws -> Bool {
        try Program.run(["identity", "revocations"] + places).output.contains(serial)
    }

    func wait(_ condition: () throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }

    deinit {
        process.stop()
    }
}

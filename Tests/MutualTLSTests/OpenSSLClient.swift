import Dispatch
import Foundation
import NIOCore
import SPIFFE
import SwiftASN1
import TestIdentities
import X509

/// A client on OpenSSL, through Python's `ssl`: it loads what BoringSSL would not, and it resumes sessions.
struct OpenSSLClient {
    /// The interpreter of the test peers.
    static let python: String? = {
        let folder = ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? ".venv"
        let path = folder + "/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            print("OpenSSL client: no \(path); make it with scripts/setup-test-peers")
            return nil
        }
        return path
    }()

    /// Whether its tests run: everywhere that the peers are, and in CI in any case.
    static let isWanted = python != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let folder: URL

    /// Connects on each line of its input, resuming the last session where the line says so, and prints the server's
    /// answer with whether the session was resumed, or `refused`.
    private static let script = """
        import socket, ssl, sys
        chain, key, host, port, version = sys.argv[1:6]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(chain, key)
        session = None
        for line in sys.stdin:
            try:
                with socket.create_connection((host, int(port)), timeout=10) as plain:
                    with context.wrap_socket(plain, session=session if line.strip() == "resume" else None) as tls:
                        tls.sendall(b"?")
                        answer = b""
                        while not answer.endswith(b"\\n"):
                            data = tls.recv(4096)
                            if not data:
                                raise OSError("closed")
                            answer += data
                        session = tls.session
                        print(answer.decode().strip(), "resumed" if tls.session_reused else "new", flush=True)
            except OSError as error:
                print("refused", flush=True)
        """

    init(showing leaf: TestLeaf, to address: SocketAddress, version: String = "1.3") throws {
        guard let python = Self.python else { throw CocoaError(.fileNoSuchFile) }
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let chain = folder.appendingPathComponent("chain.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        try leaf.chain.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
            .write(toFile: chain, atomically: true, encoding: .utf8)
        try leaf.key.serializeAsPEM().pemString.write(toFile: key, atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.script, chain, key, "127.0.0.1", "\(address.port ?? 0)", version]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Connects once, and says what the server answered.
    func connect(resuming: Bool = false) async throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data((resuming ? "resume\n" : "new\n").utf8))
        let handle = output.fileHandleForReading
        let process = process
        let line = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    var line: [UInt8] = []
                    while let byte = handle.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
                        line.append(byte)
                    }
                    continuation.resume(returning: line)
                }
            }
        } onCancel: {
            // The test has had its time.
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Ends the client and removes its files.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
    }
}

import Foundation
import Testing

@testable import Gateway

/// What scanners that other people wrote find in a listener.
@Suite(.timeLimit(.minutes(2))) struct TransportScanTests {
    @Test func `sslscan finds TLS 1.3 and nothing else`() async throws {
        guard let sslscan = ExternalTool.installed("sslscan") else { return }
        try await TestGateway.with { gateway, _ in
            let address = "127.0.0.1:\(gateway.server.ports["mtls"] ?? 0)"
            let output = try await sslscan.run(["--no-colour", "--show-sigs", address]).output
            for version in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"] {
                #expect(
                    output.contains("\(version)     disabled") || output.contains("\(version)   disabled"),
                    "\(version)"
                )
            }
            #expect(output.contains("TLSv1.3   enabled"), "\(output)")
            for line in [
                "Session renegotiation not supported", "not vulnerable to heartbleed", "TLS_AES_128_GCM_SHA256",
                "x25519",
            ] {
                #expect(output.contains(line), "\(line)")
            }
            let ciphers = output.split(separator: "\n").filter { $0.hasPrefix("Accepted") || $0.hasPrefix("Preferred") }
            #expect(ciphers.count == 3 && ciphers.allSatisfy { $0.contains("TLSv1.3") }, "\(ciphers)")
            #expect(!output.contains("anonymous") && !output.contains("insecure"))
        }
    }

    /// What `testssl.sh` says of a certificate that lives for an hour, names a workload rather than a host, and is
    /// vouched for by an authority that no browser knows: all of it is meant.
    static let meant: Set = [
        "cert_trust", "cert_chain_of_trust", "cert_expirationStatus", "cert_notAfter", "cert_revocation",
    ]

    private struct Finding: Decodable {
        let id: String
        let severity: String
        let finding: String
    }

    @Test func `testssl finds nothing above LOW but trust, host name and a short life`() async throws {
        guard let testssl = ExternalTool.installed("testssl") else { return }
        try await TestGateway.with { gateway, _ in
            try await withCredentials(gateway) { folder, _, _ in
                let file = folder.appendingPathComponent("findings.json")
                // Protocols and ALPN, kinds of ciphers, forward secrecy, the server's defaults, known vulnerabilities. What
                // takes HTTP is left out, since it takes a certificate that this version cannot show.
                let outcome = try await testssl.run(
                    ["--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "-p", "-s", "-f", "-S", "-U"]
                        + ["--jsonfile", file.path, "127.0.0.1:\(gateway.server.ports["mtls"] ?? 0)"]
                )
                let findings = try JSONDecoder().decode([Finding].self, from: Data(contentsOf: file))
                let grave = findings.filter { ["MEDIUM", "HIGH", "CRITICAL", "FATAL"].contains($0.severity) }
                let unmeant = grave.filter { finding in !Self.meant.contains { finding.id.hasPrefix($0) } }
                #expect(unmeant.isEmpty, "\(unmeant)")
                #expect(findings.contains { $0.id.hasPrefix("ALPN") && $0.finding == "h2" }, "\(outcome.output)")
                #expect(findings.contains { $0.id.hasPrefix("ALPN") && $0.finding == "http/1.1" })
                #expect(findings.contains { $0.id == "TLS1_3" && $0.severity == "OK" })
                #expect(findings.filter { $0.severity == "OK" }.count >= 20)
                print(
                    "suite: testssl: \(findings.count) findings, \(unmeant.count) above LOW, \(grave.count) that are meant"
                )
            }
        }
    }
}

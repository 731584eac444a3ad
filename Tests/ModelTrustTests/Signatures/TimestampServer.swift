import Foundation
import Testing

/// A timestamping authority that is OpenSSL's program.
struct TimestampServer {
    let openssl: String
    let folder: String
    /// Its certificates in PEM.
    let certificates: String

    init(openssl: String, folder: String, algorithm: String) throws {
        self.openssl = openssl
        self.folder = folder
        let configuration = """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = timestamps
            [root]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign
            [leaf]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = critical, timeStamping
            [tsa]
            default_tsa = tsa1
            [tsa1]
            serial = \(folder)/serial
            signer_cert = \(folder)/tsa.pem
            signer_key = \(folder)/tsa.key
            signer_digest = sha256
            default_policy = 1.2.3.4
            digests = sha256, sha512
            ess_cert_id_alg = sha256
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/openssl.cnf"))
        try Data("01\n".utf8).write(to: URL(fileURLWithPath: folder + "/serial"))
        let script = """
            set -e
            '\(openssl)' req -x509 -config openssl.cnf -extensions root -newkey \(algorithm) -nodes -days 30 \
                -subj /CN=root -keyout root.key -out root.pem
            '\(openssl)' req -config openssl.cnf -newkey \(algorithm) -nodes -subj /CN=tsa -keyout tsa.key -out tsa.csr
            '\(openssl)' x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 2 -days 30 \
                -extfile openssl.cnf -extensions leaf -out tsa.pem
            """
        let made = try ExternalProgram.run("/bin/sh", ["-c", script], in: folder)
        try #require(made.status == 0, "\(made.output)")
        certificates = try ["tsa.pem", "root.pem"].map {
            try String(contentsOfFile: folder + "/" + $0, encoding: .utf8)
        }
        .joined(separator: "\n")
    }

    /// A timestamp of some bytes.
    func stamp(_ bytes: [UInt8]) throws -> [UInt8] {
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/stamped"))
        let script = """
            set -e
            '\(openssl)' ts -query -data stamped -sha256 -cert -out query.tsq
            '\(openssl)' ts -reply -config openssl.cnf -section tsa1 -queryfile query.tsq -out answer.tsr
            """
        let made = try ExternalProgram.run("/bin/sh", ["-c", script], in: folder)
        try #require(made.status == 0, "\(made.output)")
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/answer.tsr")))
    }
}

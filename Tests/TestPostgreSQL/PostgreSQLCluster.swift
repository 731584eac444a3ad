import Foundation
import Glibc
package import PostgreSQLClient
import SPIFFE
import SwiftASN1
package import TestIdentities
import X509
import ZeroTrust

/// A PostgreSQL server of a test's own: a new cluster in a folder of its own, TLS on a port that the system chose, gone
/// with the test.
package final class PostgreSQLCluster {
    /// Where everything lies.
    package let folder: String
    /// The port on 127.0.0.1.
    package let port: Int
    /// Who signs the server's certificate and its clients'.
    package let authority: TestAuthority
    private let server = Process()
    private let leash = Pipe()

    /// Whether PostgreSQL is installed; under CI it has to be there.
    package static var isInstalled: Bool {
        if programs != nil { return true }
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("skipped: PostgreSQL is not installed (scripts/setup --tests)")
        return false
    }

    /// The folder of the newest server's programs.
    private static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
            .first { FileManager.default.isExecutableFile(atPath: "\($0)/postgres") }
    }()

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// A cluster that lets in whoever these files say, and the tests' user as `postgres` over the Unix socket.
    ///
    /// Clients may show certificates of the cluster's own authority, and of those whose roots are given in PEM.
    package init(hostRules: String = "", nameMaps: String = "", trusting roots: String = "") throws {
        guard let programs = Self.programs else { throw Failure(description: "PostgreSQL is not installed") }
        authority = try TestAuthority.root()
        // The path of a Unix socket has at most 107 bytes, so it is not in the user's own folder for such things.
        folder = "/tmp/lapwing-pg-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        port = try Self.freePort()
        try Self.give(folder)
        try Self.run(
            "\(programs)/initdb",
            "-D",
            "\(folder)/data",
            "-U",
            "postgres",
            "-N",
            "-A",
            "reject",
            "-E",
            "UTF8",
            "--locale=C"
        )
        let me = unsafe getpwuid(geteuid()).map { unsafe String(cString: $0.pointee.pw_name) } ?? "root"
        try write(hostRules + "local all postgres peer map=tests\n", to: "data/pg_hba.conf")
        try write(nameMaps + "tests \(me) postgres\n", to: "data/pg_ident.conf")
        let identity = try authority.svid("/server") { $0.names.append(.dnsName("localhost")) }
        try write(identity.chainPEM, to: "server.pem")
        try write(identity.keyPEM.value, to: "server.key")
        try write(authority.certificate.serializeAsPEM().pemString, to: "ca.pem")
        try write(authority.certificate.serializeAsPEM().pemString + "\n" + roots, to: "clients.pem")
        try write(
            """
            listen_addresses = '127.0.0.1'
            port = \(port)
            unix_socket_directories = '\(folder)'
            ssl = on
            ssl_cert_file = '\(folder)/server.pem'
            ssl_key_file = '\(folder)/server.key'
            ssl_ca_file = '\(folder)/clients.pem'
            fsync = off
            wal_level = logical
            max_connections = 40
            shared_buffers = 16MB
            log_destination = stderr

            """,
            to: "data/postgresql.conf"
        )
        // The shell ends the server when the pipe closes, which it does when the tests end in whatever way.
        let script = #""$@" >\#(folder)/log 2>&1 & p=$!; cat >/dev/null; kill -INT $p; wait $p"#
        let command = Self.unprivileged + ["sh", "-c", script, "sh", "\(programs)/postgres", "-D", "\(folder)/data"]
        server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        server.arguments = command
        server.standardInput = leash
        try server.run()
        for attempt in 0... {
            if (try? superuser("postgres")) != nil { break }
            guard attempt < 200, server.isRunning else {
                let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
                stop()
                throw Failure(description: "PostgreSQL does not start: \(log.suffix(2000))")
            }
            usleep(50_000)
        }
    }

    /// Ends the server and takes the folder away.
    package func stop() {
        try? leash.fileHandleForWriting.close()
        server.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A connection as the superuser.
    package func superuser(_ database: String) throws -> PostgreSQLConnection {
        try PostgreSQLConnection(["host": folder, "port": "\(port)", "user": "postgres", "dbname": database])
    }

    /// What libpq needs to connect over TLS with a certificate.
    package func parameters(_ role: String, _ database: String, certificate: String?) -> [String: String] {
        var parameters = [
            "host": "localhost", "hostaddr": "127.0.0.1", "port": "\(port)", "user": role, "dbname": database,
            "sslmode": "verify-full", "sslrootcert": "\(folder)/ca.pem", "gssencmode": "disable",
            // Nothing of the user's own is to be taken.
            "sslcert": "\(folder)/none", "sslkey": "\(folder)/none", "passfile": "\(folder)/none",
        ]
        if let certificate {
            parameters["sslcert"] = "\(folder)/\(certificate).pem"
            parameters["sslkey"] = "\(folder)/\(certificate).key"
        }
        return parameters
    }

    /// Writes a client's certificate with its key; the subject has the most specific attribute first, as PostgreSQL
    /// writes it, or is empty.
    package func issue(_ name: String, subject: String, uri: String, by authority: TestAuthority? = nil) throws {
        let leaf = try (authority ?? self.authority).leaf { form in
            form.subject = try Self.name(subject)
            form.names = [.uniformResourceIdentifier(uri)]
            form.namesCritical = subject.isEmpty
        }
        try keep(
            leaf.chain.map { try $0.serializeAsPEM().pemString }.joined(separator: "\n"),
            leaf.key.serializeAsPEM().pemString,
            as: name
        )
    }

    /// Writes a client's certificate and key, in PEM.
    package func keep(_ chain: String, _ key: String, as name: String) throws {
        try write(chain, to: "\(name).pem")
        try write(key, to: "\(name).key")
        // libpq takes keys of the user who runs it, and of root.
        guard unsafe chown("\(folder)/\(name).key", geteuid(), getegid()) == 0 else {
            throw Failure(description: "chown")
        }
    }

    private static func name(_ subject: String) throws -> DistinguishedName {
        let attributes = subject.split(separator: ",").reversed().map { $0.split(separator: "=", maxSplits: 1) }
        return try DistinguishedName(
            attributes.map { pair in
                let value = String(pair[1])
                return switch pair[0] {
                case "CN": .init(type: .RDNAttributeType.commonName, utf8String: value)
                case "OU": .init(type: .RDNAttributeType.organizationalUnitName, utf8String: value)
                case "C": try .init(type: .RDNAttributeType.countryName, printableString: value)
                default: .init(type: .RDNAttributeType.organizationName, utf8String: value)
                }
            }
        )
    }

    /// Writes a file that the server's user may read and nobody else.
    package func write(_ text: String, to name: String) throws {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        guard unsafe chmod(path, 0o600) == 0 else { throw Failure(description: "chmod \(path)") }
        try Self.give(path)
    }

    /// The user that PostgreSQL runs as, where the tests run as root, which it refuses.
    private static let account: (user: uid_t, group: gid_t)? = {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = unsafe getpwnam(name) { return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid) }
        }
        return nil
    }()

    private static var unprivileged: [String] {
        account.map { ["setpriv", "--reuid=\($0.user)", "--regid=\($0.group)", "--clear-groups"] } ?? []
    }

    private static func give(_ path: String) throws {
        guard let account else { return }
        guard unsafe chown(path, account.user, account.group) == 0 else { throw Failure(description: "chown \(path)") }
    }

    @discardableResult
    package static func run(_ command: String..., asSelf: Bool = false) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = (asSelf ? [] : unprivileged) + command
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard asSelf || process.terminationStatus == 0 else {
            throw Failure(description: "\(command[0]) ended with \(process.terminationStatus): \(text.suffix(2000))")
        }
        return (process.terminationStatus, text)
    }

    /// A port that nobody listens on.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe bind(descriptor, address, length) == 0 else { return Int32(-1) }
                return unsafe getsockname(descriptor, address, &length)
            }
        }
        guard status == 0 else { throw Failure(description: "no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

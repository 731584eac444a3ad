import Foundation
import TestIdentities

/// The web's authority and a server's certificate by it, in files.
final class CertificateFiles {
    let directory: String
    var authoritiesFile: String { directory + "/ca.pem" }
    var certificateFile: String { directory + "/server.pem" }
    var keyFile: String { directory + "/server.key" }

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/lapwing-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try renew()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Makes everything anew, the authority too.
    func renew() throws {
        let certificates = try WebCertificates()
        try certificates.authority.write(toFile: authoritiesFile, atomically: true, encoding: .utf8)
        try certificates.certificate.write(toFile: certificateFile, atomically: true, encoding: .utf8)
        try certificates.key.write(toFile: keyFile, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile)
    }
}

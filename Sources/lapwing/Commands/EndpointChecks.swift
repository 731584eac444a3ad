import Federation
import Foundation
import WorkloadIdentity

/// Whether endpoints for strangers have something to show.
enum EndpointChecks {
    static func all(_ configuration: Configuration, now: Date = Date()) -> [DoctorFinding] {
        configuration.endpoints.compactMap { endpoint in
            let check = "\(endpoint.kind) \(endpoint.name)"
            switch endpoint.profile {
            case .web(let certificateFile, let keyFile): return files(check, certificateFile, keyFile, now: now)
            case .spiffe(let id):
                guard !configuration.entries.contains(where: { $0.id == id }) else { return nil }
                return DoctorFinding(
                    .doubt,
                    check,
                    "no entry in the files gives `\(id)`, which it shows; without it every connection is closed",
                    mend: "add a WorkloadEntry for it that fits the program and the user that it runs as, unless "
                        + "`lapwing identity entry create` has made one"
                )
            }
        }
    }

    /// Whether the authorities are there whose certificates machines may show.
    static func machines(_ configuration: Configuration) -> DoctorFinding? {
        guard let endpoint = configuration.attestation, let file = endpoint.x509AuthoritiesFile else { return nil }
        let check = "AttestationEndpoint \(endpoint.name)"
        do {
            _ = try X509PossessionVerifier(authoritiesFile: file)
            return DoctorFinding(.fine, check, "the authorities of machines are in `\(file)`")
        } catch {
            return DoctorFinding(
                .fault,
                check,
                "`x509.caFile`: \(error); `serve` does not start",
                mend: "put the certificates of those who vouch for machines there, as PEM, or leave `x509` out"
            )
        }
    }

    private static func files(
        _ check: String,
        _ certificateFile: String,
        _ keyFile: String,
        now: Date
    ) -> DoctorFinding {
        do {
            let end = try HTTPSEndpoint.certificateEnd(certificateFile: certificateFile, keyFile: keyFile)
            guard end > now else {
                return DoctorFinding(
                    .fault,
                    check,
                    "the certificate in `\(certificateFile)` expired at \(end.formatted(.iso8601)), so that clients refuse it",
                    mend: "renew it in its place: both files are read again every 30 s"
                )
            }
            return DoctorFinding(.fine, check, "its certificate is good until \(end.formatted(.iso8601))")
        } catch {
            return DoctorFinding(
                .fault,
                check,
                "\(error); until it can be shown every connection is closed",
                mend: "mend the file, or what `profile` names: both files are read again every 30 s"
            )
        }
    }
}

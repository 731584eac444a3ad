import Foundation
import IssuerKeys

/// Whether the keys of token issuers can be fetched, each URL once.
enum KeyChecks {
    static func all(_ configuration: Configuration?) async -> [DoctorFinding] {
        let sources = (try? configuration?.keySources()) ?? []
        let byURL = Dictionary(sources.map { ($0.url, $0) }, uniquingKeysWith: { first, _ in first })
        return await withTaskGroup(of: DoctorFinding.self) { group in
            for source in byURL.values { group.addTask { await check(source) } }
            var findings: [DoctorFinding] = []
            for await finding in group { findings.append(finding) }
            return findings.sorted { $0.detail < $1.detail }
        }
    }

    private static func check(_ source: IssuerKeySource) async -> DoctorFinding {
        do {
            _ = try await IssuerKeyFetcher().keys(of: source)
            return .init(.fine, "token keys", "`\(source.url)` serves keys")
        } catch {
            return .init(
                .fault,
                "token keys",
                "`\(source.url)`: \(error)",
                mend: "until it serves keys, every token of the issuer is answered with 401; "
                    + "see `tokenKeys` in the Gateway for authorities and plaintext on loopback"
            )
        }
    }
}

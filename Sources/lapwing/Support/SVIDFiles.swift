import Glibc
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// X.509-SVIDs as files for programs that read no Workload API, under the names that SPIRE's agent gives them.
///
/// `svid.N.pem` is the chain, `svid.N.key` its key, `bundle.N.pem` the roots of its trust domain and
/// `federated_bundle.N.M.pem` those of other trust domains, in the order of their names.
enum SVIDFiles {
    /// Writes files that nobody else can read at any moment.
    ///
    /// - Returns: how many they are.
    /// - Throws: `IdentityError` for one that cannot be written.
    static func write(_ svids: [X509SVID], _ bundles: X509BundleSet, to directory: String) throws -> Int {
        var files: [(name: String, text: String)] = []
        for (index, svid) in svids.enumerated() {
            files += [
                ("svid.\(index).key", svid.keyPEM.value), ("svid.\(index).pem", svid.chainPEM),
                ("bundle.\(index).pem", bundles[svid.id.trustDomain]?.pem ?? ""),
            ]
            let others = bundles.filter { $0.key != svid.id.trustDomain }.sorted { $0.key.name < $1.key.name }
            for (number, other) in others.enumerated() {
                files.append(("federated_bundle.\(index).\(number).pem", other.value.pem))
            }
            // Roots that are relied on no more are not left to who reads them.
            var number = others.count
            while unsafe unlink("\(directory)/federated_bundle.\(index).\(number).pem") == 0 { number += 1 }
        }
        for file in files { try PrivateFile.write(file.text, to: directory + "/" + file.name) }
        return files.count
    }
}

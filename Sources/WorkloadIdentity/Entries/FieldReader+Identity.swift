import Resources
import ZeroTrust

extension FieldReader {
    /// The fields of `spec` of a resource of ours.
    ///
    /// - Throws: `ResourceError` for another version than the one that is read here, or where there is no `spec`.
    init(identityResource document: Document) throws {
        let article = document.kind.first.map("AEIOU".contains) == true ? "an" : "a"
        guard document.apiVersion == WorkloadEntry.apiVersion else {
            throw ResourceError(
                at: document.location,
                "expected `apiVersion: \(WorkloadEntry.apiVersion)` for \(article) `\(document.kind)`"
            )
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "\(article) `\(document.kind)` needs a `spec`")
        }
        try self.init(spec, of: "\(document.kind) spec")
    }

    /// Where a server listens: `address`, and `port`, which is 0 for any that is free.
    mutating func listenAddress() throws -> (address: IPAddress, port: Int) {
        let address = try required("address") { value in
            let text = try value.string()
            guard let address = IPAddress(text) else { throw value.error("`\(text.prefix(100))` is no IP address") }
            return address
        }
        return (address, try required("port") { try $0.integer(in: 0...65535) })
    }
}

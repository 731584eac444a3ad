import Glibc
public import ZeroTrust

/// Keys as PKCS#8 PEM files of mode 0600, in a directory of mode 0700 that is ours.
///
/// Anything more open is refused, with the command that mends it: whoever else could read a key may have.
public struct FileKeyStore: KeyStore {
    /// The directory.
    public let directory: String

    /// Opens the directory, and makes it where it is missing.
    ///
    /// - Throws: ``IdentityError`` with `badFile` where it cannot be made, or is open to others.
    public init(directory: String) throws(IdentityError) {
        self.directory = directory
        if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw IdentityError(.badFile, "cannot make the key directory `\(directory)`: \(SystemError.text())")
        }
        try PrivateFile.checkDirectory(directory)
    }

    /// Writes the key beside its place, makes it durable, and moves it there.
    public func save(_ key: Redacted<[UInt8]>, for id: String) throws(IdentityError) {
        try PrivateFile.checkDirectory(directory)
        try PrivateFile.write(PEM.encode(key.value, type: "PRIVATE KEY"), to: try path(id))
    }

    /// The key, or nil where there is none.
    public func key(for id: String) throws(IdentityError) -> Redacted<[UInt8]>? {
        let path = try path(id)
        guard unsafe access(path, F_OK) == 0 else { return nil }
        let text = try PrivateFile.read(path, maximum: 16 * 1024)
        guard let block = PEM.decode(text).first, block.type == "PRIVATE KEY" else {
            throw IdentityError(.badFile, "`\(path)` holds no PKCS#8 private key in PEM form")
        }
        return Redacted(block.der)
    }

    /// The names of all keys.
    public func ids() throws(IdentityError) -> Set<String> {
        guard let handle = unsafe opendir(directory) else {
            throw IdentityError(.badFile, "cannot list the key directory `\(directory)`: \(SystemError.text())")
        }
        defer { unsafe closedir(handle) }
        var ids: Set<String> = []
        while let entry = unsafe readdir(handle) {
            // The name is a C array of 256 bytes that the kernel ends with zero.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasSuffix(Self.suffix), !name.hasPrefix(".") {
                ids.insert(String(name.dropLast(Self.suffix.count)))
            }
        }
        return ids
    }

    /// Forgets a key.
    public func remove(_ id: String) throws(IdentityError) {
        let path = try path(id)
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw IdentityError(.badFile, "cannot remove `\(path)`: \(SystemError.text())")
        }
    }

    private static let suffix = ".key.pem"

    private func path(_ id: String) throws(IdentityError) -> String {
        guard !id.isEmpty, id.utf8.count <= 128, id.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == "-") }) else {
            throw IdentityError(.invalidArgument, "`\(id)` is no name of a key")
        }
        return "\(directory)/\(id)\(Self.suffix)"
    }
}

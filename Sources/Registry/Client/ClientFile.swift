/// A file here that is pushed.
struct ClientFile: Sendable {
    let path: String
    private let file: OpenFile

    init(_ path: String) throws(RegistryClientError) {
        self.path = path
        do { file = try OpenFile(path, .read) } catch {
            throw RegistryClientError(.file, "`\(path)` cannot be read: \(error.message)")
        }
    }

    func read(at offset: UInt64, count: Int) throws(RegistryClientError) -> [UInt8] {
        do { return try file.read(at: offset, count: count) } catch {
            throw RegistryClientError(.file, "`\(path)` cannot be read: \(error.message)")
        }
    }

    func length() throws(RegistryClientError) -> UInt64 {
        do { return try file.length() } catch {
            throw RegistryClientError(.file, "`\(path)` cannot be read: \(error.message)")
        }
    }
}

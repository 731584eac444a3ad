import CLinux
import FoundationEssentials
import NIOPosix
public import ZeroTrust

/// Resolves names as this machine is set up to: by `/etc/hosts`, else through `getaddrinfo`, on threads of its own.
public struct SystemResolver: HostResolver {
    /// The most addresses that are looked at of one name.
    private static let maximumAddresses = 64
    private static let maximumHostsFile = 1 << 20

    private let threads: NIOThreadPool

    /// A resolver with so many threads, which is how many names are resolved at the same time.
    public init(threads: Int = 4) {
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threads.start()
    }

    /// Asks the system.
    ///
    /// The name is asked for with a final dot, so that no search domain is tried.
    public func addresses(of name: DestinationName) async throws -> [IPAddress] {
        try await threads.runIfActive {
            let written = Self.written(name)
            return try written.isEmpty ? Self.lookUp(name.text + ".") : written
        }
    }

    private static func written(_ name: DestinationName) -> [IPAddress] {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: "/etc/hosts")), bytes.count <= maximumHostsFile
        else {
            return []
        }
        return HostsFile.addresses(of: name, in: String(decoding: bytes, as: UTF8.self))
    }

    /// What went wrong, in the system's words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func lookUp(_ name: String) throws -> [IPAddress] {
        var found = [lapwing_endpoint](repeating: lapwing_endpoint(), count: maximumAddresses)
        var reason: UnsafePointer<CChar>?
        // The call writes at most as many elements as the buffer has.
        let count = unsafe found.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe lapwing_resolve(name, base, Int32(buffer.count), &reason)
        }
        guard count >= 0 else {
            throw Failure(
                description: unsafe reason.map { unsafe String(cString: $0) } ?? "the name cannot be resolved"
            )
        }
        return found.prefix(Int(count)).compactMap { $0.endpoint?.address }
    }
}

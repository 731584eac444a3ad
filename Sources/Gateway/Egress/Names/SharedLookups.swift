import Synchronization
public import ZeroTrust

/// Asks another resolver for each name once at a time, whoever waits for it, and for a bounded number of names.
///
/// A name whose DNS server is silent is asked for until the system gives up, long after callers have. Those that come
/// meanwhile wait for the same answer, so that one name takes one thread.
public final class SharedLookups: HostResolver {
    private let resolver: any HostResolver
    private let limit: Int
    /// Guards the lookups that are under way.
    private let pending = Mutex<[DestinationName: Task<[IPAddress], any Error>]>([:])

    /// Lookups through a resolver, of at most so many names at a time.
    public init(_ resolver: any HostResolver, limit: Int = 256) {
        self.resolver = resolver
        self.limit = limit
    }

    /// The addresses of a name, from a lookup that is under way or a new one.
    ///
    /// - Throws: what the resolver throws, and where too many names are being looked up.
    public func addresses(of name: DestinationName) async throws -> [IPAddress] {
        let task = try pending.withLock { pending in
            if let known = pending[name] { return known }
            guard pending.count < limit else {
                throw SystemResolver.Failure(description: "\(limit) names are being looked up already")
            }
            let task = Task {
                defer { self.pending.withLock { $0[name] = nil } }
                return try await self.resolver.addresses(of: name)
            }
            pending[name] = task
            return task
        }
        return try await task.value
    }
}

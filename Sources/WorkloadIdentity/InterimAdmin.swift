public import Resources
public import RPC
public import Logging
public struct AdminPolicy: Sendable { public static func load(_ d: [Document]) throws -> AdminPolicy { AdminPolicy() } }
public final class AdminService: Sendable {
  public init(authority: Authority, registry: EntryRegistry, policy: AdminPolicy, logger: Logger) {}
  public func replace(policy: AdminPolicy) {}
  public var service: RPCService { RPCService("x", methods: []) }
}

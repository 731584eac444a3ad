import Resources
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct AdminPolicyTests {
    static func load(_ spec: String) throws -> AdminPolicy {
        let lines = spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        let yaml = "apiVersion: lapwing.dev/v1alpha1\nkind: AdminPolicy\nmetadata:\n  name: a\nspec:\n\(lines)\n"
        return try AdminPolicy.load(try ResourceLoader.parse(yaml: yaml, file: "admin.yaml"))
    }

    @Test func `roles are for users and workloads, and those who are not named have none`() throws {
        let policy = try Self.load(
            """
            bindings:
            - role: operator
              uids: [1000]
            - role: viewer
              uids: [1001]
              spiffeIDs: [spiffe://cluster.local/console]
            - role: releaser
              uids: [1002]
            - role: responder
              uids: [1004]
            """
        )
        let console = AdminCaller.workload(try SPIFFEID("spiffe://cluster.local/console"))
        #expect(policy.permits(.user(1000), .rotateAuthority, owner: 7))
        #expect(policy.permits(.user(1001), .listEntries, owner: 7))
        #expect(!policy.permits(.user(1001), .deleteEntry, owner: 7))
        #expect(policy.permits(console, .showBundle, owner: 7))
        #expect(!policy.permits(console, .createEntry, owner: 7))
        #expect(!policy.permits(.user(1002), .createEntry, owner: 7))
        #expect(!policy.permits(.user(1003), .status, owner: 7))
        for action in AdminAction.allCases {
            #expect(policy.permits(.user(1004), action, owner: 7) == (!action.isChange || action.isOfFindings))
            if action.isOfFindings { #expect(!policy.permits(.user(1001), action, owner: 7)) }
        }
        #expect(!policy.permits(.workload(try SPIFFEID("spiffe://cluster.local/other")), .status, owner: 7))
    }

    @Test func `root and the user that runs Lapwing are the first administrators`() {
        for action in AdminAction.allCases {
            #expect(AdminPolicy().permits(.user(0), action, owner: 7))
            #expect(AdminPolicy().permits(.user(7), action, owner: 7))
            #expect(!AdminPolicy().permits(.user(8), action, owner: 7))
        }
    }

    @Test func `records are an auditor's and a responder's to read, and findings a responder's to acknowledge`() {
        for role in AdminRole.allCases {
            #expect(role.permits(.openConsole))
            #expect(role.permits(.readRecords) == [.auditor, .responder, .operate].contains(role))
            #expect(role.permits(.acknowledgeFinding) == [.responder, .operate].contains(role))
        }
    }

    @Test(arguments: [
        ("bindings: {}", "a list"),
        ("binding: []", "needs `bindings`"),
        ("bindings:\n- role: admin\n  uids: [1]", "unknown value `admin`"),
        ("bindings:\n- role: viewer", "needs `uids` or `spiffeIDs`"),
        ("bindings:\n- uids: [1]", "needs `role`"),
        ("bindings:\n- role: viewer\n  uids: [-1]", "admin.yaml:8"),
        ("bindings:\n- role: viewer\n  uids: [root]", "admin.yaml:8"),
        ("bindings:\n- role: viewer\n  users: [1]", "unknown field `users`"),
        ("bindings:\n- role: viewer\n  spiffeIDs: [spiffe://cluster.local]", "needs a path"),
    ])
    func `a policy that cannot be meant is refused with its place`(_ spec: String, _ message: String) {
        let failure = #expect(throws: ResourceError.self) { try Self.load(spec) }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }
}

import Foundation
import Glibc
import Testing

/// `lapwing run`: a command is confined, and works all the same.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RunTests {
    private static let configuration = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Gateway
        metadata: { name: out, namespace: ml }
        spec:
          workload: { serviceAccount: trainer }
          egress:
            listeners: [{ name: socket, unixSocket: DIR/r/egress.sock }]
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: gateway }
        spec: { spiffeID: spiffe://cluster.local/ns/ml/sa/trainer, selectors: ["unix:uid:OWNER"] }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: WorkloadEntry
        metadata: { name: job }
        spec: { spiffeID: spiffe://cluster.local/ns/ml/sa/job, selectors: ["unix:uid:65534"] }
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: files, namespace: ml }
        spec:
          hosts: [files.example.com]
          resolution: STATIC
          ports: [{ number: 80, name: http, protocol: HTTP, targetPort: PORT }]
          endpoints: [{ address: 127.0.0.1 }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: job-to-files, namespace: ml }
        spec:
          targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: files }]
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml/sa/job"] } }]
        """

    /// Whether this machine lets the tests confine a command; where it must and does not, that is a failure.
    private static let isPossible: Bool = {
        let isRoot = geteuid() == 0
        let result = try? Program.run(
            ["setpriv", "--reuid", "65534", "--clear-groups", "unshare", "--user", "--net", "true"],
            program: "/usr/bin/env"
        )
        let isPossible = isRoot && result?.status == 0
        if !isPossible {
            print("lapwing run: skipped, since these tests need root and user namespaces")
            if ProcessInfo.processInfo.environment["CI"] == "true" {
                Issue.record("user namespaces are not allowed here")
            }
        }
        return isPossible
    }()

    /// An installation and a web server that it lets the job call.
    private static func install() throws -> (EgressInstallation, port: Int) {
        let port = try freePort()
        let text = configuration.replacing("PORT", with: "\(port)").replacing("OWNER", with: "\(geteuid())")
        let installation = try EgressInstallation(configuration: text)
        try "hello from files".write(
            toFile: installation.directory.path + "/index.html",
            atomically: true,
            encoding: .utf8
        )
        installation.start([
            "python3", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory",
            installation.directory.path,
        ])
        try #require(
            try installation.wait { try installation.run(["curl", "-s", "http://127.0.0.1:\(port)/"]).status == 0 }
        )
        return (installation, port)
    }

    /// A port that nobody listens on at the moment.
    private static func freePort() throws -> Int {
        let result = try Program.run(
            [
                "python3", "-c",
                "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])",
            ],
            program: "/usr/bin/env"
        )
        return try #require(Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test(.enabled(if: isPossible), .timeLimit(.minutes(3)))
    func `a command calls what it may, has its SVID, and its end is passed on`() throws {
        let (lapwing, _) = try Self.install()
        let prefix = [lapwing.program, "run"] + lapwing.places + ["--user", "nobody", "--"]
        let fetched = try lapwing.run(prefix + ["curl", "-s", "http://files.example.com/index.html"])
        #expect(fetched.output == "hello from files", "\(fetched.errors)")
        let refused = try lapwing.run(
            prefix + ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://evil.example.com/"]
        )
        #expect(refused.output == "403")
        #expect(try lapwing.records().contains { $0.contains("undeclared_host") && $0.contains("sa/job") })
        let svid = try lapwing.run(prefix + [lapwing.program, "identity", "svid", "fetch"] + lapwing.places)
        #expect(svid.output.contains("spiffe://cluster.local/ns/ml/sa/job"), "\(svid.errors)")

        // What is hidden is empty but for the sockets, which work as before.
        let hiding =
            [lapwing.program, "run"] + lapwing.places + [
                "--user", "nobody", "--hide", lapwing.directory.path + "/r", "--",
            ]
        let hidden = try lapwing.run(
            hiding + ["sh", "-c", "ls \(lapwing.directory.path)/r; curl -s http://files.example.com/index.html"]
        )
        #expect(hidden.output == "egress.sock\nworkload-api.sock\nhello from files", "\(hidden.errors)")

        #expect(try lapwing.run(prefix + ["sh", "-c", "exit 7"]).status == 7)
        #expect(try lapwing.run(prefix + ["sh", "-c", "kill -9 $$"]).status == 137)
        #expect(try lapwing.run(prefix + ["cat"], input: "through").output == "through")
        let missing = try lapwing.run(prefix + ["/no/such/program"])
        #expect(missing.status == 127)
        #expect(missing.errors.contains("cannot run `/no/such/program`: No such file or directory"))
        #expect(try lapwing.run(prefix + ["no-such-program"]).status == 127)
        #expect(try lapwing.run(prefix + ["/etc/passwd"]).status == 126)

        let mark = lapwing.directory.path + "/mark"
        try FileManager.default.createDirectory(atPath: mark, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: mark)
        let script = "trap 'exit 33' TERM; touch \(mark)/up; while :; do sleep 0.05; done"
        let process = lapwing.start(prefix + ["sh", "-c", script])
        #expect(lapwing.wait { FileManager.default.fileExists(atPath: mark + "/up") })
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 33, "SIGTERM is the command's to answer")
    }

    @Test(.enabled(if: isPossible), .timeLimit(.minutes(2)))
    func `when it is killed itself, so is the command`() throws {
        let (lapwing, _) = try Self.install()
        let prefix = [lapwing.program, "run"] + lapwing.places + ["--user", "nobody", "--"]
        let mark = "lapwing-run-\(UUID().uuidString.prefix(8))"
        let process = lapwing.start(prefix + ["sh", "-c", ": \(mark); while :; do sleep 0.05; done"])
        let isRunning = { try lapwing.run(["pgrep", "-u", "nobody", "-f", mark]).status == 0 }
        #expect(try lapwing.wait(isRunning))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(try lapwing.wait { try !isRunning() })
    }

    // MARK: Ways around

    /// One way around, as a line of Python that must fail, and what it then says.
    private struct Escape: Sendable, CustomTestStringConvertible {
        let name: String
        let code: String
        /// What is printed where the way is closed.
        let closed: String

        var testDescription: String { name }
    }

    private static let escapes: [Escape] = [
        Escape(
            name: "an address outside",
            code: "socket.create_connection(('1.1.1.1', 443), 2)",
            closed: "unreachable"
        ),
        Escape(
            name: "an IPv6 address outside",
            code: "socket.create_connection(('2606:4700::1111', 443), 2)",
            closed: "unreachable|Cannot assign"
        ),
        Escape(
            name: "the host's loopback",
            code: "socket.create_connection(('127.0.0.1', PORT), 2)",
            closed: "refused"
        ),
        Escape(
            name: "UDP outside",
            code: "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('1.1.1.1', 53))",
            closed: "unreachable"
        ),
        Escape(name: "a name", code: "socket.getaddrinfo('example.com', 443)", closed: "Errno -"),
        Escape(
            name: "a raw socket",
            code: "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
            closed: "not permitted"
        ),
        Escape(
            name: "a packet socket",
            code: "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
            closed: "Address family"
        ),
        Escape(
            name: "a VM socket, which knows no namespace",
            code: "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
            closed: "Address family"
        ),
        Escape(name: "a Bluetooth socket", code: "socket.socket(31, socket.SOCK_RAW, 1)", closed: "Address family"),
        Escape(
            name: "the kernel's cryptography sockets",
            code: "socket.socket(38, socket.SOCK_SEQPACKET)",
            closed: "Address family"
        ),
        Escape(
            name: "io_uring, which makes sockets unseen",
            code: "call(N.io_uring_setup, 8, 0)",
            closed: "not implemented"
        ),
        Escape(name: "a namespace of one's own", code: "call(N.unshare, 0x40000000)", closed: "not permitted"),
        Escape(
            name: "a user namespace, for its capabilities",
            code: "call(N.unshare, 0x10000000)",
            closed: "not permitted"
        ),
        Escape(
            name: "clone into a user namespace",
            code: "call(N.clone, 0x10000000 | 17, 0, 0, 0, 0)",
            closed: "not permitted"
        ),
        Escape(name: "clone3, whose flags cannot be seen", code: "call(N.clone3, 0, 88)", closed: "not implemented"),
        Escape(
            name: "joining the first process's network",
            code: "call(N.setns, os.open('/proc/1/ns/net', os.O_RDONLY), 0)",
            closed: "denied"
        ),
        Escape(
            name: "joining by one's own file",
            code: "call(N.setns, os.open('/proc/self/ns/net', os.O_RDONLY), 0)",
            closed: "not permitted"
        ),
        Escape(
            name: "keys, whose upcall asks the host's DNS",
            code: "call(N.request_key, b'dns_resolver', b'example.com', b'', 0)",
            closed: "not permitted"
        ),
        Escape(name: "mounting", code: "call(N.mount, b'none', b'/tmp', b'tmpfs', 0, 0)", closed: "not permitted"),
        Escape(name: "uncovering /run", code: "call(N.umount2, b'/run', 2)", closed: "not permitted"),
        Escape(name: "tracing the first process", code: "call(N.ptrace, 16, 1, 0, 0)", closed: "not permitted"),
        Escape(name: "the first process's memory", code: "open('/proc/1/mem', 'rb').read(1)", closed: "denied"),
        Escape(name: "the first process's root", code: "os.listdir('/proc/1/root/run')", closed: "denied"),
        Escape(
            name: "a descriptor of the first process",
            code: "call(N.pidfd_getfd, call(N.pidfd_open, 1, 0), 0, 0)",
            closed: "not permitted"
        ),
        Escape(name: "the test's own process", code: "os.kill(OUTSIDE, 0)", closed: "No such process"),
        // Where everybody may open the device, it is making an interface that is not permitted.
        Escape(
            name: "an interface of one's own",
            code: "import fcntl, struct; fcntl.ioctl(open('/dev/net/tun', 'r+b', 0), 0x400454ca, "
                + "struct.pack('16sH22x', b'', 0x1001))",
            closed: "not permitted|denied|No such"
        ),
        Escape(
            name: "abstract sockets of the host",
            code: "socket.socket(socket.AF_UNIX).connect('\\0ABSTRACT')",
            closed: "refused"
        ),
        Escape(name: "what lies in /run", code: "assert os.listdir('/run') == [], os.listdir('/run')", closed: "OPEN"),
        Escape(
            name: "capabilities",
            code: "assert not any(int(l.split()[1], 16) for l in open('/proc/self/status') if l.startswith('Cap'))",
            closed: "OPEN"
        ),
        Escape(
            name: "new privileges",
            code: "assert 'NoNewPrivs:\\t1' in open('/proc/self/status').read()",
            closed: "OPEN"
        ),
        Escape(
            name: "any interface but lo",
            code: "assert [n for _, n in socket.if_nameindex()] == ['lo'], socket.if_nameindex()",
            closed: "OPEN"
        ),
        Escape(
            name: "descriptors that were left open",
            code: "assert all(int(f) < 4 for f in left), left",
            closed: "OPEN"
        ),
        Escape(
            name: "other processes",
            code: "assert all(int(p) < 50 for p in os.listdir('/proc') if p.isdigit())",
            closed: "OPEN"
        ),
        Escape(
            name: "groups that were left",
            code: "assert os.getgroups() in ([], [65534]), os.getgroups()",
            closed: "OPEN"
        ),
    ]

    @Test(.enabled(if: isPossible), .timeLimit(.minutes(3)))
    func `there is no way around`() throws {
        let (lapwing, port) = try Self.install()
        let abstract = "lapwing-\(UUID().uuidString)"
        lapwing.start([
            "python3", "-c",
            "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('\\0\(abstract)'); s.listen(); time.sleep(600)",
        ])
        let attempts = Self.escapes.map { escape in
            """
            try:
                \(escape.code.replacing("PORT", with: "\(port)").replacing("OUTSIDE", with: "\(getpid())")
                    .replacing("ABSTRACT", with: abstract))
                print('OPEN')
            except BaseException as error:
                print(str(error) or 'failed')
            """
        }
        let script = """
            import ctypes, os, platform, socket, types
            N = types.SimpleNamespace(**{
                'x86_64': dict(unshare=272, clone=56, setns=308, request_key=249, mount=165, umount2=166, ptrace=101),
                'aarch64': dict(unshare=97, clone=220, setns=268, request_key=218, mount=40, umount2=39, ptrace=117),
            }[platform.machine()], io_uring_setup=425, clone3=435, pidfd_getfd=438, pidfd_open=434)
            left = os.listdir('/proc/self/fd')
            libc = ctypes.CDLL(None, use_errno=True)
            def call(*arguments):
                result = libc.syscall(*arguments)
                if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                return result

            """
        let file = try lapwing.directory.write(script + attempts.joined(separator: "\n"), to: "escapes.py")
        // A descriptor that is left open on the way in, as shells and supervisors do.
        let command = ([lapwing.program, "run"] + lapwing.places + ["--user", "nobody", "--", "python3", file])
            .joined(separator: " ")
        let result = try lapwing.run(["bash", "-c", "exec 9</etc/hostname; exec \(command)"])
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count == Self.escapes.count, "\(result.errors)")
        for (escape, line) in zip(Self.escapes, lines) {
            let isClosed = escape.closed.split(separator: "|").contains { line.contains($0) }
            #expect(isClosed, "\(escape.name): \(line)")
        }
        print("lapwing run: \(lines.count) ways around tried")
    }

    @Test func `what is missing is said before anything is started`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/c", withIntermediateDirectories: true)
        let places = ["--config", directory.path + "/c", "--run", directory.path + "/r"]
        _ = try directory.write(
            Self.configuration.replacing("DIR", with: directory.path).replacing("PORT", with: "1")
                .replacing("OWNER", with: "0"),
            to: "c/all.yaml"
        )
        let noCommand = try Program.run(["run"] + places)
        #expect(noCommand.status == 2 && noCommand.errors.contains("write it after `--`"))
        let notRunning = try Program.run(["run"] + places + ["--", "true"])
        #expect(notRunning.status == 3 && notRunning.errors.contains("start `lapwing serve`"))
        _ = try directory.write(
            Self.configuration.replacing("name: socket, unixSocket: DIR/r/egress.sock", with: "port: 0")
                .replacing("PORT", with: "1").replacing("OWNER", with: "0"),
            to: "c/all.yaml"
        )
        let noSocket = try Program.run(["run"] + places + ["--", "true"])
        #expect(
            noSocket.status == 2 && noSocket.errors.contains("no Gateway has an egress listener with a `unixSocket`")
        )
    }
}

import Console
import Foundation
import Gateway
import Logging
import Monitoring
import MutualTLS
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// The console of a gateway process: who is let in, and which page is whose answer.
///
/// It listens on loopback from the first time that somebody asks for it at the admin socket, where the kernel says who
/// asks; and over mutual TLS where the settings say so, where a certificate says it. The `AdminPolicy` in force says
/// whether they may, and that is asked again with every page.
final class ConsoleService: Sendable {
    let process: GatewayProcess
    let feed: ConsoleFeed
    let search: ConsoleSearch
    let models: ConsoleModels
    /// Where the log is read for pages.
    let work: ConsoleWork
    let acts: AdminActLog
    /// The name under `localhost` by which it is opened.
    private let name: String
    private let gate: RequestGate
    private let listening: Listening
    /// The server over mutual TLS, where there is one.
    let verified = Mutex<ConsoleServer?>(nil)
    /// Readers of live rows.
    private let readers = ConsoleReaders<AdminCaller>(maximum: 8, perCaller: 2)
    /// Guards who has the console open.
    let sessions = Mutex(ConsoleSessions<AdminCaller>())

    init(_ process: GatewayProcess, acts: AdminActLog) {
        self.process = process
        self.acts = acts
        let work = ConsoleWork("lapwing console")
        self.work = work
        feed = ConsoleFeed(log: process.log, work: work)
        search = ConsoleSearch(process.settings)
        models = ConsoleModels(directory: process.settings.registryDirectory)
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        name = "lapwing-\(digits).localhost"
        gate = RequestGate(name: name)
        listening = Listening()
    }

    /// The gateway is stopping, and begins nothing any more.
    private struct Stopped: Error {}

    /// The server, which the first who asks for it has started.
    private actor Listening {
        private var task: Task<ConsoleServer, any Error>?
        /// Whether nothing is begun any more.
        private var isStopped = false

        func server(_ start: @escaping @Sendable () async throws -> ConsoleServer) async throws -> ConsoleServer {
            guard !isStopped else { throw Stopped() }
            if let task { return try await task.value }
            let task = Task { try await start() }
            self.task = task
            do { return try await task.value } catch {
                self.task = nil
                throw error
            }
        }

        func stop() async {
            isStopped = true
            guard let task else { return }
            try? await task.value.stop()
        }
    }

    /// Lets a caller in, once.
    ///
    /// - Returns: where the console is, and a token that opens it.
    /// - Throws: ``CommandError`` where it cannot listen, or the act cannot be recorded.
    func open(for caller: AdminCaller) async throws -> (host: String, port: Int, token: String) {
        let port = process.settings.consolePort.value
        let server: ConsoleServer
        do {
            server = try await listening.server { [self] in
                try await ConsoleServer.start(port: port) { [weak self] request in
                    await self?.answer(request) ?? .whole(Self.message(503, "The console is stopping", ["It ends."]))
                }
            }
        } catch is Stopped {
            throw CommandError(.unreachable, "the gateway is stopping, and opens no console")
        } catch {
            throw CommandError(
                .unreachable,
                "the console cannot listen: \(error); choose another `consolePort` in Settings"
            )
        }
        var generator = SystemRandomNumberGenerator()
        let token: String?
        do {
            token = try await ConsoleSessions.makeToken(for: caller, in: sessions, at: .now, using: &generator) {
                try await acts.record(AdminAction.openConsole.rawValue, on: process.settings.node.value, by: caller)
            }
        } catch {
            throw CommandError(.unreachable, "the act cannot be recorded, so that nobody is let in: \(error)")
        }
        guard let token else {
            throw CommandError(.refused, "too many tokens wait to be used; each lives a minute")
        }
        return (name, server.port, token)
    }

    /// Stops listening.
    func stop() async {
        await listening.stop()
        await verified.withLock { $0.take() }?.stop()
    }

    // MARK: - Requests

    /// Who looks, and what they may.
    struct Viewer: Sendable {
        let caller: AdminCaller
        let formToken: String
        let mayReadRecords: Bool
        let mayAcknowledge: Bool
    }

    private var cookieName: String { String(name.prefix { $0 != "." }).replacing("-", with: "_") }

    private func answer(_ request: ConsoleRequest) async -> ConsoleServer.Answer {
        if let refusal = gate.refusal(of: request) {
            return .whole(Self.message(refusal.status, "Not here", ["Refused: \(refusal.reason)."]))
        }
        let path = ConsolePath(path: request.path, form: request.query)
        if let path, path.isPublic { return .whole(openly(path, request)) }
        guard let session = session(of: request) else {
            return .whole(
                Self.message(
                    401,
                    "Who are you?",
                    ["Run <code>lapwing console</code> on this machine: it prints a link that opens the console once."]
                )
            )
        }
        guard permits(session.caller, .openConsole) else {
            acts.record(refused: .openConsole, on: request.path, by: session.caller)
            return .whole(Self.noRole)
        }
        let visit = Visit(
            session: session,
            isOpen: { [self] in self.session(of: request) != nil },
            leave: { [self] in
                if let secret = request.cookie(cookieName) { sessions.withLock { $0.end(secret) } }
                var response = Self.message(200, "You have left", ["<code>lapwing console</code> opens it again."])
                response.headers = [("set-cookie", "\(cookieName)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")]
                return response
            }
        )
        return await answer(request, path, visit)
    }

    /// A session that a request is of, however its caller came in.
    struct Visit: Sendable {
        let session: ConsoleSessions<AdminCaller>.Session
        /// Whether it goes on.
        let isOpen: @Sendable () -> Bool
        /// Ends it, and says so.
        let leave: @Sendable () -> ConsoleResponse
    }

    /// What is said to somebody who has no role, or none any more.
    static var noRole: ConsoleResponse {
        message(403, "Not any more", ["No role of the AdminPolicy in force lets you in."])
    }

    /// Answers whoever has the console open.
    func answer(_ request: ConsoleRequest, _ path: ConsolePath?, _ visit: Visit) async -> ConsoleServer.Answer {
        let session = visit.session
        guard let path else { return .whole(Self.message(404, "Not here", ["There is no such page."])) }
        guard path.isAct == (request.method == "POST") else {
            return .whole(Self.message(405, "Not like this", ["This is asked for in another way."]))
        }
        let viewer = Viewer(
            caller: session.caller,
            formToken: session.formToken,
            mayReadRecords: permits(session.caller, .readRecords),
            mayAcknowledge: permits(session.caller, .acknowledgeFinding)
        )
        if path.isAct {
            guard ConsoleSessions<AdminCaller>.areEqual(request.form?["form"] ?? "", session.formToken) else {
                acts.record(
                    refused: .openConsole,
                    on: request.path,
                    by: session.caller,
                    reason: "the form is not of this session"
                )
                return .whole(
                    Self.message(403, "Not from here", ["The form is not of this session. Go back, and reload."])
                )
            }
            return .whole(await act(path, viewer, visit))
        }
        if case .live = path { return live(request, viewer, visit) }
        guard hasRoom(for: path) else { return .whole(Self.busy) }
        return .whole(await page(path, viewer, request))
    }

    /// What is told without a session.
    private func openly(_ path: ConsolePath, _ request: ConsoleRequest) -> ConsoleResponse {
        if let asset = Self.asset(path) { return asset }
        var generator = SystemRandomNumberGenerator()
        let token = request.query["token"] ?? ""
        // From another site the strict cookie does not come along. One more step is of our own, and has it.
        if request.method == "GET", let site = request.fetchSite, site == "cross-site" || site == "same-site" {
            return ConsoleResponse(Frame.step(token: token))
        }
        let current = request.method == "GET" ? session(of: request) : nil
        if let current, let owner = sessions.withLock({ $0.caller(of: token, at: .now) }), owner != current.caller {
            return Self.message(
                409,
                "This link is somebody else's",
                [
                    """
                    It would open the console as <code>\(owner.description)</code>, and this browser has it open as \
                    <code>\(current.caller.description)</code>. <a href="/">Go back</a>; who wants to change leaves first.
                    """
                ]
            )
        }
        // Only a GET takes a token: what looks at a link first, before it is followed, does not use it up.
        let secret =
            request.method == "GET"
            ? sessions.withLock { $0.exchange(token, at: .now, using: &generator) } : nil
        guard let secret else {
            return Self.message(
                403,
                "This link does not open the console",
                ["It was used, or is older than a minute. Run <code>lapwing console</code> for another."]
            )
        }
        // What the cookie replaces is worth nothing any more.
        if current != nil, let old = request.cookie(cookieName) { sessions.withLock { $0.end(old) } }
        var response = ConsoleResponse(Frame.welcome)
        response.headers = [
            ("set-cookie", "\(cookieName)=\(secret); Path=/; HttpOnly; SameSite=Strict")
        ]
        return response
    }

    /// What belongs to every page; nil for anything else.
    static func asset(_ path: ConsolePath) -> ConsoleResponse? {
        switch path {
        case .stylesheet: ConsoleResponse(contentType: "text/css; charset=utf-8", text: Stylesheet.text)
        case .script: ConsoleResponse(contentType: "text/javascript; charset=utf-8", text: Script.text)
        case .icon: ConsoleResponse(contentType: "image/svg+xml", text: Icon.file)
        default: nil
        }
    }

    private func session(of request: ConsoleRequest) -> ConsoleSessions<AdminCaller>.Session? {
        guard let secret = request.cookie(cookieName) else { return nil }
        return sessions.withLock { $0.use(secret, at: .now) }
    }

    func permits(_ caller: AdminCaller, _ action: AdminAction) -> Bool {
        process.running.withLock { $0.configuration.adminPolicy }.permits(caller, action)
    }

    /// Whether what a page reads can be read before long.
    private func hasRoom(for path: ConsolePath) -> Bool {
        guard case .audit = path else { return !work.isFull }
        return !search.isFull
    }

    /// What is said where too much is asked for at once.
    static var busy: ConsoleResponse {
        var response = message(503, "Too much at once", ["Too much is asked for at once. Reload in a moment."])
        response.headers = [("retry-after", "2")]
        return response
    }

    /// What is said where there is no page.
    static func message(_ status: Int, _ title: String, _ paragraphs: [HTML]) -> ConsoleResponse {
        ConsoleResponse(status: status, Frame.message(title, paragraphs))
    }

    // MARK: - Acts

    private func act(_ path: ConsolePath, _ viewer: Viewer, _ visit: Visit) async -> ConsoleResponse {
        switch path {
        case .leave: return visit.leave()
        case .acknowledge(let id): return await acknowledge(id, viewer)
        default: return Self.message(404, "Not here", ["There is no such page."])
        }
    }

    private func acknowledge(_ id: String, _ viewer: Viewer) async -> ConsoleResponse {
        guard viewer.mayAcknowledge else {
            acts.record(refused: .acknowledgeFinding, on: id, by: viewer.caller)
            return Self.message(403, "Not with your role", ["The role <code>operator</code> acknowledges findings."])
        }
        guard let finding = process.monitor.findings.first(where: { $0.id == id }) else {
            return Self.message(404, "Not here", ["There is no finding <code>\(id)</code>."])
        }
        guard case .open = finding.state else {
            return Self.message(409, "Not open", ["The finding <code>\(id)</code> is \(finding.state.name) already."])
        }
        do { try await acts.record(FindingAct.acknowledge.action, on: id, by: viewer.caller) } catch {
            return Self.message(503, "Not done", ["The act cannot be recorded, so that nothing has changed."])
        }
        // The monitor reads it from the log like everybody's.
        for _ in 0..<20 {
            guard case .open? = process.monitor.findings.first(where: { $0.id == id })?.state else {
                break
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return ConsoleResponse(to: .finding(id))
    }

    // MARK: - Live rows

    private func live(_ request: ConsoleRequest, _ viewer: Viewer, _ visit: Visit) -> ConsoleServer.Answer {
        guard viewer.mayReadRecords else {
            acts.record(refused: .readRecords, on: request.path, by: viewer.caller)
            return .whole(Self.message(403, "Not with your role", ["The role <code>auditor</code> reads records."]))
        }
        guard readers.enter(viewer.caller) else {
            return .whole(
                Self.message(503, "Too many readers", ["Two pages of yours are live already, or eight in all."])
            )
        }
        let after = (request.lastEvent ?? request.query["after"]).flatMap { UInt64($0) }
        let rows = ConsoleLive(after: after, feed: feed, process: process) { [self] in
            // A page that stays open is a session that is used; a role that is taken away ends it.
            visit.isOpen() && permits(viewer.caller, .readRecords)
        }
        return .events(next: { await rows.next() }, done: { [readers] in readers.leave(viewer.caller) })
    }
}

import CloudIdentity
import Foundation
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// The token files of a process or a pod: one for each cloud, with what the clouds' SDKs read beside them.
struct KeptTokens: Sendable {
    /// What the SDKs are told.
    let environment: [String: String]
    /// The variables by which they would find keys that last.
    let displaced: [String]

    private let files: [(file: TokenFile, first: JWTSVID)]

    /// Fetches a token for each cloud and writes it, and what belongs to it, to a directory.
    ///
    /// - Throws: ``CommandError``.
    init(_ options: CloudOptions, access: WorkloadAPIAccess, directory: String) async throws {
        let client = access.client
        var id = try options.id()
        if id == nil {
            // A first one tells who we are, so that every further one is of the same identity.
            do { id = try await client.fetchX509Context().defaultSVID.id } catch { throw access.reason(error) }
        }
        guard let id else { throw CommandError(.refused, "there is no identity for this process") }
        var environment: [String: String] = [:]
        var files: [(file: TokenFile, first: JWTSVID)] = []
        var displaced: [String] = []
        for target in try options.targets(for: id) {
            let path = "\(directory)/\(target.name).token"
            let file = TokenFile(path: path) {
                let svids = try await client.fetchJWTSVIDs(audiences: [target.audience], id: id)
                return svids[0]
            }
            do {
                files.append((file, try await file.renew()))
                let configuration = "\(directory)/\(target.name).json"
                if let text = target.configuration(tokenFile: path) { try PrivateFile.write(text, to: configuration) }
                environment.merge(target.environment(tokenFile: path, configurationFile: configuration)) { $1 }
            } catch let error as IdentityError where error.code == .badFile {
                throw CommandError(.unreachable, error.message)
            } catch {
                throw access.reason(error)
            }
            displaced += target.displacedVariables
        }
        self.environment = environment
        self.displaced = displaced
        self.files = files
    }

    /// Removes the tokens that were written here, and no file of anybody else's.
    func remove() {
        for (file, _) in files { try? FileManager.default.removeItem(atPath: file.path) }
    }

    /// Keeps every token fresh until the task is cancelled.
    func keepFresh() async {
        await withTaskGroup(of: Void.self) { group in
            for (file, first) in files {
                group.addTask { await file.keepFresh(after: first) { Self.report($0, file.path) } }
            }
        }
    }

    private static func report(_ event: TokenFile.Event, _ path: String) {
        switch event {
        case .renewed: break
        case .failed(let error, let until):
            StandardError.write(
                "lapwing: warning: `\(path)` was not renewed, and holds until \(until.formatted(.iso8601)): \(error)"
            )
        case .withdrawn(let error):
            StandardError.write(
                "lapwing: error: `\(path)` was taken away, since this process has no identity: \(error)"
            )
        }
    }

    /// Makes the directory, for us alone, where it is missing.
    ///
    /// - Throws: ``CommandError`` where it cannot be made, or others could read in it.
    static func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try PrivateFile.checkDirectory(path)
        } catch let error as IdentityError {
            throw CommandError(.refused, error.message)
        } catch {
            throw CommandError(.unreachable, "cannot make `\(path)`: \(SystemReason.of(error))")
        }
    }
}

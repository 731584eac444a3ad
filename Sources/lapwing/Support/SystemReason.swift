import Foundation
import Glibc
import NIOCore
import NIOPosix

/// What the system, or a library, says of a failure, in the words that people know.
enum SystemReason {
    /// Why something could not be done: `Address already in use`, `No such file or directory`.
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as IOError: return words(error.errnoCode)
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { of($0.error) } ?? "nothing of that name is known"
        // Of Foundation alone: every other error is described by itself.
        case let error where type(of: error) is NSError.Type || error is CocoaError: return of(error as NSError)
        default: return "\(error)"
        }
    }

    /// Whether the system said so, and not a module of ours.
    static func isSystem(_ error: any Error) -> Bool {
        error is IOError || error is CocoaError || error is POSIXError || type(of: error) is NSError.Type
    }

    /// That a place cannot be listened on, why, and what to do about it.
    static func cannotListen(on address: String, port: Int, _ error: any Error) -> String {
        let reason = of(error)
        let advice: String? =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: "`ss -ltnp sport = :\(port)` says by whom: stop it, or choose another port"
            case EADDRNOTAVAIL: "`ip address` lists the addresses of this machine"
            case EACCES: "ports below 1024 need root, or `CAP_NET_BIND_SERVICE`"
            default: nil
            }
        return (["cannot listen on \(address):\(port): \(reason)"] + [advice].compactMap(\.self)).joined(
            separator: "; "
        )
    }

    private static func words(_ code: Int32) -> String {
        // Sound: the text is copied before anything else can ask for one.
        unsafe String(cString: strerror(code))
    }

    private static func of(_ error: NSError) -> String {
        if error.domain == NSPOSIXErrorDomain { return words(Int32(truncatingIfNeeded: error.code)) }
        // What the system said is kept in one of two types.
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error {
            let cause = cause as NSError
            if cause.domain == NSPOSIXErrorDomain { return words(Int32(truncatingIfNeeded: cause.code)) }
        }
        return error.localizedFailureReason ?? error.localizedDescription
    }
}

import Monitoring

/// Whether alerts can go out: a route whose secret is not there is tried for more than a day, and nobody is told.
enum AlertChecks {
    static func all(_ configuration: Configuration) -> [DoctorFinding] {
        configuration.alertRoutes.compactMap { route in
            let check = "AlertRoute \(route.name)"
            switch route.receiver {
            case .alertmanager: return nil
            case .webhook(_, let file):
                return finding(
                    check,
                    file,
                    "the secret by which its alerts are signed",
                    mend: "`(umask 077; openssl rand -hex 32 > \(file))`, give the file to the gateway's user, and the "
                        + "secret to the receiver"
                )
            case .slack(let file):
                return finding(
                    check,
                    file,
                    "the URL of its webhook",
                    mend: "put the URL there that Slack gives an incoming webhook, for the gateway's user alone"
                )
            }
        }
    }

    private static func finding(_ check: String, _ file: String, _ what: String, mend: String) -> DoctorFinding {
        guard AlertSender.secret(file) == nil else { return DoctorFinding(.fine, check, "\(what) is in `\(file)`") }
        return DoctorFinding(
            .fault,
            check,
            "\(what) cannot be read from `\(file)`, or is not there; no alert goes out",
            mend: mend
        )
    }
}

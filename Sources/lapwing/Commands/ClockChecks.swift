import Foundation
import WorkloadIdentity

/// Whether the clock of this machine can be right.
enum ClockChecks {
    /// How far the clock may be behind what was seen: it is set right in small steps.
    private static let tolerance: TimeInterval = 5

    static func all(_ settings: Settings, now: Date = .now) -> [DoctorFinding] {
        // This program was made after this moment.
        let made = Date(timeIntervalSince1970: 1_790_000_000)
        guard now > made else {
            return [
                .init(
                    .fault,
                    "clock",
                    "it says \(now.formatted(.iso8601)), which is before this program was made",
                    mend: "`timedatectl set-ntp true`; certificates cannot be judged by a wrong clock"
                )
            ]
        }
        let floors = [settings.authorityDirectory, settings.monitorDirectory].map { $0 + "/clock.floor" }
        // What is not ours to read is told of with the directory.
        let behind = floors.filter { FileManager.default.isReadableFile(atPath: $0) }.compactMap { file in
            finding(file, floors, now)
        }
        return behind.isEmpty ? [.init(.fine, "clock", now.formatted(.iso8601))] : behind
    }

    private static func finding(_ file: String, _ floors: [String], _ now: Date) -> DoctorFinding? {
        let seen: Date
        do { seen = try ClockFloor.kept(file) } catch {
            return .init(.fault, "clock", error.message, mend: "stop Lapwing, `rm \(file)`, and start it")
        }
        guard now < seen - tolerance else { return nil }
        return .init(
            .fault,
            "clock",
            "it says \(now.formatted(.iso8601)), and \(seen.formatted(.iso8601)) was seen before (`\(file)`), by which "
                + "Lapwing goes on: what it issues now is not valid yet for others",
            mend: "set the clock right; where it is right now and was not then, stop Lapwing, `rm "
                + "\(floors.joined(separator: " "))`, and start it"
        )
    }
}

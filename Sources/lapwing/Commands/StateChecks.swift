import Foundation
import Storage
import WorkloadIdentity

/// Whether this program can go on with what an earlier one, or a later one, left in the state directory.
enum StateChecks {
    static func all(_ settings: Settings) -> [DoctorFinding] {
        let databases: [(path: String, schema: SQLiteDatabase.Schema)] = [
            (settings.authorityDirectory + "/authority.sqlite", .authority),
            (settings.authorityDirectory + "/" + AuthorityBackup.standing, .standing),
            (settings.registryDirectory + "/registry.sqlite", .registry),
        ]
        // What is not ours to read is told of with the directory.
        return databases.filter { FileManager.default.isReadableFile(atPath: $0.path) }.map(finding)
    }

    private static func finding(_ path: String, _ schema: SQLiteDatabase.Schema) -> DoctorFinding {
        let name = "database \((path as NSString).lastPathComponent)"
        do {
            let missing = try SQLiteDatabase.inspect(path, schema: schema)
            guard missing > 0 else { return .init(.fine, name, "whole, and as \(Version.current) makes it") }
            return .init(
                .doubt,
                name,
                "of an earlier Lapwing; the next start brings it forward, and an earlier one does not open it any more",
                mend: "`lapwing backup` first, so that there is a way back"
            )
        } catch {
            let cause = error.cause.map { ": \($0)" } ?? ""
            return .init(
                .fault,
                name,
                error.message + cause,
                mend: "where a newer Lapwing wrote it, run that one; where it is damaged, put a copy in its place "
                    + "(`lapwing restore` for what is the authority's)"
            )
        }
    }
}

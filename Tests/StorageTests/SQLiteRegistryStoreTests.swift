import GRDB
import Registry
import Storage
import Testing

@Suite(.timeLimit(.minutes(5))) struct SQLiteRegistryStoreTests {
    @Test(arguments: RegistryStoreConformance.rules.indices)
    func `it keeps every rule of a registry's store`(_ index: Int) async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/registry.db", schema: .registry)
        let rule = RegistryStoreConformance.rules[index]
        try await rule.check(try RegistryStoreConformance(SQLiteRegistryStore(database)))
        try database.close()
    }

    @Test func `a row that does not decode is an error and not an absence`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/registry.db"
        let database = try SQLiteDatabase(path: path, schema: .registry)
        let suite = try RegistryStoreConformance(SQLiteRegistryStore(database))
        _ = try await suite.store.put(suite.manifest("m"), moving: [try suite.move("v1", nil, "m")])
        let queue = try DatabaseQueue(path: path)
        try await queue.write {
            try $0.execute(sql: "PRAGMA foreign_keys = OFF")
            try $0.execute(sql: "UPDATE tag_move SET record = 'x'")
        }
        try queue.close()
        await suite.expect(.damaged) { _ = try await suite.store.history(of: nil, in: suite.one) }
        try database.close()
    }
}

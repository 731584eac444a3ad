extension AttackCheck {
    /// Attacks on the hardened model, with the things that have to go on working.
    static let attacks: [AttackCheck] = stolen + escalation + code + labels + controls + catalog

    private static let secrets = "SELECT id FROM lake.records WHERE dataset = 'prod'"

    /// Reading with a lie or past the policies.
    private static let stolen: [AttackCheck] = [
        .init("C01", "c_training", .empty, "SELECT id FROM training.examples", certificate: "liar"),
        .init("C02", "c_training", .empty, "SELECT id FROM lake.records WHERE dataset <> 'train'"),
        .init("C03", "c_inference", .empty, "SELECT id FROM lake.records"),
        .init("C04", "c_training", .refused, "SET row_security = off; SELECT id FROM lake.records"),
        .init("C14", "c_training", .empty, "SELECT id FROM lake.records WHERE id > 400 AND 1 / (id - id) > 0"),
        .init("C15", "c_training", .empty, "SELECT id FROM lake.records WHERE id > 400 AND payload::int > 0"),
        .init("C20", "c_training", .empty, "SELECT * FROM pg_stats WHERE schemaname = 'production'"),
        .init("C21", "c_training", .refused, "SELECT * FROM pg_statistic"),
        .init("C22", "c_training", .refused, "SELECT * FROM pg_authid"),
        .init("C23", "c_training", .refused, "SELECT * FROM lapwing.component"),
        .init("C24", "c_featurepipe", .refused, "SELECT email FROM production.user_events"),
        .init("C25", "c_featurepipe", .refused, "SELECT e FROM production.user_events AS e"),
        .init("C26", "c_featurepipe", .refused, "SELECT id FROM production.user_events WHERE email LIKE 'user1%'"),
        .init("C39", "c_training", .empty, "SELECT id FROM lake.records WHERE ctid = '(4,1)' AND dataset <> 'train'"),
        .init(
            "C40",
            "c_training",
            .empty,
            "SELECT id FROM lake.records TABLESAMPLE SYSTEM (100) WHERE dataset <> 'train'"
        ),
        .init(
            "C47",
            "c_training",
            .empty,
            "SELECT query FROM pg_stat_activity WHERE usename <> SESSION_USER AND query <> '<insufficient privilege>'"
        ),
        .init("C56", "c_training", .rows, "COPY lake.records TO STDOUT"),
    ]

    /// Becoming somebody else, or changing what holds.
    private static let escalation: [AttackCheck] = [
        .init("C05", "c_training", .refused, "SET ROLE lapwing_owner"),
        .init("C06", "c_training", .refused, "SET SESSION AUTHORIZATION c_ingest"),
        .init("C07", "c_training", .refused, "ALTER TABLE lake.records DISABLE ROW LEVEL SECURITY"),
        .init("C08", "c_dataprep", .refused, "DROP POLICY lapwing_identity ON lake.records"),
        .init("C09a", "c_training", .refused, "TRUNCATE training.examples"),
        .init("C09b", "c_dataprep", .refused, "TRUNCATE training.examples"),
        .init("C09c", "c_ingest", .refused, "TRUNCATE production.user_events"),
        .init("C09d", "c_featurepipe", .refused, "TRUNCATE feature_store.features"),
        .init("C37", "c_training", .refused, "SELECT id FROM lake.records FOR UPDATE"),
        .init("C41", "c_training", .refused, "CREATE SCHEMA mine"),
        .init("C42", "c_training", .refused, "CREATE EXTENSION dblink"),
        .init("C43", "c_training", .refused, "GRANT c_ingest TO c_training"),
        .init("C44", "c_training", .refused, "CREATE PUBLICATION p FOR TABLE lake.records"),
        .init("C45", "c_training", .refused, "SELECT pg_create_logical_replication_slot('s', 'test_decoding')"),
        .init(
            "C46",
            "c_training",
            .refused,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'c_ingest'"
        ),
        .init("C51", "c_training", .refused, "LOCK TABLE training.examples IN ACCESS EXCLUSIVE MODE"),
        .init("C53", "c_training", .refused, "ALTER SYSTEM SET work_mem = '1GB'", alone: true),
        .init("C54", "c_training", .done, "ALTER ROLE c_training PASSWORD 'mine'"),
        .init("C55", "c_training", .done, "ALTER ROLE c_training SET work_mem = '1MB'"),
    ]

    /// Code and objects of one's own.
    private static let code: [AttackCheck] = [
        .init(
            "C10",
            "c_dataprep",
            .refused,
            "CREATE TABLE training.oracle (id int REFERENCES production.user_events (id))"
        ),
        .init("C11", "c_training", .refused, "CREATE TEMP TABLE t (id int)"),
        .init("C12", "c_training", .refused, leaky("training.leak")),
        .init("C13", "c_training", .refused, leaky("pg_temp.leak")),
        .init("C16", "c_training", .refused, "COPY training.examples TO PROGRAM 'cat'"),
        .init("C17", "c_training", .refused, "SELECT pg_read_file('/etc/passwd')"),
        .init("C18", "c_training", .refused, "SELECT lo_import('/etc/passwd')"),
        .init("C19", "c_training", .refused, "SELECT lo_from_bytea(0, 'kept')"),
        .init("C38", "c_inference", .refused, "SELECT nextval('lake.records_seq')"),
        .init("C48", "c_training", .refused, "SELECT * FROM lapwing.ssl_extension_info()"),
        .init(
            "C49",
            "c_training",
            .refused,
            "CREATE TRIGGER t BEFORE INSERT ON lake.records EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()"
        ),
        .init("C50", "c_training", .refused, "CREATE RULE r AS ON INSERT TO lake.records DO INSTEAD NOTHING"),
        .init("C52", "c_training", .refused, "DO LANGUAGE plpgsql 'BEGIN PERFORM 1; END'"),
        .init("C60", "c_training", .refused, "SELECT pg_notify('channel', 'word')"),
    ]

    private static func leaky(_ name: String) -> String {
        "CREATE FUNCTION \(name)(text) RETURNS boolean LANGUAGE sql COST 0.001 AS 'SELECT true'"
    }

    /// Writing what is another's, or labelling one's own for more than was declared.
    private static let labels: [AttackCheck] = [
        .init("C27", "c_featurepipe", .refused, insert(70_010, "feat", "{features}", "confidential", "c_ingest")),
        .init(
            "C28",
            "c_dataprep",
            .refused,
            "UPDATE lake.records SET producer = 'c_training' WHERE producer = 'c_dataprep'"
        ),
        .init("C29", "c_ingest", .empty, "UPDATE lake.records SET payload = 'x' WHERE producer <> 'c_ingest'"),
        .init("C30", "c_ingest", .empty, "DELETE FROM lake.records WHERE producer <> 'c_ingest'"),
        .init(
            "C31",
            "c_dataprep",
            .refused,
            insert(401, "train", "{training}", "internal", "c_dataprep")
                + " ON CONFLICT (id) DO UPDATE SET payload = 'taken'"
        ),
        .init(
            "C32",
            "c_dataprep",
            .empty,
            "MERGE INTO lake.records AS r USING (VALUES (401)) AS v (id) ON r.id = v.id "
                + "WHEN MATCHED THEN UPDATE SET payload = 'taken'"
        ),
        // The key is refused for being there: this is the residual channel S09 seen from its other side.
        .init(
            "C33",
            "c_dataprep",
            .refused,
            insert(401, "train", "{training}", "internal", "c_dataprep"),
            states: ["23505"]
        ),
        .init("C34", "c_dataprep", .refused, insert(70_011, "train", "{training,inference}", "internal", "c_dataprep")),
        .init("C35", "c_dataprep", .refused, "UPDATE lake.records SET purposes = '{inference}' WHERE id = 1"),
        .init("C36", "c_dataprep", .refused, "UPDATE lake.records SET classification = 'public' WHERE id = 1"),
        .init("C61", "c_dataprep", .refused, insert(70_012, "feat", "{inference}", "confidential", "c_dataprep")),
        .init("C62", "c_dataprep", .refused, insert(70_013, "prod", "{ingest}", "pii", "c_dataprep")),
    ]

    private static func insert(_ id: Int, _ dataset: String, _ purposes: String, _ level: String, _ producer: String)
        -> String
    {
        "INSERT INTO lake.records VALUES (\(id), '\(dataset)', '\(purposes)', '\(level)', 'x', '\(producer)')"
    }

    /// What has to work, or the model would hold by refusing everything.
    private static let controls: [AttackCheck] = [
        .init(
            "P0",
            "c_dataprep",
            .rows,
            "INSERT INTO lake.records VALUES (70001, 'train', '{training,dataprep}', 'internal', 'x')"
        ),
        .init("P1", "c_ingest", .rows, "INSERT INTO lake.records VALUES (70002, 'prod', '{ingest}', 'pii', 'x')"),
        .init("P2", "c_dataprep", .rows, "UPDATE lake.records SET payload = payload WHERE producer = 'c_dataprep'"),
        .init("P3", "c_ingest", .rows, "DELETE FROM lake.records"),
        .init("P4", "c_training", .rows, "SELECT id FROM lake.records"),
        .init("P5", "c_evaluation", .rows, "SELECT id FROM lake.records"),
        .init("P6", "c_dataprep", .rows, "SELECT id FROM lake.records"),
    ]

    /// Further ways to the same ends, which no list named.
    private static let catalog: [AttackCheck] = [
        .init("X01", "c_training", .refused, "SET ROLE c_ingest"),
        .init("X02", "c_training", .refused, "ALTER ROLE c_training SUPERUSER"),
        .init("X03", "c_training", .refused, "ALTER ROLE c_training BYPASSRLS"),
        .init("X04", "c_training", .refused, "CREATE POLICY p ON lake.records FOR SELECT USING (true)"),
        .init("X05", "c_training", .refused, "UPDATE lapwing.component SET spiffe_id = 'spiffe://cluster.local/x'"),
        .init("X06", "c_training", .refused, "SELECT lapwing.certified()"),
        .init("X07", "c_training", .refused, "SELECT * FROM lapwing.history"),
        .init("X08", "c_training", .refused, "SELECT pg_logical_emit_message(true, 'p', 'kept outside every table')"),
        .init("X09", "c_dataprep", .refused, insert(70_014, "train", "{}", "internal", "c_dataprep")),
        .init("X10", "c_dataprep", .refused, insert(70_015, "train", "{training,NULL}", "internal", "c_dataprep")),
        .init("X11", "c_dataprep", .refused, insert(70_016, "none", "{training}", "internal", "c_dataprep")),
        .init("X12", "c_dataprep", .rows, insert(70_017, "train", "{training}", "pii", "c_dataprep")),
        .init("X13", "c_dataprep", .refused, "UPDATE lake.records SET dataset = 'test' WHERE id = 1"),
        .init("X14", "c_training", .empty, secrets + " OR payload ~ 'secret'"),
        .init("X15", "c_training", .refused, "CREATE TABLE lake.copy AS SELECT * FROM lake.records"),
        .init("X16", "c_training", .refused, "REFRESH MATERIALIZED VIEW lake.records", states: ["42501", "42809"]),
        .init("X17", "c_evaluation", .refused, "UPDATE eval.results SET score = 1"),
        .init("X18", "c_evaluation", .refused, "DELETE FROM eval.results"),
        .init("X19", "c_training", .refused, "SET lapwing.role = 'c_ingest'; SELECT id FROM production.user_events"),
        .init(
            "X20",
            "c_training",
            .refused,
            "SELECT query_to_xml('SELECT * FROM production.user_events', true, true, '')"
        ),
        .init("X21", "c_training", .refused, "COMMENT ON TABLE lake.records IS 'kept'"),
        .init(
            "X22",
            "c_training",
            .refused,
            "ALTER DEFAULT PRIVILEGES FOR ROLE lapwing_owner GRANT SELECT ON TABLES TO c_training"
        ),
        .init("X23", "c_training", .refused, "REASSIGN OWNED BY lapwing_owner TO c_training"),
        .init("X24", "c_training", .refused, "CREATE STATISTICS lake.s ON dataset, producer FROM lake.records"),
        .init("X25", "c_training", .refused, "SELECT set_config('role', 'c_ingest', false)"),
        .init("X26", "c_training", .refused, "SELECT set_config('session_authorization', 'c_ingest', false)"),
        .init("X27", "c_training", .refused, "SET session_replication_role = replica"),
        .init("X28", "c_training", .refused, "ALTER ROLE c_ingest PASSWORD 'mine'"),
        .init("X29", "c_training", .refused, "CREATE ROLE mine"),
        .init("X30", "c_training", .refused, "ALTER DATABASE ml SET row_security = off"),
        .init("X31", "c_training", .refused, "SELECT pg_reload_conf()"),
        .init("X32", "c_training", .refused, "SELECT pg_ls_dir('.')"),
        .init("X33", "c_training", .refused, "CREATE FOREIGN DATA WRAPPER w"),
        .init(
            "X34",
            "c_training",
            .refused,
            "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION pg_catalog.pg_event_trigger_ddl_commands()"
        ),
        .init("X35", "c_featurepipe", .refused, "SELECT row_to_json(e) FROM production.user_events AS e"),
        .init("X36", "c_featurepipe", .refused, "COPY production.user_events TO STDOUT"),
        .init("X37", "c_featurepipe", .rows, "COPY production.user_events (id, amount) TO STDOUT"),
        .init("X38", "c_dataprep", .empty, "UPDATE lake.records SET producer = 'c_dataprep' WHERE dataset = 'prod'"),
        .init(
            "X39",
            "c_ingest",
            .refused,
            "INSERT INTO lake.records SELECT id + 80000, dataset, '{training}', classification, payload FROM lake.records"
        ),
        .init(
            "X40",
            "c_evaluation",
            .refused,
            "INSERT INTO eval.results VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET score = 0"
        ),
    ]

    /// What stays open, and what beside it does not.
    static let sideChannels: [AttackCheck] = [
        .init(
            "S03",
            "c_training",
            .refused,
            "SELECT reltuples FROM pg_class WHERE oid = 'production.user_events'::regclass"
        ),
        .init(
            "S04",
            "c_training",
            .rows,
            "SELECT reltuples FROM pg_class WHERE relname = 'user_events' AND reltuples = 100"
        ),
        .init("S05", "c_training", .rows, "SELECT * FROM pg_policies WHERE schemaname = 'production'"),
        .init(
            "S06",
            "c_training",
            .rows,
            "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'user_events'"
        ),
        .init("S07", "c_training", .done, "NOTIFY channel, 'word'"),
        .init("S08", "c_training", .done, "SELECT pg_advisory_xact_lock(42)"),
        .init(
            "S09",
            "c_dataprep",
            .empty,
            "INSERT INTO lake.records VALUES (401, 'train', '{training}', 'internal', 'x') ON CONFLICT DO NOTHING"
        ),
        .init(
            "S10",
            "c_training",
            .rows,
            "SELECT 1 FROM pg_class WHERE relname = 'user_events' AND pg_relation_size(oid) > 0"
        ),
    ]
}

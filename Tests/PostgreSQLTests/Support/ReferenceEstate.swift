import DataAccess
import Resources

/// The estate of the reference scenario, and a table that several of its datasets share.
enum ReferenceEstate {
    static let yaml = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: reference, trustDomain: cluster.local}
        purposes: {training: {}, inference: {}, evaluation: {}, features: {}, dataprep: {}, ingest: {}}
        classifications: [public, internal, confidential, pii]
        components:
          api-gateway: {identity: {k8s: ml-api/api-gateway}, purpose: inference}
          inference: {identity: {k8s: ml-inference/inference-service}, purpose: inference, maxClassification: confidential}
          model-registry: {identity: {k8s: ml-registry/registry}, purpose: inference}
          training: {identity: {k8s: ml-training/training}, purpose: training, maxClassification: confidential}
          evaluation: {identity: {k8s: ml-eval/evaluation}, purpose: evaluation, maxClassification: internal}
          featurepipe: {identity: {k8s: ml-features/featurepipe}, purpose: features, maxClassification: pii}
          dataprep: {identity: {k8s: ml-training/dataprep}, purpose: dataprep, maxClassification: pii}
          ingest: {identity: {k8s: prod/ingest}, purpose: ingest, maxClassification: pii}
        datasets:
          production:
            producer: ingest
            classification: pii
            purposes: [ingest]
            derivable: [features, dataprep]
            stores:
            - postgres:
                db: ml
                table: production.user_events
                columnsFor: {features: [id, user_id, amount], dataprep: [id, amount]}
          training-data:
            producer: dataprep
            classification: confidential
            purposes: [training, dataprep]
            stores: [{postgres: {db: ml, table: training.examples}}]
          test-data:
            producer: dataprep
            classification: internal
            purposes: [evaluation, dataprep]
            stores: [{postgres: {db: ml, table: eval.testset}}]
          features:
            producer: featurepipe
            classification: confidential
            purposes: [inference, features]
            stores: [{postgres: {db: ml, table: feature_store.features}}]
          eval-results:
            producer: evaluation
            classification: internal
            purposes: [evaluation]
            stores: [{postgres: {db: ml, table: eval.results, mode: append}}]
          train:
            producer: dataprep
            classification: internal
            purposes: [training, dataprep]
            stores: [{postgres: {db: ml, table: lake.records, shared: true}}]
          test:
            producer: dataprep
            classification: internal
            purposes: [evaluation, dataprep]
            stores: [{postgres: {db: ml, table: lake.records, shared: true}}]
          prod:
            producer: ingest
            classification: pii
            purposes: [ingest]
            derivable: [features, dataprep]
            stores: [{postgres: {db: ml, table: lake.records, shared: true}}]
          feat:
            producer: featurepipe
            classification: confidential
            purposes: [inference, features]
            stores: [{postgres: {db: ml, table: lake.records, shared: true}}]
        """

    static func model() throws -> PostgreSQLModel {
        try PostgreSQLModel(try estate(yaml), database: "ml")
    }

    static func estate(_ yaml: String) throws -> Estate {
        let estates = try Estate.load(try ResourceLoader.parse(yaml: yaml, file: "estate.yaml"))
        guard let estate = estates.first else { throw PostgreSQLModelError(.notFound, "no estate") }
        return estate
    }

    /// The tables with their rows, as migrations of the user's own make them.
    static let tables = """
        CREATE SCHEMA production; CREATE SCHEMA training; CREATE SCHEMA eval; CREATE SCHEMA feature_store;
        CREATE SCHEMA lake;
        CREATE TABLE production.user_events (id int PRIMARY KEY, user_id int, amount numeric, email text);
        INSERT INTO production.user_events SELECT i, i % 50, i, 'user' || i || '@example.com' FROM generate_series(1, 100) i;
        CREATE TABLE training.examples (id int PRIMARY KEY, text text);
        INSERT INTO training.examples SELECT i, 'example ' || i FROM generate_series(1, 100) i;
        CREATE TABLE eval.testset (id int PRIMARY KEY, text text);
        INSERT INTO eval.testset SELECT i, 'case ' || i FROM generate_series(1, 100) i;
        CREATE TABLE feature_store.features (id int PRIMARY KEY, value numeric);
        INSERT INTO feature_store.features SELECT i, i FROM generate_series(1, 100) i;
        CREATE TABLE eval.results (id int PRIMARY KEY, score numeric);
        INSERT INTO eval.results SELECT i, i FROM generate_series(1, 100) i;
        CREATE TABLE lake.records (id int PRIMARY KEY, dataset text NOT NULL, purposes text[] NOT NULL,
          classification text NOT NULL, payload text, producer name NOT NULL DEFAULT SESSION_USER);
        INSERT INTO lake.records SELECT i, 'train', '{training,dataprep}', 'internal', 'train ' || i, 'c_dataprep'
          FROM generate_series(1, 300) i;
        INSERT INTO lake.records SELECT i, 'test', '{evaluation,dataprep}', 'internal', 'test ' || i, 'c_dataprep'
          FROM generate_series(301, 400) i;
        INSERT INTO lake.records SELECT i, 'prod', '{ingest}', 'pii', 'secret ' || i, 'c_ingest'
          FROM generate_series(401, 600) i;
        INSERT INTO lake.records SELECT i, 'feat', '{features}', 'confidential', 'feature ' || i, 'c_featurepipe'
          FROM generate_series(601, 650) i;
        CREATE SEQUENCE lake.records_seq; ANALYZE;
        """
}

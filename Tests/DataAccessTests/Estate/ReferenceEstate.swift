/// The estate of the reference scenario: an ML platform in a cluster, with data in S3 and in PostgreSQL.
enum ReferenceEstate {
    static let yaml = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: reference, trustDomain: cluster.local}
        purposes: {training: {}, inference: {}, evaluation: {}, features: {}, dataprep: {}, ingest: {}}
        classifications: [public, internal, confidential, pii]
        components:
          api-gateway: {identity: {k8s: ml-api/api-gateway}, purpose: inference, exposes: []}
          inference:
            identity: {k8s: ml-inference/inference-service}
            purpose: inference
            maxClassification: confidential
            exposes: [{name: predict, port: 8443, http: [{methods: [POST], paths: [/v1/predict, /v1/stream]}]}]
          model-registry:
            identity: {k8s: ml-registry/registry}
            purpose: inference
            exposes:
            - {name: read, port: 8443, http: [{methods: [GET], paths: [/v2/*]}]}
            - {name: publish, port: 8443, http: [{methods: [PUT], paths: [/v2/*]}]}
          training: {identity: {k8s: ml-training/training, aws: {role: ml-training}}, purpose: training, maxClassification: confidential}
          evaluation: {identity: {k8s: ml-eval/evaluation, aws: {role: ml-eval}}, purpose: evaluation, maxClassification: internal}
          featurepipe: {identity: {k8s: ml-features/featurepipe, aws: {role: ml-features}}, purpose: features, maxClassification: pii}
          dataprep: {identity: {k8s: ml-training/dataprep, aws: {role: ml-dataprep}}, purpose: dataprep, maxClassification: pii}
          ingest: {identity: {k8s: prod/ingest, aws: {role: prod-ingest}}, purpose: ingest, maxClassification: pii}
        datasets:
          production:
            producer: ingest
            classification: pii
            purposes: [ingest]
            derivable: [features, dataprep]
            stores:
            - {s3: prod-events, prefix: ""}
            - {postgres: {db: ml, table: production.user_events, columnsFor: {features: [id, user_id, amount], dataprep: [id, amount]}}}
          training-data:
            producer: dataprep
            classification: confidential
            purposes: [training, dataprep]
            stores: [{s3: ml-training-data}, {postgres: {db: ml, table: training.examples}}]
          test-data: {producer: dataprep, classification: internal, purposes: [evaluation, dataprep], stores: [{postgres: {db: ml, table: eval.testset}}]}
          features: {producer: featurepipe, classification: confidential, purposes: [inference, features], stores: [{postgres: {db: ml, table: feature_store.features}}]}
          eval-results: {producer: evaluation, classification: internal, purposes: [evaluation], stores: [{postgres: {db: ml, table: eval.results, mode: append}}]}
          models: {producer: training, classification: confidential, purposes: [inference, training, evaluation], stores: [{s3: ml-models}], signed: required}
        calls:
        - {from: api-gateway, to: inference, api: predict}
        - {from: inference, to: model-registry, api: read}
        - {from: training, to: model-registry, api: publish}
        enforcement:
          aws: {account: "123456789012", region: eu-west-1}
          postgres: {ml: {host: pg.data.svc, version: 15, auth: cert-dn}}
        """
}

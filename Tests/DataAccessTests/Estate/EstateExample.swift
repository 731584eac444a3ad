import DataAccess
import Resources

/// An estate that has one of everything.
enum EstateExample {
    static let yaml = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: shop, trustDomain: shop.example}
        defaults: {ingress: deny, egress: deny, data: deny, internet: deny, credentialTTL: 15m}
        purposes:
          research: {below: [training]}
          training: {}
          serving: {description: answers customers}
          intake: {}
        classifications: [public, internal, secret]
        components:
          front: {identity: {k8s: web/front}, purpose: serving}
          scorer:
            identity: {k8s: ml/scorer, aws: {role: scorer}}
            purpose: serving
            maxClassification: internal
            exposes: [{name: score, port: 8443, http: [{methods: [POST], paths: [/score]}]}]
          trainer: {identity: {k8s: ml/trainer, aws: {role: trainer}}, purpose: training, maxClassification: internal}
          cleaner: {identity: {k8s: ml/cleaner, aws: {role: cleaner}}, purpose: research, maxClassification: secret}
          intake:
            identity: {spiffe: "spiffe://shop.example/vm/intake", aws: {role: intake, account: "210987654321"}}
            purpose: intake
            maxClassification: secret
            egress: [{host: partner.example.com, port: 8443}]
        datasets:
          orders:
            producer: intake
            classification: secret
            purposes: [intake]
            derivable: [research]
            stores:
            - {s3: shop-orders, prefix: raw/}
            - {postgres: {db: shop, table: raw.orders, columnsFor: {research: [id, amount]}}}
          examples: {producer: cleaner, classification: internal, purposes: [research], stores: [{s3: shop-ml, prefix: examples/}]}
          weights: {producer: trainer, classification: internal, purposes: [serving, training], stores: [{s3: shop-ml, prefix: weights/}], signed: required}
          scores: {producer: scorer, classification: internal, purposes: [serving], stores: [{postgres: {db: shop, table: out.scores, mode: append}}]}
        models:
          ranker: {dataset: weights, prefix: ranker/, trainedOn: [examples], servedBy: [scorer]}
        calls:
        - {from: front, to: scorer, api: score}
        invariants:
        - {id: A, never: {component: trainer, read: {dataset: orders}}}
        - {id: B, never: {component: "*", write: {datasetNotProducedBySelf: true}}}
        - {id: C, never: {component: scorer, reach: internet}}
        - {id: D, never: {component: front, call: {not: [scorer.score]}, except: {read: scores}}}
        - {id: E, never: {flow: {from: {classification: secret}, to: {component: scorer}, through: undeclared-derivation}}}
        - {id: F, never: {component: [front, scorer], read: {classification: secret}}}
        enforcement:
          k8s: {networkPolicy: true, istio: {mode: sidecar}}
          aws: {account: "123456789012", region: eu-west-1}
          postgres: {shop: {host: pg.shop.svc, version: 15, auth: cert-dn}}
          envoy: {extAuthz: true}
        """

    static func load(_ yaml: String = yaml) throws -> Estate {
        let documents = try ResourceLoader.parse(yaml: yaml, file: "estate.yaml")
        return try Estate(documents[0])
    }
}

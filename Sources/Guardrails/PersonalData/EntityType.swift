/// The kinds of personal data, by the names that Presidio's users know, and Brazil's in their manner.
///
/// Which of them a recogniser stands behind, and how sure it is, `Documentation/guardrails.md` tells: those with a
/// check digit are found by it, those without need a word beside them that says what they are, and names of people,
/// places, organisations and groups are told by the tagger.
public enum EntityType: String, CaseIterable, Sendable, Hashable, Codable {
    // Everywhere.
    case creditCard = "CREDIT_CARD"
    case crypto = "CRYPTO"
    case dateTime = "DATE_TIME"
    case emailAddress = "EMAIL_ADDRESS"
    case iban = "IBAN_CODE"
    case ipAddress = "IP_ADDRESS"
    case macAddress = "MAC_ADDRESS"
    case medicalLicense = "MEDICAL_LICENSE"
    case phoneNumber = "PHONE_NUMBER"
    case url = "URL"
    case uuid = "UUID"
    case person = "PERSON"
    case location = "LOCATION"
    case organization = "ORGANIZATION"
    case nrp = "NRP"
    // Australia.
    case auABN = "AU_ABN"
    case auACN = "AU_ACN"
    case auMedicare = "AU_MEDICARE"
    case auTFN = "AU_TFN"
    // Brazil.
    case brCNPJ = "BR_CNPJ"
    case brCPF = "BR_CPF"
    // Canada.
    case caPostalCode = "CA_POSTAL_CODE"
    case caSIN = "CA_SIN"
    // Germany.
    case deBSNR = "DE_BSNR"
    case deDrivingLicence = "DE_FUEHRERSCHEIN"
    case deCommercialRegister = "DE_HANDELSREGISTER"
    case deHealthInsurance = "DE_HEALTH_INSURANCE"
    case deIDCard = "DE_ID_CARD"
    case deNumberPlate = "DE_KFZ"
    case deLANR = "DE_LANR"
    case dePassport = "DE_PASSPORT"
    case dePostalCode = "DE_PLZ"
    case deSocialSecurity = "DE_SOCIAL_SECURITY"
    case deTaxID = "DE_TAX_ID"
    case deTaxNumber = "DE_TAX_NUMBER"
    case deVATID = "DE_VAT_ID"
    // Spain.
    case esNIE = "ES_NIE"
    case esNIF = "ES_NIF"
    case esPassport = "ES_PASSPORT"
    // Finland.
    case fiPersonalIdentityCode = "FI_PERSONAL_IDENTITY_CODE"
    // India.
    case inAadhaar = "IN_AADHAAR"
    case inGSTIN = "IN_GSTIN"
    case inPAN = "IN_PAN"
    case inPassport = "IN_PASSPORT"
    case inVehicleRegistration = "IN_VEHICLE_REGISTRATION"
    case inVoter = "IN_VOTER"
    // Italy.
    case itDriverLicense = "IT_DRIVER_LICENSE"
    case itFiscalCode = "IT_FISCAL_CODE"
    case itIdentityCard = "IT_IDENTITY_CARD"
    case itPassport = "IT_PASSPORT"
    case itVATCode = "IT_VAT_CODE"
    // Korea.
    case krBRN = "KR_BRN"
    case krDriverLicense = "KR_DRIVER_LICENSE"
    case krFRN = "KR_FRN"
    case krPassport = "KR_PASSPORT"
    case krRRN = "KR_RRN"
    // Nigeria.
    case ngNIN = "NG_NIN"
    case ngVehicleRegistration = "NG_VEHICLE_REGISTRATION"
    // The Philippines.
    case phPassport = "PH_PASSPORT"
    case phTIN = "PH_TIN"
    case phUMID = "PH_UMID"
    // Poland.
    case plPESEL = "PL_PESEL"
    // Sweden.
    case seOrganisationNumber = "SE_ORGANISATIONSNUMMER"
    case sePersonalNumber = "SE_PERSONNUMMER"
    // Singapore.
    case sgNRICFIN = "SG_NRIC_FIN"
    case sgUEN = "SG_UEN"
    // Thailand.
    case thTNIN = "TH_TNIN"
    // Turkey.
    case trLicensePlate = "TR_LICENSE_PLATE"
    case trNationalID = "TR_NATIONAL_ID"
    // The United Kingdom.
    case ukDrivingLicence = "UK_DRIVING_LICENCE"
    case ukNHS = "UK_NHS"
    case ukNINO = "UK_NINO"
    case ukPassport = "UK_PASSPORT"
    case ukPostcode = "UK_POSTCODE"
    case ukVehicleRegistration = "UK_VEHICLE_REGISTRATION"
    // The United States.
    case abaRoutingNumber = "ABA_ROUTING_NUMBER"
    case usBankNumber = "US_BANK_NUMBER"
    case usClaimNumber = "US_CLAIM_NUMBER"
    case usDriverLicense = "US_DRIVER_LICENSE"
    case usHealthInsuranceMemberID = "US_HEALTH_INSURANCE_MEMBER_ID"
    case usITIN = "US_ITIN"
    case usMBI = "US_MBI"
    case usNPI = "US_NPI"
    case usPassport = "US_PASSPORT"
    case usPrescriptionNumber = "US_PRESCRIPTION_NUMBER"
    case usPriorAuthorizationNumber = "US_PRIOR_AUTHORIZATION_NUMBER"
    case usProviderTaxID = "US_PROVIDER_TAX_ID"
    case usReferralNumber = "US_REFERRAL_NUMBER"
    case usSSN = "US_SSN"
    // South Africa.
    case zaCompanyRegistration = "ZA_COMPANY_REGISTRATION"
    case zaDriverLicense = "ZA_DRIVER_LICENSE"
    case zaIDNumber = "ZA_ID_NUMBER"
    case zaIncomeTaxNumber = "ZA_INCOME_TAX_NUMBER"
    case zaLicensePlate = "ZA_LICENSE_PLATE"
    case zaMobileNumber = "ZA_MOBILE_NUMBER"
    case zaPassport = "ZA_PASSPORT"
    case zaTelephoneNumber = "ZA_TELEPHONE_NUMBER"
    case zaTrafficRegisterNumber = "ZA_TRAFFIC_REGISTER_NUMBER"
    case zaVATNumber = "ZA_VAT_NUMBER"

    /// Whether it is a name, which has no form of its own and is told by a trained tagger, with the mistakes of one.
    public var isName: Bool {
        switch self {
        case .person, .location, .organization, .nrp: true
        default: false
        }
    }
}

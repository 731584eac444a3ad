/// Sentences of our own in which names stand, and what they are filled with beside lists.
enum NameSeeds {
    static let sentences = """
        My name is {P}.|Hi, this is {P} from {O}.|Hello {G}, thanks for your message.|Dear {T},|Dear {G},|Best regards,
        {P}|Kind regards
        {P}
        {O}
        {A}|{P} lives in {L}.|I live in {L}, {C}.|{P} was born in {L} and grew up in {C}.|She moved to {L} from {C} last year.|\
        We are meeting {G} and {G} in {L} on Friday.|{T} is our new manager at {O}.|{O} announced today that {P} will join the board.|\
        Please send the parcel to {A}.|My address is {A}|Ship it to {P}, {A}.|Can you change my billing address to {A}?|\
        The invoice goes to {O}, {A}|Name: {P}|Name: {P}
        Address: {A}|Patient: {P}, age {D}|The patient, {P}, was seen by {T} at {O}.|{G} said: "I will be there."|\
        "Where is {G}?" asked {G}.|{G}: how are you?
        {G}: fine, and you?|User: my name is {P}
        Bot: Hello {G}, how can I help?|Bot: may I have your name? User: {P}|{P} <|From: {P}
        To: {P}
        Subject: Meeting in {L}|Attendees: {P}, {P}, {P} and {P}|Cc: {P}|They had three children: {G}, {G} and {G}.|\
        {F} argued that the results of {F} and {F} were wrong.|According to {F}, the method fails.|See {F} et al. for details.|\
        The novel by {P} is set in {L}.|a film directed by {P} and starring {P}|{P}'s concert in {L} was great.|\
        Have you been to {L}?|I'm from {C}.|I am originally from {C} but live in {L}.|Who is coming to {C} with me?|\
        {C} was lovely in spring.|{L} is the largest town in {C}.|The weather in {L} is bad today.|flights from {L} to {L}|\
        Book a hotel in {L} for two nights, please.|The {O} office is in {L}.|I work at {O}.|{P} works for {O} as an engineer.|\
        {O} was founded by {P} and {P} in {D}.|{O} is a company from {L}.|Shares of {O} fell after {O} cut its forecast.|\
        {P} spent a year at {O} before joining {O} in {L}.|{O} and {O} will merge.|The contract between {O} and {P} ends in May.|\
        The contract with {O} was signed in {L}.|{N} food is my favourite.|He is {N} and speaks English.|\
        The {N} government and the {N} embassy said no.|She married a {N} man.|Many {N} people live in {L}.|\
        {G} is a {N} name.|As a {N}, {G} does not eat pork.|What does {G} want?|why is {G} so quiet?|Ask {G} about it.|\
        I spoke with {T} yesterday.|Let me talk to {P}, please.|Could I speak to {T}?|You can reach {P} in the {L} office.|\
        Is {G} there?|it's under my partner's name {P}|Her maiden name is {F}.|everyone calls me {G}|People call me {G}|\
        Please add {P} as a beneficiary.|I want to add {P} to my account.|The account holder is {P}.|Transfer the money to {P}.|\
        Signed, {P}|Witness: {P}, {L}|The judge, {T}, sentenced {P} to {D} years.|Police in {L} arrested {P}.|\
        {P} scored twice as {O} beat {O}.|{O} won the match in {L}.|{P} ({C}) finished before {P} ({C}).|\
        The mayor of {L}, {P}, opened the bridge.|The {N} president, {P}, met {P} in {L}.|Ambassador {P} of {C}|\
        I bought this from {O} and it broke.|My phone is with {O}.|The restaurant at {A} is closed.|\
        Taxi to {A}, please!|We moved to {A} in June.|The letter arrived at {A} last night.|{A}|{O}
        {A}|{P}

        {A}|{P}
        {A}
        {L}
        {C}|{P}
        {O}
        {A}
        {L}, {C}|>{P}
        >{O}
        >{A}|- {P}
        - {P}
        - {P}|{"name": "{P}", "city": "{L}"}|name: {P}
        city: {L}
        country: {C}|employee,{P},{L},{C}|<td>{P}</td><td>{L}</td>|**{P}** ({O})|1. {P}, {L}
        2. {P}, {L}|Thanks {G}!|Thank you, {G}. See you in {L}!|Happy birthday, {G}!|Sorry {G}, I'm late.|\
        {G} and {G} are getting married.|my friend {G} told me|my wife {G} and I|our son {G} goes to {O}|{G} is {D} years old.|\
        Meet me at {A}|Meet {G} at the corner.|I have lived in {L} for {D} years.|The trip to {L}, {L} and {L} took a week.|\
        The road from {L} to {L} is closed.|We drove through {C}.|the {L} area|near {L}|Come to {L}!|{L}, {D} May|\
        {O} Customer Service|Is {O} a good company?|my subscription to {O}|the CEO of {O}, {P},|{P}, CEO of {O}|\
        {P}, the head of {O}, said that {L} was next.|Please follow up with {P} next week.|Remind me to call {G}.|\
        Schedule a call with {P} from {O} on Monday.|The song by {P} is on the new album.|a huge {P} fan|a tribute to {P}|\
        This one is better than early {F}.|Unlike the {F} novel, this is short.|the {F} family|{F} and {F} are great writers.|\
        {P} listed the top songs.|The title refers to {A} in {L}.|Zip code {D}|Dr. {F} will see you now.|{P} was admitted to {O}.|\
        Student {P} of {O} received a grade of {D}.|Passenger: {P}; from: {L}; to: {L}|Guest {P}, room {D}|\
        Beneficiary: {P}, {A}|The defendant, {F}, lives at {A}.|"{G}, come here!" shouted {G}.|{F}: Who are you?
        {F}: I'm {G}'s brother.|{G}'s address is {A}|here's {G}'s address: {A}|{G} had given {G} the keys.|\
        In {C} people drink tea.|Taxes in {C} are high.|{O} expands to {C}|In the 1990s {O} invested in {O}.|\
        the {L} home of {O}: {O}, {O} and {O}|{O} is the brainchild of {P}, {F} and {F}.|I'm at {O} right now|\
        The event is hosted by {O} in {L}, {C}.|Where: {L}|When: tomorrow. Where: {A}|Where is {L}?|What is the capital of {C}?|\
        Translate this into Spanish: {P} lives in {L}.|Write an email to {P} about the {O} project.|Summarise the letter of {T}.|\
        I can't log in to my {O} account, says {G}.|{G} wrote on Monday that the Monday meeting in {L} is cancelled.|\
        is {G} coming?|tell {G} that i am in {L}|ok {G}|no {G}, not today|yes, {G}|{G}??|@ {L}|i miss {L}|hola {G}, ¿cómo estás?|\
        Sehr geehrter {T},|Ich wohne in {L}.|Mein Name ist {P} und ich arbeite bei {O}.|Je m'appelle {P} et j'habite à {L}.|\
        Me llamo {P} y vivo en {L}, {C}.|Mi chiamo {P}, abito a {L}.|O meu nome é {P} e moro em {L}.|Nazywam się {P}.|Jag heter {P} och bor i {L}.
        """
        .split(separator: "|").map(String.init)

    /// Sentences in which a place or a firm stands before words that say when, or among others of a list.
    static let placed = """
        {P} will be in {L} on Monday.|We arrive in {L} this week.|{T} spoke in {L} on Thursday.|a branch in {L}, which is new|\
        It was sent to {L} yesterday.|The parcel left {L} today.|{O} closes its factory in {L}.|{O} said on Friday that it would grow.|\
        {P} left {O} in {D}.|{G} joined {O} as a driver.|{P} used to work at {O} in {L}, {C}.|{P} of {O} told us about it.|\
        Both {O} and {O} have shops in {L}.|{O}, {O} and {O} are firms.|the {O} publishes a report|a statement by the {O}|\
        Yours sincerely, {P}|Sincerely,
        {P}
        {O}|Passenger {P} from {L} to {L}|Ship to: {P}, {L}|Attn: {P}, {O}, {L}|Surname: {F} Given name: {G}|{P},{L},{O}|\
        | {P} | {L} | {O} ||"customer": "{P}", "employer": "{O}", "city": "{L}"|warn: card of {P} was refused, branch {L}|\
        The parties are {P} and {O}.|Late of {L}: {P}|from {L} in {C} to {L}|i talked to {P} from {O} yesterday|i work at {O} in {L}|\
        he is still in {L}|she is in {L} this week|are you coming to {L}?|{G} and {G} are from {C}|{G} studies in {L}.|{P} is from {L}.
        """
        .split(separator: "|").map(String.init).filter { !$0.isEmpty }

    /// Names between words of any kind, which tell where they end.
    static let frames = """
        {w} {w} {P} {w} {w}.|{w} {w} {G} {w} {w}.|{W} {w} {P}, {w} {w}|the {P} {w} {w} {w}|a {F} {w} {w}|{w} {w} {L} {w} {w}|\
        {W} {w} {L}, {w} {w} {w}.|the {L} {w}|{w} in {L} {w}|{w} from {C} {w}|a {O} {w} {w}|{w} {w} {O} {w} {w}|{W} {w} at {O}, {w}|\
        {w} to {A} {w} {w}|{W} {w} {w} at {A}.|{w} {w} {A}, and {A}|{w} {w} {N} {w} {w}|{G} {w} {w}|{P} {w} {w} {w}|{O} {w} {w}|\
        {C} {w} {w} {w}|{w}, {P}|{W}: {P}|{W} {W}: {L}|{w} {P}'s {w}|{w} {G} and {G} {w}|{w} {w}? {G} {w} {w}|{W} {w} {w} {w}.|\
        {w} {w} {w} {w} {w} {w}|{W} {W} {w} {w}|{W} {w}, {w} {W} {w}.|{W}: {w} {w}|{W} {w} {D} {w}|{w} {D} {w} {w}|{D} {w} {w}|{W}|\
        {W} {W}|{W} {W} {W}|- {W} {w} {w}|# {W} {w}|{W}'s {w} {w}|{w} {w}-{w} {w}|{w} {P} ({w}) {w}|{w} {w} ({O}) {w}
        """
        .split(separator: "|").map(String.init)

    /// Sentences with capitals and no names.
    static let plain = """
        Can I open a second account?|How do I change my PIN?|CAN I SPEAK TO A HUMAN?|I want to talk to a Real Person.|\
        Words like Wisdom and Courage are no names.|What are my options?|The API returns JSON over HTTP.|Please update my Address.|\
        My Credit Card has expired.|Could you block my Card ASAP?|On Monday we start the Project.|In January and March it snows.|\
        Use Python or Java for this.|Install Docker first.|God gave rock to everyone.|They are hacked by the Devil.|\
        The Title of the Book|Chapter One: The Beginning|Step {D}: Open the Settings and click Save.|TODO: fix this|NOTE: do not edit|\
        Name: Address: Phone:|Dear Sir or Madam,|Dear Customer,|Dear Team,|Hi all,|Hello there!|Hello World|Best regards|Kind regards,|\
        Yes, No, Maybe|Happy New Year!|Merry Christmas|Good Morning|Thank You|See you on Tuesday.|The Terms and Conditions apply.|\
        Customer Service is closed.|Frequently Asked Questions|Table of Contents|My Account|Sign In|Log Out|Next Page|Yes I do.|\
        How many apples do I have?|{D} apples and {D} pears|I have {D} items in my cart.|It costs {D} dollars.|in {D} days|\
        {D} people came.|Order {D} arrived.|Version {D} is out.|Room {D} is free.|There are {D} new messages.|Page {D} of {D}|\
        Excuse me, sir, I do not like this tone.|I'm moving, so please cancel my subscription.|Celebrate its {D}th year|\
        This is a list: One, Two, Three.|The Sun and the Moon|Spring, Summer, Autumn and Winter|Mathematics and Physics|HTML and CSS|\
        Write a Poem about Love.|Explain Quantum Mechanics.|Roses are red.|What's your name?|What is your e-mail?|Is it Correct?
        """
        .split(separator: "|").map(String.init)

    static let countries = [
        "USA", "UK", "US", "UAE", "England", "Scotland", "Wales", "Russia", "Korea", "Iran", "Czechia", "Holland",
        "America", "Tanzania", "Bolivia", "Venezuela", "Swaziland", "Macedonia", "Syria", "Laos", "Vietnam", "Turkey",
    ]

    static let places = [
        "London", "Paris", "New York", "Berlin", "Tokyo", "Los Angeles", "San Francisco", "Chicago", "Boston",
        "Seattle", "Madrid",
        "Rome", "Moscow", "Beijing", "Shanghai", "Mumbai", "Delhi", "Sydney", "Melbourne", "Toronto", "Vancouver",
        "Cairo",
        "Lagos", "Nairobi", "Istanbul", "Dubai", "Singapore", "Hong Kong", "Seoul", "Mexico City", "São Paulo",
        "Buenos Aires",
        "Europe", "Asia", "Africa", "California", "Texas", "Florida", "Bavaria", "Silicon Valley", "the Alps",
        "Lake Geneva",
        "the Rhine", "Mount Everest", "Manhattan", "Brooklyn", "Washington", "Washington, D.C.", "Amsterdam", "Vienna",
        "Zurich",
        "Geneva", "Stockholm", "Oslo", "Copenhagen", "Helsinki", "Warsaw", "Prague", "Budapest", "Athens", "Lisbon",
        "Dublin",
        "Munich", "Hamburg", "Frankfurt", "Brussels", "Milan", "Naples", "Barcelona", "Kyiv", "Jakarta", "Manila",
        "Bangkok",
    ]

    static let firms = [
        "Google", "Microsoft", "Apple", "Amazon", "IBM", "NASA", "UNICEF", "the United Nations", "Siemens", "Toyota",
        "BBC", "CNN",
        "Facebook", "Twitter", "Intel", "Oracle", "SAP", "Netflix", "Spotify", "Walmart", "Deutsche Bank", "HSBC",
        "Harvard",
        "Stanford University", "MIT", "FBI", "NATO", "Greenpeace", "Red Cross", "the European Union", "Reuters",
        "Nestlé", "Nokia",
        "Samsung", "Sony", "Boeing", "Airbus", "Shell", "BP", "Pfizer", "Bayer", "Visa Inc.", "PayPal", "Uber",
        "OpenAI", "Tesla",
    ]

    /// Firms and institutions that many write of, which are in the list of firms too.
    static let knownFirms = [
        "Adidas", "Nike", "Puma", "Reebok", "Zara", "Primark", "Ikea", "Lidl", "Aldi", "Tesco", "Carrefour",
        "Migros", "Rewe", "Auchan", "Decathlon", "Renault", "Peugeot", "Citroën", "Volkswagen", "BMW", "Audi",
        "Porsche", "Daimler", "Opel", "Fiat", "Ferrari", "Lamborghini", "Volvo", "Scania", "Škoda", "Honda",
        "Nissan", "Mazda", "Subaru", "Mitsubishi", "Suzuki", "Hyundai", "Kia", "Ford", "Chevrolet", "Chrysler",
        "Bosch", "Philips", "Panasonic", "Toshiba", "Hitachi", "Fujitsu", "Canon", "Nikon", "Nintendo", "Sega",
        "Lenovo", "Huawei", "Xiaomi", "Alibaba", "Tencent", "Baidu", "ByteDance", "TikTok", "Instagram", "WhatsApp",
        "YouTube", "LinkedIn", "Reddit", "Pinterest", "Snapchat", "Dropbox", "Slack", "Zoom", "Adobe", "Salesforce",
        "Cisco", "Nvidia", "AMD", "Qualcomm", "Broadcom", "Ericsson", "Vodafone", "Orange", "Telefónica", "Telekom",
        "Verizon", "AT&T", "Comcast", "Disney", "Pixar", "Marvel", "Paramount", "Hasbro", "Mattel", "Lego",
        "Unilever", "Danone", "Heineken", "Carlsberg", "Pepsi", "Coca-Cola", "Starbucks", "McDonald's", "Subway",
        "Domino's", "Novartis", "Roche", "Sanofi", "Moderna", "AstraZeneca", "GlaxoSmithKline", "Merck", "BASF",
        "Linde", "Thyssenkrupp", "ArcelorMittal", "Exxon", "Chevron", "Total", "Equinor", "Gazprom", "Aramco",
        "Petrobras", "Eni", "Repsol", "Enel", "Iberdrola", "Vattenfall", "Ørsted", "Maersk", "DHL", "FedEx", "UPS",
        "Hermes", "DPD", "Lufthansa", "Ryanair", "EasyJet", "KLM", "Iberia", "Alitalia", "Finnair", "Emirates",
        "Qantas", "Delta", "Airbnb", "Booking.com", "Expedia", "TripAdvisor", "Barclays", "Santander", "UBS", "ING",
        "BBVA", "UniCredit", "Citigroup", "Citibank", "Nordea", "Rabobank", "Allianz", "AXA", "Generali", "Zurich",
        "Aviva", "Deloitte", "KPMG", "PwC", "Accenture", "Capgemini", "Infosys", "Wipro", "Tata", "Reliance",
        "Mahindra", "Adani", "Flipkart", "Zomato", "Safaricom", "MTN", "Dangote", "Ecobank", "Vodacom", "Shoprite",
        "Mercadolibre", "Bimbo", "Cemex", "Embraer", "Itaú", "Bradesco", "Samsung", "LG", "Posco", "Foxconn", "Acer",
        "Asus", "TSMC", "Rakuten", "SoftBank", "Uniqlo", "Shiseido", "Kyocera", "Yamaha", "Kawasaki", "Caterpillar",
        "Siemens", "Honeywell", "Raytheon", "Lockheed", "Palantir", "Stripe", "Shopify", "eBay", "Etsy", "Zalando",
        "Klarna", "Revolut", "Wise", "Mastercard", "Visa", "Bloomberg", "Forbes", "Nasdaq", "Interpol", "Europol",
        "UNESCO", "OPEC", "WHO", "IMF", "CIA", "NSA", "NHS", "FIFA", "UEFA", "Oxfam", "Amnesty", "Wikipedia",
        "Mozilla", "Debian", "Oxford", "Cambridge", "Yale", "Princeton", "Sorbonne", "Juventus", "Arsenal",
        "Chelsea", "Barcelona", "Ajax", "Benfica", "World Bank", "World Health Organization",
        "World Trade Organization", "World Food Programme", "International Monetary Fund",
        "International Olympic Committee", "European Central Bank", "European Commission", "European Parliament",
        "European Space Agency", "African Union", "Federal Reserve", "Bank of England", "Supreme Court",
        "House of Commons", "Doctors Without Borders", "Save the Children", "Human Rights Watch",
        "Amnesty International", "Royal Dutch Shell", "British Airways", "Air France", "Turkish Airlines",
        "Singapore Airlines", "American Airlines", "Goldman Sachs", "Morgan Stanley", "Credit Suisse",
        "Standard Chartered", "Société Générale", "BNP Paribas", "Crédit Agricole", "Intesa Sanpaolo", "Commerzbank",
        "Bank of America", "Wells Fargo", "Procter & Gamble", "Johnson & Johnson", "General Electric",
        "General Motors", "Rolls-Royce", "Red Bull", "Burger King", "Warner Bros.", "New York Times", "The Guardian",
        "Le Monde", "Der Spiegel", "El País", "Washington Post", "Financial Times", "Manchester United",
        "Real Madrid", "Bayern Munich", "Imperial College", "King's College London", "Trinity College",
        "Johns Hopkins University", "Max Planck Society", "Mayo Clinic", "Habitat for Humanity", "Scotland Yard",
        "Tata Motors", "State Bank of India", "Indian Railways", "China Mobile", "Bank of China", "Deutsche Bahn",
        "Deutsche Post", "La Poste", "Royal Mail", "Samsung Electronics", "Mitsubishi Electric", "Nippon Steel",
    ]

    static let firmHeads = [
        "Solar", "Data", "Open", "Cloud", "Bill", "Map", "Health", "Simple", "Liquid", "Earth", "Smart", "Trans", "Net",
        "Bio", "Agri", "Fin", "Code", "Quant", "Aero", "Geo", "Edu", "Info", "Vote", "Civic", "Green", "Blue", "Red",
        "Inno", "Medi", "Log",
    ]
    static let firmTails = [
        "list", "guard", "quest", "ify", "ly", "mind", "base", "sense", "works", "soft", "tech", "lytica", "zen", "net",
        "hub", "port", "logic", "tuition", "wise", "star", "metrics", " Robotics", " Networks", " Census", " Nation",
        "nova", "yst", "myne", "gate", "flow",
    ]
    static let firmWords = [
        "Data", "Solar", "Energy", "Better", "Technology", "Health", "Garden", "Maintenance", "Systems", "Open",
        "Nation", "Earth", "Networks", "Robotics", "Liquid", "Capital", "Analytics", "Media", "Global", "Northern",
        "Pacific", "Atlantic", "Education", "Finance", "Justice", "Transport", "Labor", "Security", "Research",
        "Medical", "Buena", "Vista", "Golden", "Silver", "Urban", "First", "National", "United", "Royal", "Digital",
    ]
    static let firmEnds = [
        "Ltd.", "Inc.", "Corp.", "LLC", "GmbH", "AG", "Group", "Partners", "Foundation", "Association", "Institute",
        "Labs", "Systems", "Holdings", "Bank", "Solutions", "Services", "Union", "Society", "Club", "Company",
        "Industries", "Airlines",
    ]

    static let groups = [
        "American", "British", "German", "French", "Italian", "Spanish", "Portuguese", "Dutch", "Belgian", "Swiss",
        "Austrian",
        "Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Bulgarian", "Greek", "Turkish", "Russian", "Ukrainian",
        "Swedish",
        "Norwegian", "Danish", "Finnish", "Icelandic", "Irish", "Scottish", "Welsh", "English", "Canadian", "Mexican",
        "Brazilian",
        "Argentine", "Argentinian", "Chilean", "Colombian", "Peruvian", "Venezuelan", "Cuban", "Chinese", "Japanese",
        "Korean",
        "Indian", "Pakistani", "Bangladeshi", "Thai", "Vietnamese", "Indonesian", "Malaysian", "Filipino", "Australian",
        "Egyptian", "Nigerian", "Kenyan", "Ethiopian", "Moroccan", "Algerian", "Tunisian", "Israeli", "Iranian",
        "Iraqi", "Syrian",
        "Lebanese", "Saudi", "Afghan", "European", "African", "Asian", "Arab", "Kurdish", "Croatian", "Serbian",
        "Slovenian",
        "Albanian", "Estonian", "Latvian", "Lithuanian", "Georgian", "Armenian", "Catalan", "Basque", "Christian",
        "Muslim",
        "Jewish", "Buddhist", "Hindu", "Catholic", "Protestant", "Orthodox", "Sunni", "Shia", "Sikh", "Mormon",
        "Republican",
        "Democrat", "Democratic", "Communist", "Conservative", "Labour", "Socialist", "Americans", "Germans",
        "Italians",
        "Russians", "Muslims", "Christians", "Jews", "Europeans", "Africans", "Mexicans", "Canadians", "Republicans",
        "Democrats",
    ]
}

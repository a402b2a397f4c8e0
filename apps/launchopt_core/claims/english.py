"""English words that claim something, by kind, as regular expressions."""

from launchopt_core.claims.values import ClaimKind

# Words that end like a superlative and are none.
_NO_SUPERLATIVE = (
    "interest|forest|honest|modest|request|guest|harvest|contest|protest|invest|suggest|chest|"
    "west|nest|rest|test|quest|digest|tempest|conquest|arrest|crest|jest|manifest|pest|vest|zest|"
    "midwest|everest|unrest|bequest|earnest|latest|best|attest|detest|divest|fest|behest|budapest|"
    "bucharest|wrest|breast|priest|southwest|northwest|rainforest|armrest|headrest|backrest|"
    "footrest|breakfast|dishonest|inquest|ingest|lest|closest|nearest|dearest|tamest"
)
# Adjectives of quality in the comparative: a shop would have to prove the difference.
COMPARATIVES = (
    "better|worse|faster|slower|quicker|smaller|bigger|larger|lighter|heavier|stronger|softer|"
    "warmer|cooler|brighter|quieter|louder|longer|shorter|thinner|slimmer|thicker|cheaper|"
    "smoother|sharper|safer|cleaner|sweeter|fresher|tougher|harder|richer|finer|younger|healthier|"
    "easier|smarter|deeper|wider|higher|lower|taller|drier|crisper|tastier|juicier|sturdier|"
    "gentler|purer|greener|whiter|creamier|fluffier|cosier|comfier|closer|further|farther"
)
_NOUNS_OF_QUALITY = (
    "battery|charging|performance|results?|protection|quality|grip|suction|resolution|price|"
    "prices|sound|power|range|lifespan|coverage|absorption|insulation|durability|efficiency|value"
)
_EXPERTS = (
    "chefs?|doctors?|dermatologists?|dentists?|experts?|scientists?|nutritionists?|vets|trainers?|"
    "athletes?|professionals?|baristas?|physio\\w*|midwives|p(?:a)?ediatricians?|critics|reviewers|"
    "stylists|celebrit\\w+|influencers?|pharmacists?|surgeons?|engineers?|editors|sommeliers?|"
    "customers|users|buyers|hikers|nurses|teachers|gardeners|cyclists|runners|parents|mums|moms|"
    "dads|the press|magazines?"
)
MATERIALS = (
    "cotton|wool|merino|cashmere|silk|linen|leather|suede|velvet|denim|polyester|nylon|spandex|"
    "elastane|viscose|acrylic|fleece|hemp|bamboo|oak|walnut|pine|beech|teak|mahogany|birch|"
    "acacia|wood|wooden|rattan|wicker|steel|iron|aluminium|aluminum|titanium|copper|brass|bronze|"
    "silver|gold|platinum|diamond|diamonds|pearl|pearls|crystal|porcelain|ceramic|stoneware|"
    "earthenware|marble|granite|slate|concrete|plastic|silicone|rubber|latex|cork|jute|sisal|"
    "mohair|alpaca|angora|tweed|satin|canvas|corduroy|lycra|modal|tencel|"
    "carbon(?! (?:neutral|footprint|dioxide|free|offset))|kevlar|gore-?tex|neoprene|fibreglass|"
    "fiberglass|pvc|melamine|ebony|cherrywood|rosewood|bone china|"
    "graphene|enamel|resin|vinyl|acetate|sheepskin|cowhide|calfskin|lambskin|sapphire|jade"
)
INGREDIENTS = (
    "manuka|arabica|robusta|wagyu|ib[eé]rico|matcha|ginseng|collagen|hyaluronic(?: acid)?|retinol|"
    "keratin|probiotics?|omega[- ]?3|vitamin [a-k]\\d*|aloe(?: vera)?|argan(?: oil)?|"
    "shea(?: butter)?|"
    "saffron|truffles?|caviar|royal jelly|cbd|turmeric|spirulina|caffeine|jojoba"
)
PLACES = {
    "italy": "italian", "france": "french", "germany": "german", "spain": "spanish",
    "portugal": "portuguese", "england": "english", "britain": "british", "scotland": "scottish",
    "ireland": "irish", "wales": "welsh", "japan": "japanese", "china": "chinese",
    "korea": "korean", "india": "indian", "thailand": "thai", "vietnam": "vietnamese",
    "turkey": "turkish", "greece": "greek", "switzerland": "swiss", "austria": "austrian",
    "belgium": "belgian", "sweden": "swedish", "norway": "norwegian", "denmark": "danish",
    "finland": "finnish", "iceland": "icelandic", "poland": "polish", "america": "american",
    "canada": "canadian", "mexico": "mexican", "brazil": "brazilian", "peru": "peruvian",
    "colombia": "colombian", "ethiopia": "ethiopian", "kenya": "kenyan", "egypt": "egyptian",
    "morocco": "moroccan", "australia": "australian", "zealand": "kiwi", "tuscany": "tuscan",
    "sicily": "sicilian", "nepal": "nepalese", "mongolia": "mongolian", "taiwan": "taiwanese",
    "madagascar": "madagascan", "persia": "persian", "russia": "russian", "chile": "chilean",
    "argentina": "argentinian", "indonesia": "indonesian", "europe": "european",
    "scandinavia": "scandinavian", "holland": "dutch", "bavaria": "bavarian",
}  # fmt: skip
_CITIES = (
    "paris|milan|florence|tokyo|kyoto|london|new york|sheffield|murano|ceylon|darjeeling|"
    "sri lanka|himalaya[ns]*|provence|the usa|the us|the uk|usa|uk|cornwall|yorkshire|korea"
)
_countries = "|".join(PLACES)
_proper = "|".join(place.title() for place in PLACES if place not in ("turkey", "china", "wales"))
_demonyms = "|".join(PLACES.values())
_NOT_AFTER = (
    r"(?![ -](?:press|windows?|doors?|toast|breakfasts?|new year|pastr|rolls?|delight|fries|salad|"
    r"dressing|dinners?|dish(?:es)?|food|cuisine|cooking|recipes?|curry|takeaways?|garden|"
    r"caf[eé]|bistro|films?|lessons?|holidays?|tea time|summers?|language|speak|ovens?|plaits?|"
    r"braids?)\b)"
)
_NOT_RIVAL = (
    r"(?! (?:she|he|you|i|we|they|it|yesterday|ever|words|expected|usual|before|the day)\b)"
)
_COUNTED = r"customers?|people|families|homes|parents|users|buyers|reviews?|fans|women|men|sold"

ENGLISH: dict[ClaimKind, tuple[str, ...]] = {
    ClaimKind.SUPERLATIVE: (
        r"(?<!your )(?<!its )(?<!their )(?<!my )(?:very )?best(?![- ]before| friends?| served|"
        r" enjoyed|"
        r" of both| wishes| part| bits?)(?:[- ]sell(?:ing|ers?))?",
        rf"(?!(?:{_NO_SUPERLATIVE})\b)(?!(?:hard|easi|nic|loveli|sweet|quiet|simpl)est"
        rf" (?:part|thing|bit|moment)s?\b)[a-z]{{2,}}[a-z]est",
        r"(?:most|least)[- ](?!(?:of|people|days|things|mornings|evenings|nights|likely|"
        r"homes|kitchens)\b)[a-z]+",
        r"number[- ]one|no[.°]? ?1(?!\d)|no\. ?one\b|# ?1(?!\d)|nr\.? ?1(?!\d)|n° ?1(?!\d)|"
        r"1st (?:choice|place)|top[- ](?:rated|selling|quality|notch|"
        r"ranked|choice)|top \d+",
        r"world[- ](?:class|leading|famous|beating|renowned|first)|first of its kind",
        r"(?:industry|market|class)[- ]leading|leading (?:brand|maker|choice|name)s?|"
        r"award[- ]winn\w+",
        r"unbeatable|unrivall?ed|unmatched|unparalleled|unsurpassed|unequall?ed|peerless|matchless",
        r"ultimate|supreme|incomparable|second to none|one of a kind|like no other|"
        r"like nothing else",
        r"perfect(?![- ](?:for|with|to|gift|present|addition|companion|size|fit|match|partner|"
        r"place|start|choice|way|on|in|as|when|after|if)\b)",
        r"the only (?!thing|way|time|one|question|rule|sound|limit|trick)[a-z]+|never before",
        r"revolutionary|unheard[- ]of|record[- ]breaking|no other [a-z]+|nothing (?:else )?"
        r"(?:comes close|beats|compares)|(?<!time )in the (?:whole )?(?:world|universe)|"
        r"on the market"
        r"|on earth|of all time|in history|ever made",
        r"(?:rolls[- ]royce|ferrari|porsche|mercedes|bentley|rolex|king|queen|champion|crown|"
        r"gold standard|holy grail|cr[eè]me) of|gold standard|holy grail|beyond compare|bar none|"
        r"(?:desk|brand|choice|name|bag|drink|gift|maker|tool|shop) of choice|above all others?|"
        r"(?:wo|ca)n['’]t find (?:a|any|another)|top of the (?:range|line)|grade[- ]a|a[- ]grade|"
        r"the one to beat|(?:prize[- ])?winners? of|winning|finalists?|runners?[- ]up|"
        r"state[- ]of[- ]the[- ]art|ground[- ]?breaking|flawless|legendary|iconic|premium|"
        r"nothing else (?:on|in|like)|like nothing|in a (?:class|league) of (?:its|their) own",
        r"fastest[- ]selling|sold[- ]out|cult favou?rite|a? ?favou?rite of|everyone's favou?rite",
    ),
    ClaimKind.COMPARISON: (
        rf"[a-z]{{2,}}er(?: [a-z]+){{0,3}} than{_NOT_RIVAL}(?: [a-z]+){{0,3}}|worse than|"
        rf"better (?:value|quality|"
        rf"made|built)|"
        r"(?:works?|performs?|cleans?|sounds?|does it|cuts?) better|(?:more|less|"
        r"fewer)(?: [a-z]+){1,3} "
        r"than|more than any|(?:more|less) than (?:other|ordinary)",
        rf"(?:no|nobody|no one|none|nothing|"
        rf"never)(?: [a-z]+){{1,3}} (?:{COMPARATIVES})(?! [a-z]+ing\b)",
        rf"(?:visibly|noticeably|measurably|significantly|far|considerably|dramatically|instantly|"
        rf"clearly|remarkably|substantially) (?:{COMPARATIVES})|"
        rf"(?:{COMPARATIVES}|improved|enhanced) (?:{_NOUNS_OF_QUALITY})",
        r"(?:outsells?|outranks?|leaves? (?:the|all|every)|puts? (?:the|all|every) other|"
        r"knocks? spots off|runs rings)",
        r"compared (?:to|with|against)|unlike [a-z]+|outperform\w*|"
        r"outlasts?|outshin\w+|outclass\w*|beats|superior(?: to)?",
        r"(?:twice|double|triple|thrice|half)(?: as| the)|(?:twice|thrice)(?! a (?:day|week|"
        r"month|year))|[a-z]+ times (?:as|the|more|"
        r"less|[a-z]+er)|(?:two|three|four|five|ten)fold|"
        r"(?<!\d)\d++x (?:more|the|as|faster|stronger)",
        r"(?:than|to|over) (?:the )?(?:competition|competitors?|rivals?|leading brands?|"
        r"other brands?)",
        r"(?:any|every|all) (?:other|rival|competing|competitor)\b|the competition|rival brands?|"
        r"(?:leading|other|ordinary|regular|competing) brands?|a cut above|next to none",
        r"(?<!and )(?:a|one|two)[- ](?:third|quarter|fifth|half|thirds|quarters) (?:of|less|"
        r"more|fewer|"
        r"lighter|cheaper|faster|the)|as good as|on a par with|rivals",
    ),
    ClaimKind.GUARANTEE: (
        r"guarant(?:ee[sd]?|eeing)|warrant(?:y|ies|ed)|money[- ](?:back|returned|refunded)|"
        r"your money|pay nothing|risk[- ]free|refund\w*",
        r"lifetime|for life(?!['’])|always works|(?:wo|can|do)n't (?:break|fade|fail|shrink|"
        r"rust|leak|"
        r"crack|"
        r"stain|chip|scratch|wear)\w*|no questions asked|free returns?|returns? (?:within|for)",
        r"never (?:ever )?(?:fade|break|rust|fail|leak|shrink|scratch|stain|chip|wear|lose|"
        r"crack|tear|"
        r"snap|peel|pill|stretch|need|go(?:es)?|let)(?:s|es)?\b(?: out| off| you down)?",
        r"will (?:never|always|not|outlive|outlast)\b(?! (?:you|we|i)\b)|works? (?:forever|"
        r"every time)|"
        r"100 ?% (?:of the time|secure)|cannot (?:break|fail|fade)|can't go wrong|"
        r"unbreakable|indestructible|shatter[- ]?proof|foolproof|fail[- ]safe|lasts? forever|"
        r"forever|everlasting|permanent(?:ly)?|100 ?% (?:safe|effective|satisfaction)",
        r"no quibbles?|we(?:['’]| wi)ll (?:replace|refund|repair|fix)|satisfaction|"
        r"proven|promise[sd]?|satisfaction assured|try it (?:free|risk)|return it|exchange it|"
        r"replace it free|free (?:repairs?|replacements?|exchanges?)|insured|covered for",
    ),
    ClaimKind.OFFER: (
        r"free (?:shipping|delivery|gift|sample|postage|extra|trial|of charge|with)|for free|"
        r"absolutely free|get (?:one|it) free|free when|(?<!count )(?<!rely )on us\b|"
        r"no extra (?:cost|charge)",
        r"(?<!feel )(?<!set )(?<!break )(?<!hands )(?<!roam )(?<!run )(?<!walk )(?<![a-z][- ])"
        r"free(?![- ](?:time|spirits?|range|standing|hand|to|from|as|for|evenings?|afternoons?|"
        r"mornings?|"
        r"days?|weekends?|hours?|fall|of (?!charge))\b)|on the house|at no (?:extra )?cost|"
        r"for nothing|"
        r"thrown in|gratis",
        r"discount(?:s|ed)?|on sale|half[- ]price|half off|clearance|bargain|sav(?:e|ing)s? "
        r"(?=[£€$¥\d]|up to|over|half|a third|money|big)|price (?:cut|drop|reduced)|"
        r"reduced (?:to|from)",
        r"was (?=[£€$¥])|limited (?:time|offer|edition|stock)|while stocks? lasts?|last chance|"
        r"(?:today|tonight|this week|weekend) only|(?<!no )(?<!a )hurry|ends (?:today|tonight|"
        r"soon|sunday|monday|"
        r"friday|tomorrow|this|in)|only (?:a few|a handful|\w+ left)|selling fast|almost gone",
        r"(?:buy|get) (?:one|two|three|any),? ?(?:and )?get|(?:two|three|four|2|3|4) for "
        r"(?:one|two|three|1|2|3|the price)|bogof?|coupons?|vouchers? (?:code|off)|cash ?back|"
        r"promo code|black friday|gift with|lowest price|price match\w*|interest[- ]free|pay later",
        r"(?:day|week|month|year|lifetime)s?['’]?s? (?:supply|subscription)|complimentary|rrp|"
        r"(?:introductory|special|exclusive|launch|deal) (?:price|"
        r"offer)s?|"
        r"order(?:s|ed)?(?: [a-z]+){0,3} (?:by|before|until|within) [a-z0-9]+|until midnight|"
        r"dispatched|in stock|out of stock|pre-?orders?|early bird|members only|pay \d|"
        r"(?:next|same)[- ]day|overnight delivery|(?:arrives?|delivered|delivery|ships?|shipped) "
        r"(?:by|before|within|tomorrow|today|in|on|overnight|free)|express delivery",
    ),
    ClaimKind.DATE: (
        r"since (?:the )?(?=\d|nineteen|eighteen|seventeen|twenty|victorian|medieval)|est(?:d|"
        r"ablished|\.)"
        r"(?: in)? (?=\d|nineteen|eighteen)|for (?:centuries|generations|decades)|centur(?:y|"
        r"ies)[- ]old|"
        r"decades of|generations of|(?:founded|invented|born|launched) in|heritage since",
        r"(?:next|this|last|until|till|by|before) (?:monday|tuesday|wednesday|thursday|friday|"
        r"saturday|sunday|christmas|easter|january|february|march|april|june|july|august|"
        r"september|october|november|december)\b",
        r"(?:january|february|march|april|may|june|july|august|september|october|november|"
        r"december) (?=\d)",
    ),
    ClaimKind.CERTIFICATION: (
        r"eco[- ]?label|blue angel|nordic swan|energy (?:class|rating|label|"
        r"efficien\w+)(?: [a-g]\b)?"
        r"\+{0,3}|a\+{1,3}|red dot|if design|which\?|great taste|soil[- ]association|"
        r"(?!(?:and|not|been|never|once|we|i|they|was|were|are|is|most)\b)[a-z]+[- ](?:approved|"
        r"accredited|verified|compliant|endorsed|tested|certified)|tested (?:on|in|at|by|to|"
        r"for|under)|approved|verified|accredit\w+|"
        r"[a-z]+s (?:recommend|swear by|rate (?:it|them|this)|approve|rave about)|"
        rf"(?:{_EXPERTS})(?: [a-z]+)? (?:loves?|recommends?|swears? by|agrees?|trusts?|"
        rf"chooses?|prefers?|"
        r"rel(?:y|ies) on|uses?|approves?|raves?|rates?|noticed|report(?:ed)?|confirm\w*)",
        r"water(?:proof|[- ]resistant)|fireproof|windproof|heat[- ]?(?:proof|resistant)|"
        r"rust[- ]?proof|"
        r"(?:dishwasher|microwave|oven|freezer)[- ](?:safe|proof)|machine[- ]washable|"
        r"anti-?bacterial|"
        r"anti-?microbial|uv[- ]protect\w+|spf ?\d+|flame[- ]retardant|child[- ]?(?:safe|proof)",
        r"certif(?:ied|icates?|ication)|accredited|approved by|licen[cs]ed by|endorsed|"
        r"patent(?:ed|s)?|"
        r"(?:patent|trademark)[- ]pending|iso[- ]?\d+|fda|ce[- ](?:marked|certified|mark)|rohs|"
        r"gots|"
        r"oeko[- ]?tex|fsc|bluesign|energy star|ul[- ]listed|ip[x\d]\d?|usda|soil association|"
        r"leaping bunny|peta|rainforest alliance|b[- ]?corp\w*|kitemark|tüv|tuv|michelin|"
        r"royal warrant",
        r"organic(?:ally)?|fair[- ]?trade|vegan|vegetarian|halal|kosher|cruelty[- ]free|carbon[- ]"
        r"neutral|climate[- ]neutral|biodegradable|compostable|sustainabl[ey]\w*|eco[- ]friendly|"
        r"recycled|recyclable|non[- ]?gmo|gmo[- ]free|ethical(?:ly)?",
        r"[a-z]+[- ]free(?= certified)|(?!(?:hands|stress|hassle|worry|fuss|care|guilt|trouble|"
        r"clutter|"
        r"crumb|mess|phone|screen|traffic|rent|scot|carefree)-)[a-z]+-free(?! time)|(?:bpa|"
        r"gluten|sugar|dairy|lactose|nut|paraben|sulphate|"
        r"sulfate|"
        r"silicone|fragrance|alcohol|lead|pfas|ptfe|chemical|toxin|nickel|latex|fat|caffeine|"
        r"cruelty|"
        r"phthalate)[- ]?free|no added sugar|no (?:parabens|additives|preservatives|chemicals)|"
        r"non[- ]toxic|hypo-?allergenic|(?:all|100 ?%)[- ]natural|food[- ]grade|medical[- ]grade|"
        r"military[- ]grade|hospital[- ]grade|aerospace[- ]grade|surgical[- ]grade",
        r"(?:clinically|scientifically|dermatologically|medically|laboratory|lab|independently|"
        r"doctor|"
        r"dermatologist|paediatrician|pediatrician|ophthalmologist|safety)[- ](?:proven|tested|"
        r"approved|recommended|verified|formulated)|(?:recommended|loved|trusted|used|chosen|"
        r"praised|"
        r"worn|tested) by (?!hand|you|me|us|time)[a-z]+|as (?:seen|featured|worn) (?:on|in|by)|"
        r"prize|medal(?:list)?|awards?|(?:five|5)[- ]stars?|\d(?:\.\d)?[- ]stars?|voted",
    ),
    ClaimKind.MATERIAL: (
        r"(?:genuine|real|pure|solid|full[- ]grain|top[- ]grain|fine|virgin|sterling|"
        r"(?<!\d)\d++[- ]?(?:ct|k|"
        r"carat|karat)|carbon|stainless|cast|egyptian|pima|mulberry|bone|tempered|"
        r"vegetable[- ]tanned|"
        rf"faux|vegan) (?:{MATERIALS})",
        rf"(?<!like )(?<!blank )(?<!clean )(?<!heart of )(?:{MATERIALS})(?! of\b| lining\b|"
        r" standard\b|[- ](?:clear|smooth|soft|light)\b)|"
        r"(?:goose|duck|feather)[- ](?:down|feathers?)|(?:bone|fine) china|"
        r"(?:of|in|from|real|tempered|borosilicate|blown) glass(?! of\b)|glass(?= (?!of\b|in\b|"
        r"and\b|to\b|is\b|at\b|"
        r"with\b|on\b|or\b|for\b|after\b)[a-z]+)",
        INGREDIENTS,
    ),
    ClaimKind.ORIGIN: (
        r"(?:made|bottled|built|knitted|knit|woven|grown|roasted|brewed|crafted|produced|sewn|"
        r"blended|"
        r"designed|printed|packed|harvested|picked|spun|cast|forged|distilled|sourced|assembled|"
        r"manufactured|developed|engineered|invented|rolled|baked|cured|blown|fired|"
        r"cut)(?: [a-z]+){0,2} "
        r"(?:in|from|near|at|on|of) (?:the )?(?-i:[A-Z])[a-z]+",
        rf"(?-i:(?:{_proper})(?:['’]s)?)",
        rf"(?:in|from) (?:southern |northern |new |the )?(?:{_countries})|{_CITIES}",
        rf"(?:{_demonyms}){_NOT_AFTER}|proven[cç]al|nordic|scandi|alpine|himalayan|siberian|"
        r"mediterranean (?!mood|mornings?|evenings?|summers?|blue|nights?)|andean|bavarian",
        r"(?:hand[- ]?(?:made|crafted|woven|painted|blown|stitched|sewn|knitted|forged|poured|"
        r"picked|"
        r"rolled|carved|finished)|imported|locally (?:made|grown|sourced)|home[- ]?grown|"
        r"by (?:master )?(?:artisans?|craftsmen)|family[- ](?:run|owned|recipe))",
    ),
    ClaimKind.NUMBER: (
        rf"(?:hundreds|thousands|millions|billions|dozens|scores)(?: of (?:thousands|millions))?"
        rf"(?: of)?|countless (?:{_COUNTED})|(?:everyone|everybody) (?:loves|agrees)|"
        r"(?:twin|dual|double|triple|quadruple)[- ](?:layer\w*|pack|wall\w*|action|sided|motor|"
        r"blade|lens|"
        r"camera|core|zone|glazed|stitched|ply|insulated|pocket\w*)|half a million|"
        rf"(?:nine|eight|seven|four|three|two) (?:out of|in) (?:ten|five|three)|"
        rf"(?<!\d)\d++ (?:out of|in) \d+|★{{2,}}|⭐{{2,}}|most (?:{_COUNTED})",
    ),
    ClaimKind.PERCENTAGE: (
        r"(?<!and a )half (?:a |an )?(?:of|fewer|less|the)|a? ?(?:third|quarter|fifth) (?:off|"
        r"less|more|"
        r"fewer)|"
        r"by (?:about |almost |nearly |over |up to |more than )?(?:a |an |one |two |three )?"
        r"(?:half|thirds?|quarters?|fifths?|tenth)|a fraction of the|"
        r"entirely (?:natural|organic)|two[- ]thirds|three[- ]quarters",
    ),
}  # fmt: skip

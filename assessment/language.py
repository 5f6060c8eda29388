"""What the rules know of a language: its small words, and the words by which a test gives its key away.

Rules that need such words stay silent for a language that has no table here; all others work in every script.
"""

import msgspec

LATIN = "Latin"


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Words are folded. The patterns are regular expressions for folded text.

    `script` is the Unicode script most letters have to be in. `distinctive` are small words that a text of some length
    in this language can hardly do without, and that the other languages here do not share. Every text that a pattern of
    `instructions` finds has a word that begins with one of `order_words`.
    """

    code: str = ""
    script: str = ""
    stop_words: frozenset[str] = frozenset()
    distinctive: frozenset[str] = frozenset()
    absolutes: frozenset[str] = frozenset()
    vague: frozenset[str] = frozenset()
    negatives: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    articles: dict[str, str] = {}
    aggregates: tuple[str, ...] = ()
    unfocused: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    order_words: tuple[str, ...] = ()
    asks_biography: tuple[str, ...] = ()


ENGLISH = Language(
    code="en",
    script=LATIN,
    stop_words=_set(
        "a about after all also an and any are as at be because been before being but by can could did do does during "
        "each for from had has have how i if in into is it its may might more most must no nor not of on once one only "
        "or other our out over own per same shall she should since so some such than that the their them then there "
        "these they this those through to too under until up upon very was we were what when where which while who "
        "whom whose why will with within without would you your yours"
    ),
    distinctive=_set("the of and is are you your which what with that this should would from when how does"),
    absolutes=_set(
        "always never only all none every everyone everything nobody nothing must completely entirely "
        "totally solely exclusively absolutely invariably impossible"
    ),
    vague=_set(
        "sometimes often usually may might generally frequently occasionally possibly perhaps probably rarely seldom"
    ),
    negatives=_set("not except least never cannot isn't aren't doesn't don't shouldn't won't wouldn't"),
    qualifiers=_set("if unless when because since although provided except until whenever whereas"),
    articles={"an": "aeiou", "a": "bcdfghjklmnpqrstvwxyz"},
    aggregates=(
        r"\b(?:all|none|both|neither|either|any|two|some|most|each)\s+(?:of\s+)?(?:the\s+)?(?:above|below|these|those)\b",
        r"\b(?:all|none|both|any|some|most)(?:\s+(?:one|two|three))?\s+(?:of\s+)?(?:the\s+)?(?:other|previous|remaining)\s+(?:options|answers|choices)\b",
        r"\b(?:all|none|both|neither|either)\s+of\s+(?:them|the\s+(?:options|answers|choices))\b",
        r"\b(?:options?|answers?|choices?)\s+(?:[a-d]|[1-4])\b",
        r"\bboth\s+\(?[a-d]\)?\s+and\s+\(?[a-d]\)?(?!\w)",
        r"^\(?[a-d]\)?\s*(?:,|and|or|&)\s*\(?[a-d]\)?(?:\s*(?:,|and|or|&)+\s*\(?[a-d]\)?)*(?:\s+only)?$",
        r"\b(?:the\s+)?(?:first|last|other|previous|preceding)\s+(?:two|three|2|3)\s+(?:options|answers|choices)\b",
        r"\b(?:same|as)\s+as\s+(?:the\s+)?(?:above|first|second|third|fourth|last)\s*(?:option|answer|choice)?$",
    ),
    unfocused=(
        r"\bof\s+the\s+following(?:\s+\w+)?\s+(?:is|are)\s+(?:true|correct|right|false|incorrect|wrong)\b",
        r"\bwhich\s+(?:statement|option|answer|sentence)\s+(?:is|are)\s+(?:true|correct|right|false)\b",
        r"\bwhat\s+is\s+true\s+(?:of|about)\b",
    ),
    order_words=(
        "ignore",
        "choose",
        "select",
        "pick",
        "mark",
        "tick",
        "click",
        "answer",
        "correct",
        "right",
        "key",
        "as",
        "system",
        "developer",
        "lorem",
        "todo",
        "insert",
        "option",
        "choice",
        "distractor",
        "placeholder",
        "tbd",
        "wrong",
        "first",
        "second",
        "third",
        "fourth",
        "last",
        "other",
        "dear",
        "attention",
        "note",
        "passed",
        "congratulations",
        "scored",
        "password",
        "login",
        "credentials",
        "pin",
        "over",
        "read",
        "grader",
        "examiner",
        "teacher",
        "assessor",
        "reviewer",
    ),
    instructions=(
        r"\bignore\s+(?:all\s+|any\s+|the\s+|your\s+|every\s+)*(?:previous|prior|above|earlier|preceding|other)\b",
        r"\b(?:choose|select|pick|mark|tick|click|answer)\s+(?:(?:on\s+)?(?:option|answer|choice)\s+)?\(?[a-d]\)?(?:$|[.,;!?:)])",
        r"\b(?:the\s+)?(?:correct|right)\s+(?:answer|option|choice|one)\s*(?:\bis\b|\bsays\b|\bbegins\b|\bstarts\b|=|:)",
        r"\b(?:answer|key)\s*[:=]\s*\(?[a-d0-4]\)?(?:$|\W)",
        r"\b(?:pick|choose|select|click|take|tick|it\s+is|hint:)\s+(?:on\s+)?(?:the\s+)?(?:first|second|third|fourth|last)\s+(?:one|option|answer|choice)\b",
        r"\bother\s+(?:two|three|options|answers|choices)(?:\s+(?:options|answers|choices))?\s+are\s+(?:all\s+)?(?:wrong|false|incorrect)\b",
        r"\b(?:option|answer|choice)\s+\(?[a-d1-4]\)?\s+(?:wins|is\s+(?:the\s+)?(?:one|right|correct|true|key)\b)",
        r"\bthe\s+answer\s*:",
        r"\bignore\s+the\s+(?:text|question|questions|stem|options|answers)\b",
        r"\b(?:dear|attention,?)\s+(?:candidate|student|reader|examinee|examiner|learner)s?\b",
        r"\bnote\s+to\s+(?:the\s+)?(?:candidate|student|reader|examiner|grader|teacher)\b",
        r"\bmark\s+this\s+(?:student|candidate|person)\b",
        r"\byou\s+have\s+(?:already\s+)?passed(?:\s+already|\s+(?:the|this)\s+(?:test|exam|assessment|quiz)|[.!])",
        r"\bcongratulations\b|\byou\s+scored\b",
        r"\b(?:enter|send|mail|type|give|tell|share)\s+(?:\w+\s+){0,2}your\s+(?:password|login|credentials|pin)\b",
        r"^system\s*:|\b(?:assessment|test|exam|quiz)\s+is\s+over\b",
        r"\bdo\s+not\s+read\s+on\b|\bneed\s+not\s+(?:answer|read)\b",
        r"^(?:grader|examiner|teacher|assessor|reviewer)\s*[:,]",
        r"\bas\s+an?\s+(?:ai|language\s+model|llm|assistant)\b",
        r"\b(?:system|developer)\s+(?:prompt|message|instructions?)\b",
        r"\b(?:lorem\s+ipsum|todo:|insert\s+(?:question|option|text)\s+here)",
        r"^(?:option|answer|choice|distractor|wrong\s+answer)\s*[a-d1-4]?$",
    ),
    asks_biography=(
        r"\b(?:at|for|by|with)\s+(?:which|what)\s+(?:company|employer|firm|organi[sz]ation|institution|school|university|hospital|clinic)\b",
        r"\b(?:which|what)\s+(?:company|employer|firm|organi[sz]ation|institution|issuer|school|university|hospital)\s+(?:did|issued|employed|awarded|was|were|gave|have\s+you|do\s+you)\b",
        r"\b(?:in|since|until)\s+(?:which|what)\s+(?:year|month)\b",
        r"\bwhen\s+did\s+you\s+(?:start|begin|finish|complete|end|leave|join|work|earn|obtain|receive|build)\b",
        r"\b(?:what|which)\s+(?:is|was|were)\s+(?:the\s+)?(?:name|title|role|position|job\s+title|issuer|issuing)\b.*\b(?:your|you)\b",
        r"\b(?:what|which)\s+(?:was|were|is)\s+your\s+(?:job\s+title|title|role|position|employer|company)\b",
        r"\bhow\s+(?:long|many\s+(?:years|months|weeks|hours|patients|people|customers|users|students|charts|visits|beds))\b.*\b(?:did\s+you|you\s+work|your|does\s+the\s+(?:project|profile))\b",
        r"\bhow\s+many\s+(?:\w+\s+){1,3}(?:did|have)\s+you\b",
        r"\bwho\s+(?:issued|awarded|employed|supervised|hired)\b",
        r"\baccording\s+to\s+(?:your|the)\s+(?:profile|project\s+description|description|cv|resume|résumé)\b",
    ),
)

GERMAN = Language(
    code="de",
    script=LATIN,
    stop_words=_set(
        "aber alle als am an auch auf aus bei bis da damit dann das dass dein deine dem den denn der des die dies "
        "diese diesem diesen dieser dieses doch du durch ein eine einem einen einer eines er es für hat haben hier ich "
        "ihr ihre im in ist ja kann kein keine können man mehr mit muss nach nicht noch nur ob oder ohne sein seine "
        "sich sie sind so soll sollte über um und uns unter vom von vor war warum was welche welchem welchen welcher "
        "welches wenn wer werden wie wird wir wird wo wurde zu zum zur zwischen"
    ),
    distinctive=_set(
        "der und ist nicht das ein eine mit auf für dem den welche welcher welches wie wenn Sie wird einer sich werden"
    ),
    absolutes=_set(
        "immer nie niemals nur alle alles keine keiner jeder jede jedes ausschließlich ausnahmslos völlig stets"
    ),
    vague=_set("manchmal oft meistens gewöhnlich vielleicht möglicherweise häufig gelegentlich eventuell selten"),
    negatives=_set("nicht kein keine keiner keines keinen außer ausgenommen"),
    qualifiers=_set("wenn falls weil obwohl sofern außer solange da"),
    articles={"ein": "", "eine": ""},
    aggregates=(
        r"\b(?:alle|keine|keines|beide|nichts)\s+(?:der|von|die)?\s*(?:oben(?:\s*genannten|stehenden)?|obigen|genannten|vorstehenden|antworten|davon|diesen)\b",
        r"\b(?:sowohl\s+)?(?:antwort|option)(?:en)?\s+(?:[a-d]|[1-4])\b",
        r"^\(?[a-d]\)?\s*(?:,|und|oder)\s*\(?[a-d]\)?$",
    ),
    unfocused=(
        r"\bwelche\s+(?:der\s+folgenden\s+)?aussagen?\s+(?:ist|sind|stimmt|trifft)\b",
        r"\bwas\s+(?:ist\s+)?(?:richtig|stimmt)\?",
    ),
    order_words=(
        "ignorier",
        "richtige",
        "wähl",
    ),
    instructions=(
        r"\bignorier\w*\s+(?:alle\s+)?(?:vorherigen|bisherigen|obigen)\b",
        r"\bdie\s+richtige\s+antwort\s+(?:ist|lautet)\b",
        r"\bwähl\w*\s+(?:antwort|option)\s+[a-d]\b",
    ),
    asks_biography=(
        r"\b(?:bei|für)\s+(?:welcher|welchem|welche)\s+(?:firma|unternehmen|arbeitgeber|krankenhaus)\b",
        r"\bin\s+welchem\s+jahr\b",
        r"\bwie\s+(?:hieß|heißt|lautete)\s+(?:ihr|ihre|dein|deine|das|der)\b.*\b(?:projekt|arbeitgeber|firma|titel|zertifikat)\b",
    ),
)

FRENCH = Language(
    code="fr",
    script=LATIN,
    stop_words=_set(
        "à afin ainsi alors après au aucun aussi autre aux avec avant car ce cela ces cet cette chez comme dans de des "
        "donc du elle elles en entre es est et être eu fait il ils je la le les leur leurs lors mais me mes moins mon "
        "ne ni nos notre nous on ont ou où par pas pendant plus pour pourquoi qu quand que quel quelle quelles quels "
        "qui sa sans se sera ses si son sont sous sur ta te tes toi ton tous tout toute très tu un une vers "
        "votre vous y"
    ),
    distinctive=_set("le la les des est une dans pour que quelle quel vous votre avec sur qui du pas cette"),
    absolutes=_set("toujours jamais seulement tous toutes aucun aucune uniquement exclusivement nécessairement"),
    vague=_set("parfois souvent généralement habituellement peut-être éventuellement rarement probablement"),
    negatives=_set("pas jamais sauf excepté aucun aucune"),
    qualifiers=_set("si quand parce puisque lorsque sauf tant pourvu"),
    aggregates=(
        r"\b(?:toutes?|tous|aucune?|les\s+deux)\s+(?:les\s+|des\s+|de\s+ces\s+|ces\s+)?(?:réponses|options|propositions|ci-dessus|précédentes)\b",
        r"\b(?:réponses?|options?)\s+(?:[a-d]|[1-4])\b",
        r"^\(?[a-d]\)?\s*(?:,|et|ou)\s*\(?[a-d]\)?$",
    ),
    unfocused=(r"\blaquelle\s+(?:de\s+ces|des)\s+(?:affirmations|propositions)\s+(?:suivantes\s+)?est\b",),
    order_words=(
        "ignor",
        "bonne",
        "réponse",
        "choisi",
    ),
    instructions=(
        r"\bignor\w*\s+(?:toutes?\s+)?(?:les\s+)?instructions\b",
        r"\bla\s+(?:bonne|réponse\s+correcte)\s*(?:réponse)?\s+est\b",
        r"\bchoisi\w*\s+(?:la\s+)?(?:réponse|l'option|option)\s+[a-d]\b",
    ),
    asks_biography=(
        r"\b(?:dans|pour|chez)\s+quelle\s+(?:entreprise|société|organisation)\b",
        r"\ben\s+quelle\s+année\b",
    ),
)

SPANISH = Language(
    code="es",
    script=LATIN,
    stop_words=_set(
        "a al algo antes aquí así aunque cada como con cual cuál cuando cuándo de del desde donde dónde durante e el "
        "él ella en entre era es esa ese eso esta está este esto fue ha hacia hasta hay la las le les lo los más me mi "
        "mientras muy ni no nos o os otra otro para pero por porque pues que qué quien quién se según ser si sí sin "
        "sobre son su sus también te tiene tras tu un una uno usted y ya"
    ),
    distinctive=_set("el los las una del qué cuál para con por que está su como se al en"),
    absolutes=_set("siempre nunca solo sólo todos todas todo ninguno ninguna únicamente exclusivamente"),
    vague=_set("veces frecuentemente generalmente normalmente quizás quizá posiblemente raramente probablemente"),
    negatives=_set("no nunca excepto salvo menos ninguno ninguna"),
    qualifiers=_set("si cuando porque aunque salvo excepto mientras siempre"),
    aggregates=(
        r"\b(?:todas|ninguna|ambas|todos|ninguno|ambos)\s+(?:las\s+|de\s+las\s+|los\s+)?(?:anteriores|respuestas|opciones)\b",
        r"\b(?:respuestas?|opci(?:ón|ones))\s+(?:[a-d]|[1-4])\b",
        r"^\(?[a-d]\)?\s*(?:,|y|o)\s*\(?[a-d]\)?$",
    ),
    unfocused=(r"\bcuál\s+de\s+las\s+(?:siguientes\s+)?afirmaciones\s+es\b",),
    order_words=(
        "ignor",
        "respuesta",
        "elige",
        "elija",
        "selec",
    ),
    instructions=(
        r"\bignor\w*\s+(?:todas\s+)?(?:las\s+)?instrucciones\b",
        r"\bla\s+respuesta\s+correcta\s+es\b",
        r"\b(?:elige|elija|selecciona|seleccione)\s+(?:la\s+)?(?:respuesta|opción)\s+[a-d]\b",
    ),
    asks_biography=(r"\b(?:en|para)\s+qué\s+(?:empresa|compañía|organización)\b", r"\ben\s+qué\s+año\b"),
)

# Languages without word tables, whose script at least is known.
_SCRIPTS = {
    "ar": "Arabic",
    "el": "Greek",
    "he": "Hebrew",
    "hi": "Devanagari",
    "ru": "Cyrillic",
    "uk": "Cyrillic",
    "th": "Thai",
    "zh": "Han",
    "ja": "Japanese",
    "ko": "Hangul",
}
_LATIN_ONES = ["cs", "da", "fi", "hu", "id", "it", "nl", "no", "pl", "pt", "ro", "sv", "tr", "vi"]

LANGUAGES: dict[str, Language] = {
    **{code: Language(code=code, script=LATIN) for code in _LATIN_ONES},
    **{code: Language(code=code, script=script) for code, script in _SCRIPTS.items()},
    **{language.code: language for language in (ENGLISH, GERMAN, FRENCH, SPANISH)},
}
_UNKNOWN = Language()


def language_of(code: str) -> Language:
    """The table of a language; an empty one for a code that is not known."""
    return LANGUAGES.get(code, _UNKNOWN)

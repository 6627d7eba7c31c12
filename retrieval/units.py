"""What numbers count in: powers of ten, units, currencies, in one spelling each."""

import re

from retrieval.spelling import UNSPACED

SCALES = {
    word: power
    for power, words in {
        2: "hundred hundert", 3: "thousand thousands k tausend tsd mil mille milliers",
        5: "lakh lakhs", 6: "million millions mn mm mio millionen millón millones m",
        7: "crore crores",
        9: "billion billions bn b mrd milliarde milliarden milliard milliards",
        12: "trillion trillions tn t",
    }.items()
    for word in words.split()
}  # fmt: skip
# These are units, too: metres, tonnes, the K of "10-K".
DOUBTFUL = frozenset("k m b t".split())
HAN_SCALES = {"十亿": 9, "十億": 9, "百万": 6, "百萬": 6, "千万": 7, "千萬": 7, "亿": 8, "億": 8,
              "万": 4, "萬": 4, "兆": 12, "千": 3, "만": 4, "억": 8, "조": 12}  # fmt: skip

# Currencies by their codes, which may stand before the number.
_CODES_OF_THREE = (
    "usd|eur|gbp|chf|jpy|cny|rmb|inr|aud|cad|hkd|sgd|nzd|krw|sek|nok|dkk|brl|rub|ils|zar"
)
CODES = f"{_CODES_OF_THREE}|rs"

# A unit's spellings; different units of one row exclude each other.
_KINDS = (
    ("% percent", "pp", "bp", "‰"),
    ("second seconds sec secs sekunde sekunden seconde secondes segundo segundos",
     "minute minutes min mins minuten minuto minutos",
     "hour hours h hr hrs stunde stunden heure heures hora horas",
     "day days tag tage tagen jour jours día días",
     "week weeks woche wochen semaine semaines semanas",
     "month months monat monate monaten mois mes meses",
     "year years jahr jahre jahren ans année années año años",
     "decade decades", "century centuries"),
    ("g gram grams", "kg kilogram kilograms kilo kilos kilogramm", "ton tons tonne tonnes tonnen",
     "lb lbs pound", "oz ounce ounces", "mg"),
    ("mm", "cm", "m metre metres meter meters", "km kilometre kilometres kilometer kilometers",
     "mile miles mi", "ft foot feet", "inch inches"),
    ("kw", "mw megawatt megawatts", "gw gigawatt gigawatts", "kwh", "mwh", "gwh"),
    ("kb", "mb megabyte megabytes", "gb gigabyte gigabytes", "tb"),
    ("°c", "°f"),
)  # fmt: skip
UNITS = {
    word: (kind, spellings.split()[0])
    for kind, row in enumerate(_KINDS)
    for spellings in row
    for word in spellings.split()
}
CURRENCIES = {
    word: name
    for name, words in {
        "$": "$ dollar dollars", "us$": "us$ usd", "c$": "c$ ca$ cad", "a$": "a$ au$ aud",
        "hk$": "hk$ hkd", "s$": "s$ sgd", "nz$": "nz$ nzd", "€": "€ eur euro euros",
        "£": "£ gbp sterling", "¥": "¥ jpy cny rmb yen yuan", "chf": "chf franken francs",
        "₹": "₹ inr rs rupees", "₩": "₩ krw won", "sek": "sek", "nok": "nok", "dkk": "dkk",
        "r$": "r$ brl reais", "₽": "₽ rub rubles", "₺": "₺ try", "₪": "₪ ils", "zar": "zar",
    }.items()
    for word in words.split()
}  # fmt: skip
# Few texts have any of the words in front, and to look for these is quicker than to match.
_SHORTER = (
    ("% point|%-point|cent point|cent-point|age point|age-point|prozentpunkt|ppt|pps"
     "|de pourcentage|porcentual|百分点",
     re.compile(r"(?:percentage|percent|per cent|%)[ -]points?\b|\bprozentpunkten?\b|\bppts?\b"
                r"|\bpps\b|\bpoints? de pourcentage\b|\bpuntos? porcentuales\b|个?百分点"), " pp "),
    ("basis|bps|de base|básicos|基点",
     re.compile(r"\bbasis[ -]points?\b|\bbps\b|\bbasispunkten?\b|\bpoints? de base\b"
                r"|\bpuntos? básicos\b|基点"), " bp "),
    ("cent|pct|prozent|ciento",
     re.compile(r"\b(?:percent|per cent|pct\b\.?|prozent|pour cent|por ciento|procent)\b"), "%"),
    # A space behind a currency: it begins with the digit, which is quick to find.
    ("", re.compile(rf"\d(?:(?<=\b(?:{_CODES_OF_THREE})\d)|(?<=\brs\d))"), r" \g<0>"),
    ("百分之", re.compile(r"百分之\s?(\d+(?:\.\d+)?)"), r" \1% "),
    ("minus |negative ", re.compile(r"\b(?:minus|negative) (?=[$€£¥\d])"), "-"),
    # "mio. eur", "approx. 5".
    (".", re.compile(r"\.(?:(?<=\b(?:mio|mrd|tsd)\.)|(?<=\b(?:bn|mn|ca)\.)|(?<=\bapprox\.)"
                     r"|(?<=\bc\.))(?=\s)"), ""),
)  # fmt: skip
_SHORTENED = tuple((tuple(words.split("|")), pattern, short) for words, pattern, short in _SHORTER)
_DECLARED = re.compile(
    r"[n(|/:$€£](?:(?:(?<=\b[ie]n)|(?<!n))\s?(?:(?:us|hk|a|c)?[$€£¥]|[a-z]{3}\b)?\s?(?:of )?"
    r"(thousands?|millions?|billions?|trillions?|mio|mrd|mn|bn|m|k|milliers|milliards|miles|millones"
    r"|tausend|tsd|millionen|milliarden|'?000s?)\b"
    rf"|(?<=[(|:])\s?[{UNSPACED}]{{0,4}}?(十亿|百万|千万|亿|億|万|萬|千)[{UNSPACED}]{{0,3}}?\s?[)|])"
)


_BLANKS = re.compile(r"  +")


def with_short_units(text: str) -> str:
    """Return the text with units of several words in one: "%", "pp", "bp"."""
    for words, pattern, short in _SHORTENED:
        if any(word in text for word in words):
            text = pattern.sub(short, text)
    return _BLANKS.sub(" ", text)


def declared_powers(text: str) -> frozenset[int]:
    """Return the powers of ten that a text says its figures are in: "(in millions)"."""
    found = (match[1] or match[2] for match in _DECLARED.finditer(text))
    powers = SCALES | HAN_SCALES | {"miles": 3}
    return frozenset(powers.get(word, 3) for word in found)


def exclude_each_other(one: str, other: str) -> bool:
    """Whether two units are different ones of the same kind."""
    mine, theirs = UNITS.get(one), UNITS.get(other)
    return mine is not None and theirs is not None and mine[0] == theirs[0] and mine != theirs


def are_other_money(one: str, other: str) -> bool:
    """Whether two currencies can't be the same; a plain dollar may be any."""
    if not one or not other or one == other:
        return False
    return not ("$" in (one, other) and one[-1] == other[-1])

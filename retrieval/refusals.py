"""How a model says, in whichever language, that the documents do not hold the answer."""

import re
from collections.abc import Sequence

from retrieval.words import words_of

# Of texts that speak of themselves ("this document does not give advice") nothing is said here.
_EN = (
    r"(?<!this )\b(?:documents?|passages?|sources?|excerpts?|context|texts?|materials?|"
    r"information provided)"
)
_DE = (
    r"\b(?:dokument(?:e|en|s)?|unterlagen|quellen?|passagen?|textstellen?|texte?n?|auszüge?n?|"
    r"abschnitte?n?|kontext)\b"
)
_FR = r"\b(?:documents?|passages?|sources?|extraits?|textes?|contexte)\b"
_ES = r"\b(?:documentos?|pasajes?|fragmentos?|textos?|fuentes?|contexto|extractos?)\b"
_ZH = "(?:文档|文件|资料|段落|材料|来源|上下文|文本|文章|片段|文檔|資料|檔案|來源|段落)"
_JA = "(?:文書|資料|ドキュメント|文章|文脈)"

_DE_NOT = (
    r"(?:\bnicht (?:\w+ ){0,2}(?:erwähnt|genannt|enthalten|angegeben|aufgeführt|beschrieben|hervor|"
    r"finden|gefunden|ersichtlich|entnehmen|beantworten|beantwortet|bestimmen)\b|"
    r"\bkeine(?:rlei)? (?:\w+ ){0,2}(?:angaben?|informationen|hinweise?|daten|aussagen?|antwort)\b|"
    r"\bsteht nichts\b)"
)
_REFUSALS = tuple(
    re.compile(pattern)
    for pattern in (
        # Never "we": documents say that of themselves.
        r"\bi(?: am|'m| was)? (?:can't|cannot|can not|could not|couldn't|unable to|not able to|"
        r"do not|don't|did not|didn't) (?:\w+ ){0,2}(?:find|answer|determine|tell|see|know|have|"
        r"locate|provide|identify|say)\b",
        rf"{_EN}\b[^.]{{0,40}}\b(?:do|does|did)(?: not|n't) (?:\w+ ){{0,2}}"
        r"(?:mention|contain|state|provide|specify|say|include|address|discuss|cover|answer|"
        r"give|hold|tell|indicate|reveal|disclose|name)\b",
        r"\b(?:is|are|was|were)(?: not|n't) (?:\w+ ){0,2}(?:mentioned|contained|stated|provided|"
        r"specified|included|found|available|given|covered|discussed|disclosed|named|in)"
        rf"(?: in| by)? (?:\w+ ){{0,2}}{_EN}\b",
        r"\bno (?:\w+ ){0,3}(?:information|mention|data|evidence|reference|indication|details?|"
        rf"answer)\b[^.]{{0,80}}\b(?:in|from|within|by) (?:\w+ ){{0,3}}{_EN}\b",
        rf"{_EN}\b (?:\w+ ){{0,3}}(?:lacks?|omits?|(?:is|are) silent|makes? no mention|"
        r"says? nothing|(?:contains?|provides?|gives?|has|have|holds?) no)\b",
        rf"\b(?:none|neither|nothing) (?:of|in) (?:\w+ ){{0,2}}{_EN}\b",
        rf"\bcan(?:not|'t| not) be (?:found|determined|answered|inferred)\b[^.]{{0,60}}{_EN}\b",
        r"\bich (?:kann|konnte|finde|fand|habe|weiß|sehe)\b[^.]{0,80}\b(?:nichts?|keine[nrsm]?)\b",
        rf"{_DE} (?:\w+ ){{0,3}}(?:enthalten|enthält|erwähn(?:en|t)|nennen|nennt|geben|gibt|sagen|"
        r"sagt|machen|liefern|beantworten)\b[^.]{0,80}\b(?:nichts?|keine?[nrsm]?)\b",
        rf"{_DE}.{{0,120}}{_DE_NOT}|{_DE_NOT}.{{0,120}}{_DE}",
        r"\bje (?:ne |n')\w+[^.]{0,20}\b(?:pas|rien|aucune?)\b",
        rf"{_FR}(?: \w+){{0,3}} (?:ne |n')(?:mentionn|contien|précis|di[st]|indiqu|donn|fourni|"
        r"permet|répond|évoqu|parl|abord|inclu|comport)\w*[^.]{0,20}\b(?:pas|rien|aucune?)\b",
        r"\b(?:n'est|ne sont|n'apparaît|ne figure|ne se trouve) (?:pas|nulle part)\b"
        rf"[^.]{{0,80}}{_FR}",
        r"\baucune? (?:\w+ ){0,2}(?:informations?|mention|données?|indication|réponse|précision)\b"
        rf"[^.]{{0,80}}{_FR}",
        r"\bno (?:puedo|pude|encuentro|encontré|he encontrado|logro|tengo|dispongo)\b",
        rf"{_ES}(?: \w+){{0,3}} no (?:mencion|contien|indic|dic|especific|proporcion|inclu|respond|"
        r"ofrec|aport|habl|detall|aclar|se mencion|se indic|se especific|se encuentr|se dic)\w*",
        r"\bno (?:se (?:mencion|indic|especific|encuentr|dic|proporcion|detall)\w*|está|aparece|"
        r"figura|(?:hay|existen?) (?:\w+ )?(?:información|datos|mención|referencias?))\b"
        rf"[^.]{{0,80}}{_ES}",
        r"\bnon (?:posso|riesco|trovo|ho trovato)\b|\bnão (?:consigo|posso|encontro|encontrei)\b",
        r"\b(?:documenti|passaggi|fonti|testi) (?:\w+ ){0,2}non (?:menzion|conteng|indic|dic|"
        r"specific|forn)\w*",
        r"\b(?:documentos|trechos|passagens|fontes|textos) (?:\w+ ){0,2}não (?:mencion|cont|indic|"
        r"diz|especific|fornec)\w*",
        r"\bik kan\b[^.]{0,80}\b(?:niet|geen)\b|\b(?:documenten|passages|bronnen) (?:\w+ ){0,2}"
        r"(?:vermelden|bevatten|noemen|geven|zeggen)\b[^.]{0,60}\b(?:niets?|geen)\b",
        rf"{_ZH}[^。]{{0,12}}(?:没有|沒有|未|不)\w{{0,2}}?(?:提及|提到|说明|說明|包含|包括|提供|给出|給出|"
        r"涉及|回答|指出|记载|記載|相关|相關)",
        rf"(?:{_ZH}[^。]{{0,20}}|我)(?:无法|無法|不能|未能|找不到|没有找到|沒有找到|未找到)",
        rf"(?:无法|無法|不能|未能|找不到|没有找到|沒有找到|未找到)[^。]{{0,12}}{_ZH}",
        rf"{_JA}[^。]{{0,30}}(?:記載|言及|含まれ|見つか|見当た)[^。]{{0,8}}(?:ない|ません|おらず)",
        r"(?:お答え|回答|見つけることが)でき(?:ない|ません)",
    )
)  # fmt: skip
# What follows goes beside the refusal, or against it.
_TURNS = re.compile(
    r"[;；]|,? \b(?:but|however|yet|although|though|whereas|aber|jedoch|allerdings|doch|mais"
    r"|cependant|toutefois|pero|sin embargo|aunque|ma|però|mas|porém|maar|echter)\b"
    r"|, (?:and|und|et|y|e|en) |，?(?:但是|但|不过|不過|然而|可是)"
)
# About the documents, and nothing that is in them; courtesies.
_BESIDE = re.compile(
    rf"^\W*+(?:they|it|{_EN}|die {_DE}|sie|les {_FR}|ils|los {_ES})?\W*+(?:provided )?"
    r"(?:only|instead|merely|mainly|nur|seulement|solo)?\W*+(?:discuss|describe|cover|focus|mention"
    r"|contain|provide|talk|deal|relate|refer|behandel|beschreib|enthalt|traite|parle|décri|tratan|"
    r"habla|describ)"
    r"|\b(?:sorry|unfortunately|please|let me know|if you|you (?:may|could|can|might)|leider|bitte|"
    r"malheureusement|désolé|lo siento|por favor)\b|抱歉|请|請|申し訳"
)
# Years and quarters are what a refusal is about; other figures are an answer.
_FIGURE = re.compile(r"(?<![\w.])(?!(?:19|20)\d\d\b)\d")
_FEWEST_WORDS = 3
# Nobody takes longer to say no, and looking for it takes time.
_LONGEST = 600


def decline(sentences: Sequence[str], cited: Sequence[str]) -> bool:
    """Whether an answer holds no answer, going by its sentences and by those that cite."""
    beside = False
    for text in cited:
        if not is_refusal(text):
            if not _is_beside(text):
                return False
            beside = True
    return not beside or any(map(is_refusal, sentences))


def is_refusal(sentence: str) -> bool:
    """Whether a sentence says that the documents do not hold the answer, and no more than that."""
    if len(sentence) > _LONGEST:
        return False
    text = " ".join(sentence.replace("’", "'").casefold().split())
    found = _first_refusal(text)
    if found is None or _FIGURE.search(text, 0, found.start()):
        return False
    return not any(_says_something(clause) for clause in _TURNS.split(text))


def _first_refusal(text: str) -> re.Match[str] | None:
    return next((found for one in _REFUSALS if (found := one.search(text))), None)


def _says_something(clause: str) -> bool:
    """Whether a part of a refusal is an answer by itself."""
    if _first_refusal(clause):
        return False
    if _FIGURE.search(clause):
        return True
    return len(set(words_of(clause))) >= _FEWEST_WORDS and not _is_beside(clause)


def _is_beside(text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    return bool(_BESIDE.search(text.casefold())) and not _FIGURE.search(text)

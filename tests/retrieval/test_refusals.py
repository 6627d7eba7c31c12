"""An answer that says the documents do not hold it is none, in any language; a half is one."""

import pytest

from retrieval.refusals import decline, is_refusal


@pytest.mark.parametrize(
    "sentence",
    [
        "I can't find this in the documents.",
        "I’m unable to answer that from the passages.",
        "I'm sorry, but I do not have enough information to answer.",
        "The passages do not explicitly mention the price in 2021.",
        "In 2021, the price is not mentioned in the documents.",
        "The provided documents contain no information about penguins.",
        "There is no mention of penguins in the provided context.",
        "None of the passages say how many there were.",
        "The answer cannot be determined from the text provided.",
        "While the passages discuss revenue, they and the documents do not mention the price.",
        "The documents do not mention the price, but they only describe revenue and its growth.",
        "The context doesn't say, but please upload another document that covers the price.",
        "Ich kann dazu in den Dokumenten nichts finden.",
        "Die Dokumente enthalten keine Angaben zum Preis.",
        "Der Preis wird in den vorliegenden Unterlagen nicht genannt.",
        "Das geht aus den Passagen nicht hervor.",
        "Leider gibt es in den Dokumenten keine Informationen dazu.",
        "Je ne trouve pas cette information dans les documents.",
        "Les passages fournis ne mentionnent pas le prix.",
        "Le prix n'est pas indiqué dans les documents.",
        "Il n'y a aucune information sur le prix dans les extraits.",
        "No puedo encontrar esto en los documentos.",
        "Los documentos no mencionan el precio.",
        "El precio no se especifica en los pasajes proporcionados.",
        "En los documentos no hay información: no se indica en los textos.",
        "Non riesco a trovarlo nei documenti.",
        "Não consigo encontrar isso nos documentos.",
        "Ik kan dit niet in de documenten vinden.",
        "文档中没有提及价格。",
        "我在提供的资料中找不到答案。",
        "根据所提供的文档，无法确定价格。",
        "資料中沒有提供這項資訊。",
        "資料には価格に関する記載がありません。",
    ],
)
def test_a_refusal_is_known_as_one(sentence: str) -> None:
    assert is_refusal(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "We do not have any debt.",
        "Acme said that it could not find a buyer.",
        "This document does not provide legal advice.",
        "The documents do not say what it cost, but Acme sold the factory to its largest customer.",
        "Revenue was $5.2 million, and the documents do not mention costs.",
        "Although revenue was $5.2 million, the documents do not say why.",
        "The documents do not give 2022; in 2021 revenue was 5.2 million.",
        "Die Dokumente nennen den Preis nicht, aber der Umsatz stieg in Basel stark.",
        "In den Dokumenten steht, dass Acme keine Schulden hat.",
        "Les documents ne disent pas le prix, mais Acme a vendu son usine principale à Lyon.",
        "Le texte n'est pas contraignant.",
        "Los documentos no mencionan el precio, pero Acme vendió su fábrica principal en Lima.",
        "文档没有提及价格，但公司在二零二一年的收入大幅增长。",
        "公司无法确定损失的金额。",
        "No shareholder has more than 5%.",
    ],
)
def test_an_answer_is_not(sentence: str) -> None:
    assert not is_refusal(sentence)


@pytest.mark.parametrize(
    ("sentences", "cited", "declined"),
    [
        (["The passages do not mention it.", "They only describe revenue and costs."], [1], True),
        (["The passages do not mention it.", "They mention a revenue of 5.2 million."], [1], False),
        (["The passages do not mention it.", "Acme sells tea in Basel."], [0, 1], False),
        (["They describe revenue and costs."], [0], False),
        (["Acme sells tea."], [], True),
    ],
)
def test_an_answer_declines_when_what_it_cites_is_no_answer(
    sentences: list[str], cited: list[int], *, declined: bool
) -> None:
    assert decline(sentences, [sentences[place] for place in cited]) == declined

"""What documents call what a question asks for: words that are searched for as well.

Reports name the lines of a table where people name what is computed from them, and write out
what people shorten. Words are added to a query; none is ever taken away.
"""

import re

from retrieval.terms import terms_of

# How it is asked, and what stands in the documents.
_LINES = (
    # Statements of a company's accounts.
    (r"balance sheets?", "consolidated balance sheets statement of financial position total assets "
     "total liabilities"),
    (r"cash[- ]flow statements?|statements? of cash flows?",
     "consolidated statements of cash flows operating investing financing activities"),
    (r"income statements?|p ?& ?l|profit and loss|statements? of (?:income|operations)",
     "consolidated statements of income operations earnings"),
    # Lines, and the statement that has them.
    (r"total (?:current )?(?:assets|liabilities)|(?:share|stock)(?:holders|owners)['’]? equity|"
     r"accounts (?:receivable|payable)|inventories|long[- ]term debt",
     "consolidated balance sheets"),
    (r"net (?:income|sales|earnings)|operating income|cost of (?:sales|goods sold)|eps|"
     r"earnings per share|revenues?", "consolidated statements of income"),
    (r"capital expenditures?|capex|dividends? paid|(?:operating|investing|financing) cash flows?",
     "consolidated statements of cash flows"),
    # Figures, and the lines that they are computed from.
    (r"capital[- ]intensive", "property plant and equipment capital expenditures total assets"),
    (r"gross (?:margins?|profits?)", "cost of sales net sales gross profit statements of income"),
    (r"operating (?:margins?|profits?)|ebit", "operating income net sales"),
    (r"ebitda", "earnings before interest taxes depreciation amortization"),
    (r"net (?:margins?|profits?)", "net income net sales"),
    (r"(?:quick|current|liquidity) ratios?",
     "total current assets total current liabilities inventories receivables balance sheet"),
    (r"working capital", "total current assets total current liabilities balance sheet"),
    (r"(?:effective )?tax rates?", "provision for income taxes income before income taxes"),
    (r"inventory turnover|days? (?:of )?inventory|dio", "inventories cost of sales"),
    (r"days? sales outstanding|dso|receivables turnover", "accounts receivable net sales"),
    (r"days? payables? outstanding|dpo", "accounts payable cost of sales"),
    (r"return on (?:assets|equity)|ro[ae]", "net income total assets total equity"),
    (r"debt[- ]to[- ]equity|leverage", "long-term debt total equity total liabilities"),
    (r"free cash flows?", "net cash provided by operating activities purchases of property"),
    (r"dividend payout(?: ratio)?", "dividends paid net income"),
    # Matters of law, and times.
    (r"legal (?:battles?|disputes?|issues?)|law ?suits?|litigations?",
     "litigation legal proceedings contingencies"),
    (r"q1", "first quarter"),
    (r"q2", "second quarter"),
    (r"q3", "third quarter"),
    (r"q4", "fourth quarter"),
)  # fmt: skip
_FISCAL_YEAR = re.compile(r"\bfy\s?'?(?:(?:19|20)\d\d|\d\d)\b", re.IGNORECASE)


def other_words(question: str) -> str:
    """Return words that documents may have in place of the question's; empty if none are known."""
    asked = question.casefold()
    found = [words for pattern, words in _LINES if re.search(rf"\b(?:{pattern})\b", asked)]
    found += [term.names[0] for term in terms_of(question)]
    found += [_year(match.group()) for match in _FISCAL_YEAR.finditer(question)]
    return " ".join(dict.fromkeys(" ".join(found).split()))


def _year(fiscal: str) -> str:
    digits = re.sub(r"\D", "", fiscal)
    return digits if len(digits) == 4 else f"20{digits}"

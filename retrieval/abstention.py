"""When the documents are not enough for a model to be asked, and what is said then."""

from data.settings import SearchSettings
from retrieval.events import Reason
from retrieval.evidence import Evidence
from retrieval.passages import Found

SENTENCES = {
    Reason.NO_DOCUMENTS: (
        "There is no document to answer from yet: upload one, or wait until its indexing is done, "
        "and ask again."
    ),
    Reason.NO_EVIDENCE: (
        "I can't find this in the documents: ask in other words, or upload a document that "
        "covers it."
    ),
}


def reason_to_abstain(found: Found, evidence: Evidence, settings: SearchSettings) -> Reason | None:
    """Return why no model need be asked, or None when one should be."""
    if not found.ready:
        return Reason.NO_DOCUMENTS
    if not found.passages or evidence.is_thin(settings):
        return Reason.NO_EVIDENCE
    return None

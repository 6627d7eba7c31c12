"""Whether what was found can hold an answer at all."""

from data.settings import SearchSettings
from retrieval.passages import Found
from retrieval.words import words_of

# An answer's words may lie in several passages, but not in the tail of the list.
_BEST = 5
# What all of the question's words together weigh against a cosine of 1.
_OVERLAP_WEIGHT = 0.1


def is_thin(question: str, found: Found, settings: SearchSettings) -> bool:
    """Whether nothing found is like the question, in meaning or in words.

    Both count: a paraphrase shares few words with its answer, and a name or a number may have a
    poor vector. Passages with every word are never thin; without a dense leg words alone decide.
    """
    if not found.passages:
        return True
    shared = overlap(question, found)
    if found.best_similarity is None:
        return shared < settings.min_overlap
    return shared < 1 and found.best_similarity + _OVERLAP_WEIGHT * shared < settings.min_evidence


def overlap(question: str, found: Found) -> float:
    """Return the share of the question's content words that the best passages have, 0 to 1."""
    asked = set(words_of(question))
    if not asked:
        return 0.0
    held: set[str] = set()
    for passage in found.passages[:_BEST]:
        held.update(words_of(f"{passage.title or ''} {passage.section} {passage.text}"))
    return len(asked & held) / len(asked)

"""The query of a question: what is searched for, once the conversation is read into it."""

import re

from data.errors import DeadlineExceeded, ModelUnavailable
from retrieval.deadline import Deadline
from retrieval.followups import question_by_rule
from retrieval.markers import without_markers
from retrieval.models.model import Model, Rewriter
from retrieval.passages import Question
from retrieval.refusals import is_refusal

# A longer question needs nothing from the conversation.
_LONGEST = 300
_LONGEST_QUERY = 500
_LABEL = re.compile(
    r"(?i)^[\W_]*(?:(?:rewritten|standalone|last) )?(?:question|query|frage|pregunta)\s*:\s*"
)
_DIGITS = re.compile(r"\d+")


async def query_of(question: Question, model: Model, deadline: Deadline) -> str:
    """Return what to search for: the question itself unless it is a follow-up.

    The model says what it means where it can; a rule does where it can't, fails or is slow.
    """
    asked = question.question
    if not question.history or len(asked) > _LONGEST:
        return asked
    if isinstance(model, Rewriter):
        try:
            said = await model.rewrite(asked, question.history, deadline)
        except (ModelUnavailable, DeadlineExceeded):
            if deadline.remaining() <= 0:
                raise
        else:
            if query := _usable(said, asked):
                return query
    return question_by_rule(asked, question.history)


def _usable(said: str, asked: str) -> str | None:
    """Return what a model said if it can be the question, None when it is something else."""
    line = next((line for line in said.splitlines() if line.strip()), "")
    query = " ".join(without_markers(_LABEL.sub("", line)).split()).strip("\"'“”„«» ")
    if not re.search(r"\w", query) or len(query) > _LONGEST_QUERY or is_refusal(query):
        return None
    # A number that was asked for is never replaced.
    if not set(_DIGITS.findall(asked)) <= set(_DIGITS.findall(query)):
        return None
    return asked if _bare(query) == _bare(asked) else query


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))

"""How an answer that can be taken up may end, besides all other errors (data/errors.py)."""

from data.errors import Conflict, Unavailable


class AnswerCancelled(Conflict):
    """The answer was stopped, as somebody asked for."""

    code = "answer_cancelled"


class AnswerLost(Unavailable):
    """The process that wrote the answer is gone. Ask again."""

    code = "answer_lost"

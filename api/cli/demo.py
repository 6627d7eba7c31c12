"""``footnote demo``: the samples indexed, and one question about them answered."""

from pathlib import Path

import data
from api.cli.add import Wishes, add
from api.cli.ask import Question, ask
from api.cli.target import Target
from api.cli.terminal import say, write

SAMPLES = Path(data.__file__).parent / "samples"
QUESTION = "Why was the light at Gannet Rock dark, and for how long?"


async def tour(target: Target) -> bool:
    """Index the samples, ask about them, and return whether all went well."""
    say("")
    ready = await add(target, sorted(SAMPLES.glob("*.pdf")), Wishes())
    say(f'\n$ footnote ask "{QUESTION}"\n')
    await ask(target, Question(QUESTION), write)
    say(f"\nNow open {target.address}/docs, or ask your own. Ctrl-C ends it.")
    return ready

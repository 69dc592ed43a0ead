"""The one answer to what each reference means, out of all who say something of it: a part of layer S."""

from typing import Literal

import msgspec

from codeintel_enrich.model.linked import Target

Via = Literal["scope", "import", "member", "index"]
"""Who decided: the scopes of the file; imports and what other modules export; the members of modules and classes, found
by name; the SCIP index."""
Certainty = Literal["exact", "dispatch", "candidates"]
"""`exact`: it is this. `dispatch`: the method that the object's static type has; an override of it may run.
`candidates`: one of several."""


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one reference means."""

    target: int
    """Index into `Answers.targets`; -1 where nobody was asked."""
    via: Via | None = None
    """None where the meaning is unknown."""
    certainty: Certainty | None = None
    contradicts: int = -1
    """Index into `Answers.targets` of what another says, who lost; -1 where nobody does."""


class Answers(msgspec.Struct, frozen=True):
    """What the references of one file mean, aligned with layer P by index."""

    targets: tuple[Target, ...] = ()
    """Distinct targets, each once."""
    answers: tuple[Answer, ...] = ()
    """Distinct answers, each once."""
    references: tuple[int, ...] = ()
    """Per reference the index of its answer in `answers`."""

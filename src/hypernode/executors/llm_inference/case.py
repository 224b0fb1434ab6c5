"""A claim that is to be checked, with what it was made from."""

from dataclasses import dataclass

from hypernode.executors.llm_inference.engine import LoraAdapter
from hypernode.executors.llm_inference.input import Input
from hypernode.executors.llm_inference.output import Output
from hypernode.ports import Claim


@dataclass(frozen=True, slots=True)
class Case:
    """A well-formed claim of a model that is here."""

    given: Input
    claim: Claim
    output: Output
    adapter: LoraAdapter | None
    akin: bool  #: It names, by digest, the very model file that is here: so llama.cpp made it, or it lies.
    seed: int  #: Drawn after the claim was made.

    @property
    def cut(self) -> bool:
        """Whether the answer may have been ended by a stop text, whose tokens are missing."""
        return bool(self.given.stop) and self.output.finish_reason == "stop"

    @property
    def constrained(self) -> bool:
        """Whether a grammar may have kept the model from its best tokens."""
        return self.given.schema() is not None or bool(self.given.callable_tools())

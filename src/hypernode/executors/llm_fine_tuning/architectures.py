"""How the families of models that can be tuned are laid out, in transformers and in GGUF."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_BLOCK: Final = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""Parts of a block: GGUF's name -> transformers' name."""
_AROUND: Final = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_TO_GGUF: Final = {name: gguf for gguf, name in _BLOCK.items()}


@dataclass(frozen=True, slots=True)
class Architecture:
    """One family."""

    gguf: str  #: As in `general.architecture`.
    model_class: str  #: Of transformers.
    config_class: str
    interleaved: bool  #: GGUF keeps the rows of each head's q and k in the order of pairs, transformers in halves.


ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "llama": Architecture("llama", "LlamaForCausalLM", "LlamaConfig", interleaved=True),
    "mistral": Architecture("llama", "MistralForCausalLM", "MistralConfig", interleaved=True),
    "qwen2": Architecture("qwen2", "Qwen2ForCausalLM", "Qwen2Config", interleaved=False),
    "qwen3": Architecture("qwen3", "Qwen3ForCausalLM", "Qwen3Config", interleaved=False),
}
"""By transformers' model type. In a GGUF file `llama` stands for mistral too, and both compute alike."""


def from_gguf(name: str) -> str:
    """Transformers' name of a tensor: `blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`.

    Raises KeyError for one that these families do not have.
    """
    stem, _, kind = name.rpartition(".")
    if not stem.startswith("blk."):
        return f"{_AROUND[stem]}.{kind}"
    _, number, part = stem.split(".", 2)
    return f"model.layers.{int(number)}.{_BLOCK[part]}.{kind}"


def to_gguf(layer: str) -> str:
    """GGUF's name of a block's layer, given as in `model.layers.3.self_attn.q_proj`."""
    _, _, number, part = layer.split(".", 3)
    return f"blk.{number}.{_TO_GGUF[part]}"


def halves(rows: Any, heads: int) -> Any:
    """Rows of q or k, from the order of pairs (GGUF) to that of halves (transformers)."""
    return rows.reshape(heads, -1, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def pairs(rows: Any, heads: int) -> Any:
    """Rows of q or k, from the order of halves (transformers) to that of pairs (GGUF), as llama.cpp's converters do."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def heads_of(part: str, heads: int, key_heads: int) -> int | None:
    """Into how many heads the rows of a layer are ordered; None for all but q and k. Takes either name."""
    if part.endswith(("q_proj", "attn_q")):
        return heads
    return key_heads if part.endswith(("k_proj", "attn_k")) else None

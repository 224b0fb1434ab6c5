"""Loads a base model into torch: safetensors as they are, GGUF unquantised into a model of the same family."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypernode.executors.llm_fine_tuning.architectures import ARCHITECTURES, from_gguf, halves, heads_of
from hypernode.executors.llm_fine_tuning.bases import Base, model_type
from hypernode.executors.llm_fine_tuning.gguf_file import GgufFile, NotReadable
from hypernode.executors.llm_fine_tuning.settings import FineTuningSettings
from hypernode.ports import ExecutionFailed


@dataclass(frozen=True, slots=True)
class Loaded:
    """A base in memory, frozen."""

    model: Any
    tokenizer: Any
    kind: str  #: Key into ARCHITECTURES.
    device: str  #: cpu or cuda.
    dtype: Any
    quantized: bool


def prepare(settings: FineTuningSettings) -> None:
    """Make this process deterministic, and keep it off the network. Comes before any work with torch."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it.
    torch = import_module("torch")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(settings.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    import_module("transformers").utils.logging.disable_progress_bar()


def refuse_quantisation() -> None:
    """Raises ExecutionFailed where this machine has no CUDA GPU or no bitsandbytes."""
    if not import_module("torch").cuda.is_available():
        raise ExecutionFailed(
            "QLoRA (quantize: nf4) needs a CUDA GPU, and this node has none: quantize: none runs here"
        )
    if not find_spec("bitsandbytes"):
        raise ExecutionFailed("QLoRA (quantize: nf4) needs the package bitsandbytes, and this node lacks it")


def load(base: Base, quantize: str) -> Loaded:
    """The base, ready for adapters. The last one stays in memory. Raises ExecutionFailed."""
    try:
        return _load(base.path, model_type(base), quantize)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        ArithmeticError,
        RuntimeError,
    ) as error:  # NotReadable is a ValueError.
        raise ExecutionFailed(
            f"{base.name} cannot be loaded: {error}", blames_input=base.brought and isinstance(error, NotReadable)
        ) from error


@lru_cache(maxsize=1)
def _load(path: Path, kind: str, quantize: str) -> Loaded:
    torch, transformers = import_module("torch"), import_module("transformers")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    how: dict[str, Any] = {
        "dtype": dtype,
        "attn_implementation": "sdpa",
        "local_files_only": True,
        "output_loading_info": True,
    }
    quantized = quantize == "nf4"
    if quantized:
        how["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
        )
    model_class = getattr(transformers, ARCHITECTURES[kind].model_class)
    if path.is_dir():
        model, info = model_class.from_pretrained(path, use_safetensors=True, trust_remote_code=False, **how)
        named = {"pretrained_model_name_or_path": path}
    else:
        file = GgufFile(path)
        config = _config(file, kind)
        weights = dict(_weights(file, config, dtype))
        model, info = model_class.from_pretrained(None, config=config, state_dict=weights, **how)
        named = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    for what in ("missing_keys", "unexpected_keys"):  # Missing ones would be drawn at random.
        if info[what]:
            raise NotReadable(f"{what.replace('_keys', '')} weights: {sorted(info[what])[0]}")
    tokenizer = transformers.AutoTokenizer.from_pretrained(**named, local_files_only=True, trust_remote_code=False)
    model = model if quantized else model.to(device)
    return Loaded(model.requires_grad_(False), tokenizer, kind, device, dtype, quantized)


def _config(file: GgufFile, kind: str) -> Any:
    """Transformers' configuration from GGUF's metadata."""
    given, tensors = file.metadata, file.tensors
    if given[f"{kind}.block_count"] > len(tensors):  # Before so many are made.
        raise NotReadable(f"{given[f'{kind}.block_count']} blocks are declared, and {len(tensors)} tensors are there")
    heads, width = given[f"{kind}.attention.head_count"], given[f"{kind}.embedding_length"]
    return getattr(import_module("transformers"), ARCHITECTURES[kind].config_class)(
        hidden_size=width,
        intermediate_size=given[f"{kind}.feed_forward_length"],
        num_hidden_layers=given[f"{kind}.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=given.get(f"{kind}.attention.head_count_kv", heads),
        head_dim=given.get(f"{kind}.attention.key_length", width // heads),
        max_position_embeddings=given[f"{kind}.context_length"],
        rms_norm_eps=given[f"{kind}.attention.layer_norm_rms_epsilon"],
        rope_parameters={"rope_type": "default", "rope_theta": given.get(f"{kind}.rope.freq_base", 10_000.0)},
        vocab_size=tensors["token_embd.weight"].shape[0],
        tie_word_embeddings="output.weight" not in tensors,
        bos_token_id=given.get("tokenizer.ggml.bos_token_id"),
        eos_token_id=given.get("tokenizer.ggml.eos_token_id"),
        pad_token_id=given.get("tokenizer.ggml.padding_token_id"),
    )


def _weights(file: GgufFile, config: Any, dtype: Any) -> Iterator[tuple[str, Any]]:
    """Transformers' name and the tensor of all weights."""
    torch = import_module("torch")
    interleaved = ARCHITECTURES[config.model_type].interleaved
    for name in file.tensors:
        values = file.tensor(name)
        heads = heads_of(name.rpartition(".")[0], config.num_attention_heads, config.num_key_value_heads)
        if interleaved and heads:
            values = halves(values, heads)
        yield from_gguf(name), torch.tensor(values, dtype=dtype)

"""Models and adapters for tests, made from the small packaged one by changing bytes of its file."""

import re
import struct
from pathlib import Path

import gguf
import numpy as np

from hypernode.executors.llm_inference.models import find_models

MODEL = "smollm2-135m-instruct"
LAYERS, WIDTH = 30, 576
Q4_1_BLOCK = 20  # Scale and minimum of two bytes each, then 32 weights of four bits.

TOOLS_TEMPLATE = """\
{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n\\nFunction signatures within <tools></tools> XML tags:\\n<tools>' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- '\\n</tools>\\n\\nFor each function call, return a json object within <tool_call></tool_call> XML tags:\\n' }}
    {{- '<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == "assistant" and message.tool_calls %}
        {{- '<|im_start|>assistant' }}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def packaged() -> Path:
    return find_models(None)[MODEL]


def model_with_tools(path: Path) -> Path:
    """The same weights, with a chat template that knows tools. A comment keeps what follows aligned."""
    data = packaged().read_bytes()
    key = b"tokenizer.chat_template"
    at = data.index(key) + len(key) + 4  # After the key and its type: length and bytes of the text.
    (length,) = struct.unpack_from("<Q", data, at)
    template = TOOLS_TEMPLATE.encode()
    template += b"{#" + b" " * ((length - len(template) - 4) % 32) + b"#}"
    path.write_bytes(data[:at] + struct.pack("<Q", len(template)) + template + data[at + 8 + length :])
    return path


def altered_model(path: Path) -> Path:
    """Weights of three bits in place of four, which would be cheaper to run."""
    data = bytearray(packaged().read_bytes())
    found = list(re.finditer(rb"(?:blk\.\d+\.[a-z_]+|token_embd|output_norm)\.weight", data[: 4 << 20]))
    tensors = []
    for name in found:
        (dimensions,) = struct.unpack_from("<I", data, name.end())
        *shape, kind, offset = struct.unpack_from(f"<{dimensions}QIQ", data, name.end() + 4)
        tensors.append((shape, kind, offset))
    end = found[-1].end() + 4 + 8 * len(tensors[-1][0]) + 12
    start = -(-end // 32) * 32
    three_bits = bytes(byte & 0xEE for byte in range(256))
    for shape, kind, offset in tensors:
        if kind == gguf.GGMLQuantizationType.Q4_1:
            size = shape[0] * shape[1] // 32 * Q4_1_BLOCK
            for weight in range(4, Q4_1_BLOCK):
                place = slice(start + offset + weight, start + offset + size, Q4_1_BLOCK)
                data[place] = data[place].translate(three_bits)
    path.write_bytes(data)
    return path


def adapter(path: Path, *, width: int = WIDTH) -> Path:
    """A LoRA adapter of chance that turns the model's answers around."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 16.0)
    chance = np.random.default_rng(1)
    for layer in range(LAYERS):
        name = f"blk.{layer}.attn_q.weight"
        writer.add_tensor(f"{name}.lora_a", chance.normal(0, 0.05, (8, width)).astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", chance.normal(0, 0.05, (width, 8)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path

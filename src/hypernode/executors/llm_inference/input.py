"""What a job of llm_inference asks for."""

from typing import Annotated, Any, Final, Literal

import msgspec

from hypernode.protocol.artifacts import Sha256

MAX_TOKENS: Final = 4096
"""Of an answer."""
MAX_MESSAGES: Final = 1_000
MAX_TEXT_CHARS: Final = 1 << 20
"""Of a prompt or a message; the body of a request is bounded by less."""
MAX_EMBEDDED: Final = 2_048
"""Texts that one job turns into vectors."""
MAX_TOOLS: Final = 128
MAX_SCHEMA_BYTES: Final = 64 << 10
"""Of the JSON Schemas of a job, all together."""
MAX_SCHEMA_DEPTH: Final = 32
"""Levels of lists and objects in a JSON Schema."""
MAX_LOGPROBS: Final = 8_192
"""Tokens whose log-probability a result may list, those of the alternatives included; it stays below 1 MiB."""

Name = Annotated[str, msgspec.Meta(pattern="^[a-zA-Z0-9_-]+$", min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)]


class FunctionCall(msgspec.Struct, rename="camel", frozen=True):
    """Which function the model calls, with what."""

    name: Name
    arguments: Text  #: A JSON object, as text.


class ToolCall(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A call that the model asks for."""

    id: Annotated[str, msgspec.Meta(max_length=256)]
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One turn of a chat. An assistant's turn may hold calls; a tool's turn is the answer to one."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Text | None = None
    tool_calls: Annotated[list[ToolCall], msgspec.Meta(max_length=MAX_TOOLS)] = []
    tool_call_id: Annotated[str, msgspec.Meta(max_length=256)] | None = None  #: The call that a tool answers.

    def __post_init__(self) -> None:
        if self.content is None and not self.tool_calls:
            raise ValueError(f"a message by {self.role} needs content")
        if self.tool_calls and self.role != "assistant":
            raise ValueError("only an assistant's message has toolCalls")
        if (self.role == "tool") != (self.tool_call_id is not None):
            raise ValueError("a message by a tool, and no other, names its toolCallId")


class Function(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the model may call."""

    name: Name
    description: Annotated[str, msgspec.Meta(max_length=8_192)] = ""
    parameters: dict[str, Any] = {}  #: A JSON Schema of type object.


class Tool(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As in OpenAI's API."""

    type: Literal["function"] = "function"
    function: Function


class Named(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A function by its name."""

    name: Name


class ToolChoice(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The one function that the model must call."""

    type: Literal["function"] = "function"
    function: Named


class JsonSchema(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the answer must look like."""

    name: Name = "answer"
    schema: dict[str, Any]
    strict: bool = True  #: The answer always keeps to the schema, whatever is said here.


class ResponseFormat(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """OpenAI's `response_format`, in camel case."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    def __post_init__(self) -> None:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("jsonSchema goes with type json_schema, and that type needs it")

    def schema(self) -> dict[str, Any] | None:
        """What a text must match, or None where it is free."""
        if self.json_schema:
            return self.json_schema.schema
        return {"type": "object"} if self.type == "json_object" else None


class Adapter(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A LoRA adapter in GGUF form, as llm_fine_tuning makes it for the job's model; loaded for this job alone."""

    sha256: Sha256
    scale: Annotated[float, msgspec.Meta(gt=0, le=16)] = 1.0


class Input(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A chat; a prompt, which is a chat of one message by the user; or texts to turn into vectors."""

    prompt: Text | None = None
    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=MAX_MESSAGES)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKENS)] = 256
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.7  #: 0 always takes the likeliest token.
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32 - 1)] | None = None  #: Without one, the node draws it.
    stop: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=256)]], msgspec.Meta(max_length=4)
    ] = []  #: The answer ends before any of these.
    logprobs: bool = False  #: Give the log-probability of each token of the answer.
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0  #: As many alternatives to each; needs logprobs.
    response_format: ResponseFormat | None = None  #: The answer is JSON of this form.
    tools: Annotated[list[Tool], msgspec.Meta(max_length=MAX_TOOLS)] = []  #: Functions that the model may call.
    tool_choice: Literal["none", "auto", "required"] | ToolChoice = "auto"
    adapter: Adapter | None = None  #: A LoRA adapter on top of the model.
    embed: (
        Annotated[
            list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT_CHARS)]],
            msgspec.Meta(min_length=1, max_length=MAX_EMBEDDED),
        ]
        | None
    ) = None  #: Texts to turn into vectors, in place of prompt and messages.

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.prompt, self.messages, self.embed)) != 1:
            raise ValueError("give exactly one of prompt, messages and embed")
        if self.embed is not None and (self.tools or self.response_format or self.logprobs):
            raise ValueError("tools, responseFormat and logprobs go with prompt or messages, not with embed")
        if self.top_logprobs and not self.logprobs:
            raise ValueError("topLogprobs needs logprobs: true")
        if self.top_logprobs and self.max_tokens * (1 + self.top_logprobs) > MAX_LOGPROBS:
            raise ValueError(f"maxTokens * (1 + topLogprobs) is at most {MAX_LOGPROBS}")
        if self.tools and self.schema() is not None:
            raise ValueError("give tools or a JSON responseFormat, not both")
        self._check_tools()
        if schemas := [*(tool.function.parameters for tool in self.tools), *filter(None, [self.schema()])]:
            _check_schemas(schemas)

    def _check_tools(self) -> None:
        names = [tool.function.name for tool in self.tools]
        if len(set(names)) < len(names):
            raise ValueError("two tools have one name")
        if not names and self.tool_choice not in ("none", "auto"):
            raise ValueError("toolChoice needs tools")
        if isinstance(self.tool_choice, ToolChoice) and self.tool_choice.function.name not in names:
            raise ValueError(f"toolChoice names no tool: {self.tool_choice.function.name}")

    def chat(self) -> list[Message]:
        """The messages, in whichever way they were given."""
        return self.messages or [Message("user", self.prompt or "")]

    def schema(self) -> dict[str, Any] | None:
        """The JSON Schema of the answer, or None where it is free text."""
        return self.response_format.schema() if self.response_format else None

    def callable_tools(self) -> list[Tool]:
        """Those that the model may call: none, all, or the one it must."""
        if isinstance(self.tool_choice, ToolChoice):
            return [tool for tool in self.tools if tool.function.name == self.tool_choice.function.name]
        return [] if self.tool_choice == "none" else self.tools

    def must_call(self) -> bool:
        """Whether an answer without a call is none."""
        return bool(self.tools) and self.tool_choice not in ("none", "auto")


def _check_schemas(schemas: list[dict[str, Any]]) -> None:
    if sum(len(msgspec.json.encode(schema)) for schema in schemas) > MAX_SCHEMA_BYTES:
        raise ValueError(f"the JSON Schemas of a job have at most {MAX_SCHEMA_BYTES} bytes together")
    if max(map(_depth, schemas)) > MAX_SCHEMA_DEPTH:
        raise ValueError(f"a JSON Schema has at most {MAX_SCHEMA_DEPTH} levels")


def _depth(value: Any) -> int:
    """Levels of lists and objects. Callers bound the size; what comes off a wire is bounded in depth, too."""
    if isinstance(value, dict | list):
        return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)
    return 0

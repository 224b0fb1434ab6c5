"""A job in OpenAI's format, which every engine speaks."""

from typing import Any

import msgspec

from hypernode.executors.llm_inference.input import Input, Message


def chat_body(given: Input, model: str, seed: int) -> dict[str, Any]:
    """The body of a request for a streamed answer."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in given.chat()],
        "max_tokens": given.max_tokens,
        "temperature": given.temperature,
        "top_p": given.top_p,
        "seed": seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if given.stop:
        body["stop"] = given.stop
    if given.logprobs:
        # llama.cpp takes none as: no logprobs at all.
        body |= {"logprobs": True, "top_logprobs": max(1, given.top_logprobs)}
    if (schema := given.schema()) is not None:
        # json_object as a schema: engines differ in what they let pass under that name.
        answer = {"name": "answer", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": answer}
    if tools := given.callable_tools():
        # A tool that must be called is offered alone: not every engine can name one of several.
        body["tools"] = msgspec.to_builtins(tools)
        body["tool_choice"] = "required" if given.must_call() else "auto"
    return body


def _message(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["tool_calls"] = msgspec.to_builtins(message.tool_calls)
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body

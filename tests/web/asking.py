"""What a customer does on the pages of jobs, in their words."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

COMPLETED = re.compile(r"^Completed in")


@dataclass(frozen=True, slots=True)
class Question:
    """To a language model."""

    prompt: str
    most_tokens: int = 48


def ask(page: Page, question: Question) -> str:
    """Fill in the form of a chat and submit it; the job's id."""
    page.goto("/compute")
    page.get_by_role("radio", name="Ask a language model").click()
    page.get_by_label("Prompt").fill(question.prompt)
    for label, value in (("Max tokens", str(question.most_tokens)), ("Temperature", "0")):
        field = page.get_by_label(label)
        if not field.is_visible():
            page.locator("summary", has_text=label).click()
        field.fill(value)
    page.get_by_role("button", name="Submit the job").click()
    page.wait_for_url(re.compile(r"/compute/[0-9a-f-]{36}$"))
    return page.url.rsplit("/", 1)[1]


def answer(page: Page) -> Locator:
    """What the model says: its words stand below its name."""
    chat = page.locator("section", has=page.get_by_role("heading", name="Chat"))
    return chat.get_by_role("listitem").last.get_by_role("paragraph").nth(1)


def watch(page: Page) -> list[str]:
    """All states of the answer that were to be seen, until the job is complete."""
    done, words, seen = page.get_by_text(COMPLETED), answer(page), [""]
    while not done.count():
        if words.count() and (now := words.inner_text()) != seen[-1]:
            seen.append(now)
    seen.append(words.inner_text())
    return seen

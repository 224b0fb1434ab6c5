"""The web app's checks of receipts are held to what our own code says today."""

from tests.chain.receipt_vectors import PATH, vectors


def test_the_vectors_are_current():
    assert PATH.read_text() == vectors(), "run `python -m tests.chain.receipt_vectors` and see that the web app agrees"

"""Merkle trees against Certificate Transparency's published vectors, and against their own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypernode.domain.merkle import Tree, leaf_hash, verify

# From certificate-transparency's merkletree tests: eight entries, the roots of the first n, some audit paths.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = [
    (0, 1, []),
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip

HASHES = st.integers(0, 10**9).map(lambda number: leaf_hash(str(number).encode()))
TREES = st.lists(HASHES, min_size=1, max_size=70, unique=True)


def tree_of(size: int) -> Tree:
    return Tree([leaf_hash(entry) for entry in ENTRIES[:size]])


def test_roots_are_those_of_certificate_transparency():
    assert [tree_of(size).root.hex() for size in range(9)] == [EMPTY_ROOT, *ROOTS]


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_audit_paths_are_those_of_certificate_transparency(index: int, size: int, path: list[str]):
    assert [sibling.hex() for sibling in tree_of(size).proof(index)] == path


@given(TREES, st.data())
def test_every_leaf_is_proved_in_its_place_and_in_no_other(leaves: list[bytes], data: st.DataObject):
    tree = Tree(leaves)
    index, other = (data.draw(st.integers(0, len(leaves) - 1)) for _ in range(2))
    proof = tree.proof(index)

    assert verify(leaves[index], index, tree.size, proof, tree.root)
    assert verify(leaves[index], other, tree.size, proof, tree.root) == (index == other)
    assert verify(leaves[other], index, tree.size, proof, tree.root) == (index == other)
    assert not verify(leaves[index], index, tree.size, [*proof, tree.root], tree.root)
    assert not verify(leaves[index], index, tree.size, proof, leaf_hash(b"other"))
    assert not verify(leaves[index], tree.size, tree.size, proof, tree.root)
    if proof:
        assert not verify(leaves[index], index, tree.size, proof[:-1], tree.root)
        assert not verify(leaves[index], index, tree.size, [leaf_hash(b"forged"), *proof[1:]], tree.root)


def test_ten_thousand_leaves_are_all_proved():
    tree = Tree([leaf_hash(str(number).encode()) for number in range(10_000)])

    assert all(
        verify(leaf_hash(str(number).encode()), number, 10_000, tree.proof(number), tree.root)
        for number in range(10_000)
    )


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int):
    with pytest.raises(IndexError):
        tree_of(3).proof(index)

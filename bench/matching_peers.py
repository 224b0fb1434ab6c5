"""The matchers that `bench.matching` compares: our index and its peers, behind one small interface."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString, Protocol, cast
from uuid import UUID

import classad2
import numpy as np
import psycopg

from hypernode.domain.blocks import rank_of
from hypernode.domain.demand import DEFAULT_MODEL, Demand, NodeFacts
from hypernode.domain.matching import NodeIndex

WHOLE: Final = 1 << 30  #: No network has as many nodes.


class Matcher(Protocol):
    """Knows all nodes and which are free."""

    def take(self, demand: Demand) -> UUID | None:
        """The best free node, which is busy from now on."""
        ...

    def set_free(self, node_ids: Collection[UUID], free: bool) -> None: ...

    def rest(self) -> None:
        """Do what is done in quiet times."""


class Ours(Matcher):
    """The coordinator's index."""

    def __init__(self, nodes: Sequence[NodeFacts], busy: Collection[UUID]) -> None:
        self.index = NodeIndex()
        for node in nodes:
            self.index.put(node, node.node_id not in busy)

    def take(self, demand: Demand) -> UUID | None:
        node_id = self.index.match(demand)
        if node_id is not None:
            self.index.set_free(node_id, False)
        return node_id

    def set_free(self, node_ids: Collection[UUID], free: bool) -> None:
        for node_id in node_ids:
            self.index.set_free(node_id, free)


class Numpy(Matcher):
    """A column an attribute in the order of rank, compared whole; sets of names are bits of an integer.

    With `block`, so many nodes are compared at a time, and the first block that has one ends the search.
    """

    def __init__(self, nodes: Sequence[NodeFacts], busy: Collection[UUID], block: int = WHOLE) -> None:
        nodes = sorted(nodes, key=rank_of)
        self._block = block
        self._ids = [node.node_id for node in nodes]
        self._places = {node_id: place for place, node_id in enumerate(self._ids)}
        self._offer_bits, self._capability_bits = dict[str, int](), dict[str, int]()
        self._countries, self._gpus, self._wallets = dict[str, int](), dict[str, int](), {"": 0}
        self._price = np.array([node.price for node in nodes], np.int64)
        self._free = np.array([node.node_id not in busy for node in nodes])
        self._offers = np.array([_bits(self._offer_bits, offers_of(node)) for node in nodes], np.int64)
        self._warm = np.array([_bits(self._offer_bits, warm_of(node)) for node in nodes], np.int64)
        self._capabilities = np.array([_bits(self._capability_bits, node.capabilities) for node in nodes], np.int64)
        self._vram = np.array([node.vram_mb for node in nodes], np.int32)
        self._ram = np.array([node.ram_mb for node in nodes], np.int32)
        self._cuda = np.array([number_of(node.cuda) for node in nodes], np.int32)
        self._reputation = np.array([node.reputation for node in nodes])
        self._isolation = np.array([node.isolation.rank for node in nodes], np.int8)
        self._country = np.array([_code(self._countries, node.country) for node in nodes], np.int16)
        self._gpu = np.array([_code(self._gpus, node.gpu_model.lower()) for node in nodes], np.int16)
        self._owner = np.array([_code(self._wallets, owner_of(node)) for node in nodes], np.int32)

    def take(self, demand: Demand) -> UUID | None:
        within, first = int(np.searchsorted(self._price, demand.price_limit, "right")), -1
        warm = _bits(self._offer_bits, [offer_of(demand)])
        for start in range(0, within, self._block):
            part = slice(start, min(start + self._block, within))
            found = self._fit(demand, part)
            preferred = found & ((self._warm[part] & warm) != 0)
            if preferred[best := int(preferred.argmax())]:
                return self._occupy(start + best)
            if first < 0 and found[best := int(found.argmax())]:
                first = start + best
        return self._occupy(first) if first >= 0 else None

    def set_free(self, node_ids: Collection[UUID], free: bool) -> None:
        for node_id in node_ids:
            self._free[self._places[node_id]] = free

    def _occupy(self, place: int) -> UUID:
        self._free[place] = False
        return self._ids[place]

    def _fit(self, job: Demand, part: slice) -> np.ndarray:
        capabilities = _bits(self._capability_bits, job.capabilities)
        found = self._free[part] & ((self._offers[part] & _bits(self._offer_bits, [offer_of(job)])) != 0)
        if capabilities:
            found &= (self._capabilities[part] & capabilities) == capabilities
        for column, least in (
            (self._vram, job.min_vram_mb),
            (self._ram, job.min_ram_mb),
            (self._cuda, number_of(job.cuda)),
            (self._reputation, job.min_reputation),
            (self._isolation, job.min_isolation.rank),
        ):
            if least:
                found &= column[part] >= least
        if job.countries:
            found &= _any(self._country[part], self._countries, lambda name: name in job.countries)
        if job.gpu_model:
            found &= _any(self._gpu[part], self._gpus, lambda name: job.gpu_model in name)
        owner = self._owner[part]
        return found & ((owner == 0) | (owner == self._wallets.get(job.customer, 0)) if job.customer else owner == 0)


def _any(column: np.ndarray, codes: Mapping[str, int], accepts: Callable[[str], bool]) -> np.ndarray:
    return np.array([accepts(name) for name in codes])[column]


def _code(codes: dict[str, int], name: str) -> int:
    return codes.setdefault(name, len(codes))


def _bits(codes: dict[str, int], names: Iterable[str]) -> int:
    return sum(1 << _code(codes, name) for name in names)


class Sql(Matcher):
    """A table with an index in the order of rank of the free nodes, and one of what nodes offer.

    One prepared statement for each set of requirements that occurs, so that none is evaluated for nothing. No commit
    waits for the disk.
    """

    def __init__(self, nodes: Sequence[NodeFacts], busy: Collection[UUID], dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=0)
        self._connection.prepared_max = None
        self._connection.execute("SET synchronous_commit = off")
        self._connection.execute(TABLE)
        with self._connection.cursor() as cursor, cursor.copy("COPY node FROM STDIN") as copy:
            for node in nodes:
                copy.write_row(_row(node, node.node_id not in busy))
        for index in INDEXES:
            self._connection.execute(index)
        self._connection.execute("VACUUM ANALYZE node")

    def take(self, demand: Demand) -> UUID | None:
        asked = _asked(demand)
        fits = " AND ".join(CLAUSES[name] for name in asked)
        statement = cast(LiteralString, TAKE.format(fits=fits))
        row = self._connection.execute(statement, {**asked, "offer": [offer_of(demand)]}).fetchone()
        return row[0] if row else None

    def set_free(self, node_ids: Collection[UUID], free: bool) -> None:
        self._connection.execute("UPDATE node SET free = %s WHERE node_id = ANY(%s)", (free, list(node_ids)))

    def rest(self) -> None:
        self._connection.execute("VACUUM node")

    def size(self) -> int:
        """Bytes of the table and its indexes."""
        row = self._connection.execute("SELECT pg_total_relation_size('node')").fetchone()
        assert row is not None
        return row[0]

    def close(self) -> None:
        self._connection.execute("DROP TABLE node")
        self._connection.close()


TABLE: Final = """
CREATE TABLE node (
    node_id uuid NOT NULL, free boolean NOT NULL, price bigint NOT NULL, reputation double precision NOT NULL,
    vram_mb integer NOT NULL, ram_mb integer NOT NULL, cuda integer NOT NULL, isolation smallint NOT NULL,
    gpu_model text NOT NULL, country text NOT NULL, owner text NOT NULL, capabilities text[] NOT NULL,
    offers text[] NOT NULL, warm text[] NOT NULL
) WITH (fillfactor = 80)
"""
INDEXES: Final = (
    "ALTER TABLE node ADD PRIMARY KEY (node_id)",
    "CREATE INDEX ON node (price, reputation DESC, node_id) WHERE free",
    "CREATE INDEX ON node USING gin (offers)",
    "CREATE INDEX ON node USING gin (warm)",
)
CLAUSES: Final[Mapping[str, str]] = {
    "price_limit": "price <= %(price_limit)s",
    "vram_mb": "vram_mb >= %(vram_mb)s",
    "ram_mb": "ram_mb >= %(ram_mb)s",
    "cuda": "cuda >= %(cuda)s",
    "reputation": "reputation >= %(reputation)s",
    "isolation": "isolation >= %(isolation)s",
    "countries": "country = ANY(%(countries)s)",
    "gpu_model": "position(%(gpu_model)s IN gpu_model) > 0",
    "capabilities": "capabilities @> %(capabilities)s",
    "owners": "owner = ANY(%(owners)s)",
}
TAKE: Final = """
WITH best AS MATERIALIZED (
    (SELECT node_id FROM node WHERE free AND warm @> %(offer)s AND offers @> %(offer)s AND {fits}
    ORDER BY price, reputation DESC, node_id LIMIT 1)
    UNION ALL
    (SELECT node_id FROM node WHERE free AND offers @> %(offer)s AND {fits}
    ORDER BY price, reputation DESC, node_id LIMIT 1)
    LIMIT 1
)
UPDATE node SET free = false WHERE node_id = (SELECT node_id FROM best) RETURNING node_id
"""
"""Where a node has the model loaded, the second half is never run."""


def _row(node: NodeFacts, free: bool) -> Sequence[Any]:
    return (
        *(node.node_id, free, node.price, node.reputation, node.vram_mb, node.ram_mb, number_of(node.cuda)),
        *(node.isolation.rank, node.gpu_model.lower(), node.country, owner_of(node)),
        *(list(node.capabilities), list(offers_of(node)), list(warm_of(node))),
    )


def _asked(job: Demand) -> dict[str, Any]:
    """The parameters of the requirements that a job has."""
    asked = {
        "vram_mb": job.min_vram_mb,
        "ram_mb": job.min_ram_mb,
        "cuda": number_of(job.cuda),
        "reputation": job.min_reputation,
        "isolation": job.min_isolation.rank,
        "countries": list(job.countries),
        "gpu_model": job.gpu_model,
        "capabilities": list(job.capabilities),
    }
    always = {"price_limit": job.price_limit, "owners": list({"", job.customer})}
    return always | {name: value for name, value in asked.items() if value}


class ClassAds(Matcher):
    """HTCondor's language through its own bindings: each free machine's ad is evaluated, the best rank wins.

    As is usual there, what a machine offers are attributes of its own (`Has_...`), which are quicker than lists.
    """

    def __init__(self, nodes: Sequence[NodeFacts], busy: Collection[UUID]) -> None:
        self._ads = {node.node_id: classad2.ClassAd(_ad(node)) for node in nodes}
        self._ranks = {node.node_id: rank_of(node) for node in nodes}
        self._free = {node_id: self._ads[node_id] for node_id in self._ads if node_id not in busy}

    def take(self, demand: Demand) -> UUID | None:
        job = classad2.ClassAd(_job_ad(demand))
        requirements, rank = job.lookup("Requirements"), job.lookup("Rank")
        found = [node_id for node_id, ad in self._free.items() if requirements.eval(job, ad) is True]
        if not found:
            return None
        best = min(found, key=lambda node_id: (-rank.eval(job, self._free[node_id]), self._ranks[node_id]))
        del self._free[best]
        return best

    def set_free(self, node_ids: Collection[UUID], free: bool) -> None:
        for node_id in node_ids:
            if free:
                self._free[node_id] = self._ads[node_id]
            else:
                self._free.pop(node_id, None)


LOADED: Final = 10**12
"""A node with the model loaded comes before any price."""


def _ad(node: NodeFacts) -> dict[str, Any]:
    names = {f"Has_{name}" for name in (*offers_of(node), *node.capabilities)} | {f"Warm_{w}" for w in warm_of(node)}
    return {
        "VRAM": node.vram_mb,
        "RAM": node.ram_mb,
        "CUDA": number_of(node.cuda),
        "Reputation": node.reputation,
        "Price": node.price,
        "Isolation": node.isolation.rank,
        "GPU": node.gpu_model.lower(),
        "Country": node.country,
        "Owner": owner_of(node),
        **dict.fromkeys(map(_attribute, names), True),
    }


def _job_ad(job: Demand) -> str:
    offer, customer = _attribute(offer_of(job)), classad2.quote(job.customer)
    clauses = [f"TARGET.Has_{offer} =?= true", f"TARGET.Price <= {job.price_limit}"]
    clauses += [f"TARGET.Has_{_attribute(name)} =?= true" for name in job.capabilities]
    for name, least in (
        ("VRAM", job.min_vram_mb),
        ("RAM", job.min_ram_mb),
        ("CUDA", number_of(job.cuda)),
        ("Reputation", float(job.min_reputation)),
        ("Isolation", job.min_isolation.rank),
    ):
        if least:
            clauses.append(f"TARGET.{name} >= {least}")
    if job.countries:
        clauses.append(f"member(TARGET.Country, {{{', '.join(map(classad2.quote, job.countries))}}})")
    if job.gpu_model:
        clauses.append(f"regexp({classad2.quote(job.gpu_model)}, TARGET.GPU)")
    clauses.append(f'(TARGET.Owner == "" || TARGET.Owner == {customer})')
    rank = f"ifThenElse(TARGET.Warm_{offer} =?= true, {LOADED}, 0) - TARGET.Price"
    return f"[ Requirements = {' && '.join(clauses)}; Rank = {rank} ]"


def _attribute(name: str) -> str:
    return re.sub(r"\W", "_", name)


def offer_of(demand: Demand) -> str:
    return f"{demand.job_type}/{demand.model}"


def offers_of(node: NodeFacts) -> set[str]:
    """What jobs it takes, as job type and model."""
    return {f"{name}/{model}" for name, engine in node.engines.items() for model in (*engine.models, DEFAULT_MODEL)}


def warm_of(node: NodeFacts) -> set[str]:
    """For which of them it has the model loaded."""
    return {offer for offer in offers_of(node) if node.engines[offer.split("/")[0]].has_warm(offer.split("/")[1])}


def owner_of(node: NodeFacts) -> str:
    """The only wallet whose jobs it takes; empty: it takes any."""
    return node.wallet if node.own_jobs_only else ""


def number_of(version: tuple[int, ...]) -> int:
    """Of two versions of two parts the later has the larger number; 0: there is none."""
    return version[0] * 1000 + version[1] if version else 0

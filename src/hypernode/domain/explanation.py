"""tmp"""


def explain(nodes, demand): ...

"""The provider's machine: what it has, what it runs, and its link to a coordinator."""

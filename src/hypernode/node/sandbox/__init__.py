"""Where a job runs: apart from the machine, within limits that the node has tried on itself."""

"""One peer in its own process."""

from tests.benchmarks.orders import hear
from tests.benchmarks.peers import single, swarm

if __name__ == "__main__":
    task = hear()
    if task["peer"] == "swarm":
        swarm.play(task)
    else:
        single.play(single.PEERS[task["peer"]], task)

"""`python -m interlink COMMAND`, and with it `torchrun --nproc-per-node 8 -m interlink train`."""

from .pipeline.commands.main import main

if __name__ == "__main__":
    main()

"""Export to other runtimes. Nothing is imported unless asked: the libraries of the targets are optional."""

"""The commands, a module for each kind of work; `mgcds.cli` puts them in order. Each reads, calls one function, writes."""

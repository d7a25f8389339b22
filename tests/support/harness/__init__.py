"""What the interop tests and the benches drive: our programs, the servers beside us, zone contents."""

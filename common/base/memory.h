// What the allocator keeps for itself. Without this a program that once held a large zone keeps the
// room of it for good.
#pragma once

namespace twinzone {

// Large blocks are given back to the kernel as soon as they are freed. To be called once, before
// other threads begin.
void give_large_blocks_back() noexcept;

// Gives back what is free of small ones; takes milliseconds. For the end of a large piece of work.
// Any thread.
void give_free_memory_back() noexcept;

}  // namespace twinzone

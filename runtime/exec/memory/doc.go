// Package memory allocates the shared heap of a session: it takes sizes and gives
// addresses that are valid in every worker.
//
// The heap has two ends. Blocks, the pages and tables of one query, come from the
// low end: a buddy allocator over powers of two from MinBlock on, the lowest free
// address first, so that a session that runs many queries touches the same memory
// again and again. Constants, which hold for a query or the whole session, are
// stacked downwards from the high end, right below the column windows, so that one
// range of addresses holds constants and windows (abi.ContextStableBase).
//
// A budget limits the sum of blocks. Memory that is given back stays mapped until
// Trim: page faults are dearer than the memory.
package memory

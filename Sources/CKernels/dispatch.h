// Compiles a function once for each level of x86-64 and picks one when the program is loaded; elsewhere once.
#ifndef DECANT_DISPATCH_H
#define DECANT_DISPATCH_H
#if defined(__x86_64__) && defined(__linux__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define DISPATCHED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
#endif
#ifndef DISPATCHED
#define DISPATCHED
#endif
#define INLINED static inline __attribute__((always_inline))

// The same numbers on every machine: no fused multiply-add that the source does not spell.
#pragma STDC FP_CONTRACT OFF
#endif

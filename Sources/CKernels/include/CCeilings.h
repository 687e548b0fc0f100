// How fast one thread of this machine can be at most: what measured kernels are compared with. Each measures for some milliseconds
// when it is called and gives the best of several bursts.
#ifndef DECANT_CCEILINGS_H
#define DECANT_CCEILINGS_H

// Operations a second on floats in registers, of which a fused multiply-add is two.
double decant_ceiling_f32(void);

// The same for products of unsigned and signed bytes that are summed in 32 bits; 0 on machines without an instruction for it.
double decant_ceiling_u8s8(void);

// Bytes a second of `a = b + factor * c` over arrays of 32 MiB each; 0 when there is no memory for them.
double decant_ceiling_memory(void);
#endif

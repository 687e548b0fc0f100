// File operations that Swift cannot express: cleanup of temporary files in signal handlers, renaming without replacing.
#ifndef DECANT_CFILES_H
#define DECANT_CFILES_H
#include <stdint.h>

// Remembers a temporary file by its absolute path; returns its slot, or -1 when the path is too long or all slots are taken.
int decant_temporary_add(const char *path);

// Forgets the temporary file in `slot`; a negative slot is ignored.
void decant_temporary_remove(int slot);

// Installs handlers for SIGINT, SIGTERM, SIGHUP, SIGPIPE and SIGBUS that unlink the remembered files and exit with 128 + signal (74
// for SIGBUS, after one line on stderr: an input shrank while it was mapped). SIGXFSZ is ignored, so that writing fails with EFBIG.
// SIGPIPE exits quietly.
void decant_install_interrupt_cleanup(void);

// Renames `from` to `to` unless `to` exists; 0, or -1 with errno (EEXIST when it exists).
int decant_rename_exclusive(const char *from, const char *to);

// Exchanges the files `a` and `b`; 0, or -1 with errno (EINVAL or ENOSYS where the system cannot).
int decant_rename_exchange(const char *a, const char *b);

// Reserves `size` bytes for an open file; 0 also where the file system cannot reserve, else the error number.
int decant_preallocate(int descriptor, int64_t size);
#endif

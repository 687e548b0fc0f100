#define _GNU_SOURCE
#include "CFiles.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 64, FREE = 0, FILLING = 1, LIVE = 2 };

// A slot's path is only read while its state is LIVE; a handler may run at any moment.
static struct {
  atomic_int state;
  char path[PATH_MAX];
} temporaries[SLOTS];

int decant_temporary_add(const char *path) {
  size_t length = strlen(path);
  if (length >= PATH_MAX) return -1;
  for (int slot = 0; slot < SLOTS; slot++) {
    int expected = FREE;
    if (!atomic_compare_exchange_strong(&temporaries[slot].state, &expected, FILLING)) continue;
    memcpy(temporaries[slot].path, path, length + 1);
    atomic_store(&temporaries[slot].state, LIVE);
    return slot;
  }
  return -1;
}

void decant_temporary_remove(int slot) {
  if (slot >= 0 && slot < SLOTS) atomic_store(&temporaries[slot].state, FREE);
}

static void handle(int signal) {
  for (int slot = 0; slot < SLOTS; slot++)
    if (atomic_load(&temporaries[slot].state) == LIVE) unlink(temporaries[slot].path);
  if (signal == SIGBUS) {
    static const char message[] = "decant: an input file shrank while it was being read, or its disk failed\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    _exit(74);
  }
  _exit(128 + signal);
}

void decant_install_interrupt_cleanup(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGBUS};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  sigfillset(&action.sa_mask);
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction old;
    // What the parent ignores stays ignored, as `nohup` and `trap ''` ask for.
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN && signals[i] != SIGPIPE) continue;
    sigaction(signals[i], &action, NULL);
  }
  signal(SIGXFSZ, SIG_IGN);
}

int decant_rename_exclusive(const char *from, const char *to) {
#if defined(__linux__)
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
#elif defined(__APPLE__)
  return renamex_np(from, to, RENAME_EXCL);
#endif
  if (link(from, to) != 0) return -1;
  return unlink(from);
}

int decant_rename_exchange(const char *a, const char *b) {
#if defined(__linux__)
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
#elif defined(__APPLE__)
  return renamex_np(a, b, RENAME_SWAP);
#else
  errno = ENOSYS;
  return -1;
#endif
}

int decant_preallocate(int descriptor, int64_t size) {
#if defined(__linux__)
  if (size <= 0) return 0;
  int status;
  do status = fallocate(descriptor, 0, 0, size);
  while (status != 0 && errno == EINTR);
  if (status == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return 0;
  return errno;
#else
  (void)descriptor, (void)size;
  return 0;
#endif
}

/* Shift the wall clock of a process by the nanoseconds that stand in a shared file.
 *
 * Loaded by LD_PRELOAD. The file named by TEST_CLOCK_FILE holds one signed 64-bit number; a process
 * and those that it starts map it, so one write moves the clocks of all of them. A process that
 * names another file calls map_shift again. Monotonic clocks and time-outs stay real.
 * (libfaketime 0.9.10 breaks time.sleep and the locks of Python 3.11, which wait by
 * CLOCK_MONOTONIC with an absolute deadline.)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *shift;
/* The C library's function asks the kernel without a system call, unlike syscall(). */
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) void map_shift(void) {
    const char *path = getenv("TEST_CLOCK_FILE");
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    /* Chromium's crash reporter compares the clock with the kernel's; shifted, it never sleeps. */
    if (strstr(program_invocation_name, "crashpad")) return;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) shift = mapped;
    close(file);
}

static int read_clock(clockid_t clock, struct timespec *now) {
    int status = real ? real(clock, now) : syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanoseconds = now->tv_nsec + *shift % 1000000000;
        now->tv_sec += *shift / 1000000000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
        now->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return status;
}

int clock_gettime(clockid_t clock, struct timespec *now) { return read_clock(clock, now); }

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec at;
    (void)zone;
    read_clock(CLOCK_REALTIME, &at);
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec at;
    read_clock(CLOCK_REALTIME, &at);
    if (result) *result = at.tv_sec;
    return at.tv_sec;
}

int timespec_get(struct timespec *at, int base) {
    if (base != TIME_UTC) return 0;
    read_clock(CLOCK_REALTIME, at);
    return base;
}

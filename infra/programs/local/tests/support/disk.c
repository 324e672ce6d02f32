/* A disk that fails as it is told, put before the C library (LD_PRELOAD):
 *
 *   DISK_FULL=FILE   while FILE is there, nothing more can be written to a file
 *   DISK_CUTS=N      the Nth write to a file is half done, and with it the process ends, as when the power fails
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static long writes;

static int is_file(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static int is_full(void) {
    const char *file = getenv("DISK_FULL");
    return file && access(file, F_OK) == 0;
}

/* Whether this write is the last one. */
static int is_cut(void) {
    static long at = -1;
    if (at == -1) {
        const char *text = getenv("DISK_CUTS");
        at = text ? atol(text) : 0;
    }
    return at > 0 && __atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST) == at;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define GUARD(half)                                                                                                    \
    if (is_file(fd)) {                                                                                                 \
        if (is_full()) {                                                                                               \
            errno = ENOSPC;                                                                                            \
            return -1;                                                                                                 \
        }                                                                                                              \
        if (is_cut()) {                                                                                                \
            (void)!(half);                                                                                             \
            _exit(137);                                                                                                \
        }                                                                                                              \
    }

ssize_t write(int fd, const void *bytes, size_t count) {
    GUARD(NEXT(write)(fd, bytes, count / 2))
    return NEXT(write)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    GUARD(NEXT(pwrite)(fd, bytes, count / 2, at))
    return NEXT(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    GUARD(NEXT(pwrite64)(fd, bytes, count / 2, at))
    return NEXT(pwrite64)(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    GUARD(NEXT(write)(fd, parts[0].iov_base, parts[0].iov_len / 2))
    return NEXT(writev)(fd, parts, count);
}

int ftruncate64(int fd, off64_t size) {
    struct stat status;
    if (is_full() && fstat(fd, &status) == 0 && size > status.st_size) {
        errno = ENOSPC;
        return -1;
    }
    return NEXT(ftruncate64)(fd, size);
}


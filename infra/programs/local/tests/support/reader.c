/* A workbook that ends its reader, as far as the program can tell, put before the C library (LD_PRELOAD): while the file READER_DIES is
 * there, a process that was started to read one runs over its stack or takes memory without end, by the word in that file, when it
 * reads the question. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* What a small file holds; it stays until the process ends. */
static char *content(const char *path) {
    static char bytes[4096];
    int file = path ? open(path, O_RDONLY) : -1;
    ssize_t length = file < 0 ? -1 : NEXT(read)(file, bytes, sizeof bytes - 1);
    if (file >= 0)
        close(file);
    if (length < 0)
        return NULL;
    bytes[length] = 0;
    return bytes;
}

static int is_reader(void) {
    char *line = content("/proc/self/cmdline");
    return line && strcmp(line + strlen(line) + 1, "read-one-workbook") == 0;
}

static int deeper(volatile int *above) {
    volatile int here[1024];
    here[0] = *above + 1;
    return deeper(here) + here[0];
}

ssize_t read(int fd, void *bytes, size_t count) {
    if (fd == 0 && is_reader()) {
        volatile int none = 0;
        char *how = content(getenv("READER_DIES"));
        if (how && strcmp(how, "stack") == 0)
            deeper(&none);
        if (how && strcmp(how, "memory") == 0)
            while (malloc(1 << 20))
                ;
        if (how)
            abort();
    }
    return NEXT(read)(fd, bytes, count);
}

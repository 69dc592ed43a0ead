/* Loaded into every process of a build (LD_PRELOAD): numbers all that any of them asks the system to write below a
 * folder, and lets a fault strike at one number. SQLite and DuckDB ask from C, which no patch of Python's functions sees.
 *
 * FAULT_FOLDER, FAULT_SHARED (a file of zeros, which the processes share), FAULT_LOG, FAULT_KIND, FAULT_AT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 1000

struct shared {
    long count;
    long processes;
    pid_t pids[MOST]; /* The first is the command itself. */
};

static struct shared *shared;
static const char *folder, *kind;
static size_t folder_length;
static long at;
static int log_file = -1;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    folder = getenv("FAULT_FOLDER");
    kind = getenv("FAULT_KIND");
    const char *place = getenv("FAULT_SHARED"), *log = getenv("FAULT_LOG"), *number = getenv("FAULT_AT");
    if (!folder || !place || !log)
        return;
    folder_length = strlen(folder);
    at = number ? atol(number) : 0;
    int file = REAL(open)(place, O_RDWR);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    log_file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    long mine = __atomic_fetch_add(&shared->processes, 1, __ATOMIC_SEQ_CST);
    if (mine < MOST)
        shared->pids[mine] = getpid();
}

/* What a full disk refuses. */
static int grows(const char *what) { return strcmp(what, "unlink") && strcmp(what, "rename") && strcmp(what, "rmdir"); }

static int is_error(void) { return kind && kind[0] == 'E'; }

static void kill_all(void) {
    for (long i = 0; i < shared->processes && i < MOST; i++)
        if (shared->pids[i] != getpid())
            kill(shared->pids[i], SIGKILL);
    kill(getpid(), SIGKILL);
}

/* Pass a point; 0, or the error to be had there. */
static int reach(const char *what, const char *path) {
    char whole[PATH_MAX], line[PATH_MAX + 64];
    if (!shared || !path)
        return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole) || strlen(whole) + strlen(path) + 2 > sizeof whole)
            return 0;
        strcat(strcat(whole, "/"), path);
        path = whole;
    }
    if (strncmp(path, folder, folder_length) || path[folder_length] != '/')
        return 0;
    long number = __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST);
    int length = snprintf(line, sizeof line, "%ld %d %s %s\n", number, getpid(), what, path + folder_length + 1);
    if (REAL(write)(log_file, line, length) < 0 || !at)
        return 0;
    if (number == at) {
        if (!strcmp(kind, "kill"))
            kill_all();
        if (!strcmp(kind, "kill main")) {
            kill(shared->pids[0], SIGKILL);
            usleep(1000);
        }
        if (!strcmp(kind, "SIGINT"))
            kill(shared->pids[0], SIGINT);
        if (!strcmp(kind, "SIGTERM"))
            kill(shared->pids[0], SIGTERM);
    }
    if (is_error() && (number == at || (number > at && !strcmp(kind, "ENOSPC") && grows(what))))
        return !strcmp(kind, "ENOSPC") ? ENOSPC : !strcmp(kind, "EIO") ? EIO : EACCES;
    return 0;
}

static int reach_file(const char *what, int file) {
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = shared ? readlink(link, path, sizeof path - 1) : -1;
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return reach(what, path);
}

#define FAIL(code)                                                                                                     \
    do {                                                                                                               \
        int found = (code);                                                                                            \
        if (found) {                                                                                                   \
            errno = found;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
    } while (0)

static int opens(const char *path, int flags) {
    return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) && (flags & O_TMPFILE) != O_TMPFILE ? reach("open", path) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        FAIL(opens(path, flags));                                                                                      \
        return REAL(name)(path, flags, mode);                                                                          \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int at_folder, const char *path, int flags, ...) {                                                        \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        FAIL(opens(path, flags));                                                                                      \
        return REAL(name)(at_folder, path, flags, mode);                                                               \
    }
OPENAT(openat)
OPENAT(openat64)

/* A write that fails has written half of its bytes. */
#define WRITE(name, arguments, values, half)                                                                           \
    ssize_t name arguments {                                                                                           \
        int found = reach_file("write", file);                                                                         \
        if (found) {                                                                                                   \
            ssize_t written = REAL(name) half;                                                                         \
            (void)written;                                                                                             \
            errno = found;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
        return REAL(name) values;                                                                                      \
    }
WRITE(write, (int file, const void *data, size_t size), (file, data, size), (file, data, size / 2))
WRITE(pwrite, (int file, const void *data, size_t size, off_t place), (file, data, size, place), (file, data, size / 2, place))
WRITE(pwrite64, (int file, const void *data, size_t size, off64_t place), (file, data, size, place), (file, data, size / 2, place))
WRITE(writev, (int file, const struct iovec *parts, int n), (file, parts, n), (file, parts, n / 2))

#define FILE_CALL(result, name, what, arguments, values)                                                               \
    result name arguments {                                                                                            \
        FAIL(reach_file(what, file));                                                                                  \
        return REAL(name) values;                                                                                      \
    }
FILE_CALL(int, ftruncate, "truncate", (int file, off_t size), (file, size))
FILE_CALL(int, ftruncate64, "truncate", (int file, off64_t size), (file, size))
FILE_CALL(int, fsync, "fsync", (int file), (file))
FILE_CALL(int, fdatasync, "fsync", (int file), (file))
FILE_CALL(int, fallocate, "allocate", (int file, int mode, off_t place, off_t size), (file, mode, place, size))
FILE_CALL(int, fallocate64, "allocate", (int file, int mode, off64_t place, off64_t size), (file, mode, place, size))

ssize_t copy_file_range(int source, off64_t *from, int file, off64_t *to, size_t size, unsigned flags) {
    FAIL(reach_file("copy", file));
    return REAL(copy_file_range)(source, from, file, to, size, flags);
}

#define PATH_CALL(name, what, arguments, path, values)                                                                 \
    int name arguments {                                                                                               \
        FAIL(reach(what, path));                                                                                       \
        return REAL(name) values;                                                                                      \
    }
PATH_CALL(rename, "rename", (const char *from, const char *to), to, (from, to))
PATH_CALL(renameat, "rename", (int f, const char *from, int t, const char *to), to, (f, from, t, to))
PATH_CALL(unlink, "unlink", (const char *path), path, (path))
PATH_CALL(unlinkat, "unlink", (int f, const char *path, int flags), path, (f, path, flags))
PATH_CALL(mkdir, "mkdir", (const char *path, mode_t mode), path, (path, mode))
PATH_CALL(mkdirat, "mkdir", (int f, const char *path, mode_t mode), path, (f, path, mode))
PATH_CALL(rmdir, "rmdir", (const char *path), path, (path))
PATH_CALL(link, "link", (const char *from, const char *to), to, (from, to))
PATH_CALL(symlink, "symlink", (const char *target, const char *path), path, (target, path))

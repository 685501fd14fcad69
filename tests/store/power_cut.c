/* Records what a process does to the files of one directory, for tests to cut the power at will.
 *
 * Preloaded (LD_PRELOAD) it stands between the process and the C library: every open, write,
 * truncation, sync, removal and renaming under POWER_CUT_DIRECTORY goes to POWER_CUT_LOG, in the
 * order in which it took effect, with the time at which it had returned. What is written to
 * POWER_CUT_MARKS is recorded as a mark: "so much was promised by now". Where the file
 * POWER_CUT_FAULTS exists, it names an operation and an error number, and that operation fails.
 *
 * SQLite's `-shm` is left out: it is memory, and is made anew after a cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_DIRECTORY, UNLINK, RENAME, MARK };

struct record {
    uint32_t magic, kind;
    uint64_t time;
    int64_t offset;
    uint32_t path_length, data_length;
};

#define HANDLES 65536
static char *paths[HANDLES]; /* what is open under the directory, by handle */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static const char *directory, *marks, *faults;
static size_t directory_length;
static int log_handle = -1;
static int is_ready;

#define REAL(name, result, ...)                                     \
    static result (*real)(__VA_ARGS__);                             \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name); \
    prepare()

static void prepare(void)
{
    if (is_ready) return;
    is_ready = 1;
    const char *log = getenv("POWER_CUT_LOG");
    directory = getenv("POWER_CUT_DIRECTORY");
    marks = getenv("POWER_CUT_MARKS");
    faults = getenv("POWER_CUT_FAULTS");
    if (!log || !directory) { directory = NULL; return; }
    directory_length = strlen(directory);
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    log_handle = real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_handle < 0) abort();
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Return a path as one under the directory, in memory of its own; NULL where it is elsewhere. */
static char *watched(const char *path)
{
    char full[8192];
    if (!directory || !path) return NULL;
    if (path[0] == '/') {
        if (snprintf(full, sizeof full, "%s", path) >= (int)sizeof full) return NULL;
    } else {
        char here[4096];
        if (!getcwd(here, sizeof here)) return NULL;
        if (snprintf(full, sizeof full, "%s/%s", here, path) >= (int)sizeof full) return NULL;
    }
    if (marks && strcmp(full, marks) == 0) return strdup(full);
    if (strncmp(full, directory, directory_length) != 0) return NULL;
    if (full[directory_length] != '/' && full[directory_length] != 0) return NULL;
    if (ends_with(full, "-shm") || ends_with(full, ".lock")) return NULL;
    return strdup(full);
}

static void put(uint32_t kind, const char *path, int64_t offset, const void *data, size_t length)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct record head = {
        0x57c0ffee, kind, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, offset,
        (uint32_t)strlen(path), (uint32_t)length};
    struct iovec parts[3] = {
        {&head, sizeof head}, {(void *)path, head.path_length}, {(void *)data, length}};
    int before = errno;
    ssize_t (*real)(int, const struct iovec *, int) =
        (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    if (real(log_handle, parts, 3) != (ssize_t)(sizeof head + head.path_length + length)) abort();
    errno = before;
}

/* Tell whether an operation is to fail now; errno is set then. */
static int fails(const char *operation, const char *path)
{
    char text[256], name[64] = "", part[128] = "";
    int number = 0;
    if (!faults || !path) return 0;
    int (*real_open)(const char *, int, ...) =
        (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    int before = errno;
    int handle = real_open(faults, O_RDONLY | O_CLOEXEC);
    errno = before;
    if (handle < 0) return 0;
    ssize_t length = read(handle, text, sizeof text - 1);
    int (*real_close)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");
    real_close(handle);
    errno = before;
    if (length <= 0) return 0;
    text[length] = 0;
    if (sscanf(text, "%63s %d %127s", name, &number, part) < 2) return 0;
    if (strcmp(name, operation) != 0 || (part[0] && !ends_with(path, part))) return 0;
    errno = number;
    return 1;
}

static char *path_of(int handle)
{
    return handle >= 0 && handle < HANDLES ? paths[handle] : NULL;
}

/* The part that all ways to open have in common. */
static int opened(int (*open_it)(const char *, int, mode_t), const char *path, int flags,
                  mode_t mode)
{
    char *full = watched(path);
    struct stat before;
    pthread_mutex_lock(&lock);
    int was_there = full && stat(full, &before) == 0;
    int is_told_first = was_there && (flags & O_EXCL); /* that the file is there */
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    int is_refused = full && !is_told_first &&
                     (fails("open", full) || (writes && fails("open-to-write", full)));
    int handle = is_refused ? -1 : open_it(path, flags, mode);
    if (handle >= 0 && handle < HANDLES) {
        free(paths[handle]);
        paths[handle] = full;
        int is_mark = full && marks && strcmp(full, marks) == 0;
        if (full && !is_mark) {
            if (!was_there) put(CREATE, full, 0, "", 0);
            else if (flags & O_TRUNC) put(TRUNCATE, full, 0, "", 0);
        }
    } else free(full);
    pthread_mutex_unlock(&lock);
    return handle;
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                                       \
    static int plain_##name(const char *path, int flags, mode_t mode)    \
    {                                                                    \
        REAL(#name, int, const char *, int, ...);                        \
        return real(path, flags, mode);                                  \
    }                                                                    \
    int name(const char *path, int flags, ...)                           \
    {                                                                    \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = mode_of(flags, rest);                              \
        va_end(rest);                                                    \
        prepare();                                                       \
        return opened(plain_##name, path, flags, mode);                  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                     \
    static int plain_##name(const char *path, int flags, mode_t mode)    \
    {                                                                    \
        REAL(#name, int, int, const char *, int, ...);                   \
        return real(AT_FDCWD, path, flags, mode);                        \
    }                                                                    \
    int name(int at, const char *path, int flags, ...)                   \
    {                                                                    \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = mode_of(flags, rest);                              \
        va_end(rest);                                                    \
        REAL(#name, int, int, const char *, int, ...);                   \
        if (at != AT_FDCWD && path[0] != '/') return real(at, path, flags, mode); \
        return opened(plain_##name, path, flags, mode);                  \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int handle)
{
    REAL("close", int, int);
    pthread_mutex_lock(&lock);
    if (path_of(handle)) {
        free(paths[handle]);
        paths[handle] = NULL;
    }
    int result = real(handle);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int handle, const void *data, size_t length)
{
    REAL("write", ssize_t, int, const void *, size_t);
    char *path = path_of(handle);
    if (!path) return real(handle, data, length);
    pthread_mutex_lock(&lock);
    ssize_t done = fails("write", path) ? -1 : real(handle, data, length);
    if (done > 0) {
        if (marks && strcmp(path, marks) == 0) put(MARK, path, 0, data, (size_t)done);
        else put(WRITE, path, lseek(handle, 0, SEEK_CUR) - done, data, (size_t)done);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

#define PWRITE(name, offset_type)                                              \
    ssize_t name(int handle, const void *data, size_t length, offset_type offset) \
    {                                                                          \
        REAL(#name, ssize_t, int, const void *, size_t, offset_type);          \
        char *path = path_of(handle);                                          \
        if (!path) return real(handle, data, length, offset);                  \
        pthread_mutex_lock(&lock);                                             \
        ssize_t done = fails("write", path) ? -1 : real(handle, data, length, offset); \
        if (done > 0) put(WRITE, path, offset, data, (size_t)done);            \
        pthread_mutex_unlock(&lock);                                           \
        return done;                                                           \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FTRUNCATE(name, offset_type)                              \
    int name(int handle, offset_type length)                      \
    {                                                             \
        REAL(#name, int, int, offset_type);                       \
        char *path = path_of(handle);                             \
        if (!path) return real(handle, length);                   \
        pthread_mutex_lock(&lock);                                \
        int result = fails("truncate", path) ? -1 : real(handle, length); \
        if (result == 0) put(TRUNCATE, path, length, "", 0);      \
        pthread_mutex_unlock(&lock);                              \
        return result;                                            \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* The lock is held, so that nothing that is written meanwhile counts as on the disk. */
#define SYNC_BY(name)                                             \
    int name(int handle)                                          \
    {                                                             \
        REAL(#name, int, int);                                    \
        char *path = path_of(handle);                             \
        if (!path) return real(handle);                           \
        struct stat what;                                         \
        pthread_mutex_lock(&lock);                                \
        int result = fails("sync", path) ? -1 : real(handle);     \
        if (result == 0) {                                        \
            int is_directory = fstat(handle, &what) == 0 && S_ISDIR(what.st_mode); \
            put(is_directory ? SYNC_DIRECTORY : SYNC, path, 0, "", 0); \
        }                                                         \
        pthread_mutex_unlock(&lock);                              \
        return result;                                            \
    }
SYNC_BY(fsync)
SYNC_BY(fdatasync)

int unlink(const char *path)
{
    REAL("unlink", int, const char *);
    char *full = watched(path);
    pthread_mutex_lock(&lock);
    int result = full && fails("unlink", full) ? -1 : real(path);
    if (full && result == 0) put(UNLINK, full, 0, "", 0);
    pthread_mutex_unlock(&lock);
    free(full);
    return result;
}

int rename(const char *from, const char *to)
{
    REAL("rename", int, const char *, const char *);
    char *old = watched(from), *new = watched(to);
    pthread_mutex_lock(&lock);
    int result = real(from, to);
    if (result == 0 && old && new) put(RENAME, old, 0, new, strlen(new));
    pthread_mutex_unlock(&lock);
    free(old);
    free(new);
    return result;
}

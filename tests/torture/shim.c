/* Preloaded: counts the calls that change what the disk holds below one folder, and at the n-th kills the process or
   fails as a full or broken disk does. Armed by torture_arm; unarmed, or with n = 0, it only passes on (and counts).

   What it sees: open for writing, write, pwrite, writev, pwritev, ftruncate, fallocate, sendfile, copy_file_range,
   fsync, fdatasync, rename, link, unlink, symlink, mkdir, rmdir, with their *at and 64 forms: Python's, DuckDB's and
   SQLite's. A full disk (ENOSPC) stays full for whatever needs room; EIO happens once.

   Walking (torture_walk), each call is told to another process, which may look at the disk as a kill would leave it,
   or have the call fail in a fork of this process: on a copy of the folder that is in the folder's place meanwhile. Only
   a process of one thread that runs can be walked. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 0, KILL = 1, FULL = 2, BROKEN = 3 };

static char root[PATH_MAX];
static size_t root_length;
static int how;
static long at;
static atomic_long counted;
static atomic_int armed;
static int log_fd = -1;
static int begun;
static int walking, to_other, from_other;

void torture_arm(const char *folder, long n, int mode, int log_to) {
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    at = n;
    how = mode;
    log_fd = log_to;
    begun = 0;
    atomic_store(&counted, 0);
    atomic_store(&armed, 1);
}

/* Armed to count only; `to` and `from`: where calls are told, and what is to become of them is answered. */
void torture_walk(const char *folder, int to, int from) {
    torture_arm(folder, 0, COUNT, -1);
    to_other = to;
    from_other = from;
    walking = 1;
}

void torture_say(const char *what) {
    if (walking) dprintf(to_other, "%s\n", what);
}

int torture_walks(void) { return walking; }

void torture_disarm(void) { atomic_store(&armed, 0); }

long torture_counted(void) { return atomic_load(&counted); }

static int below(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

static int path_below(int folder, const char *path) {
    char whole[2 * PATH_MAX], base[PATH_MAX], link[64];
    if (path == NULL) return 0;
    if (path[0] == '/') return below(path);
    if (folder == AT_FDCWD) {
        if (getcwd(base, sizeof base) == NULL) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    return below(whole);
}

static int fd_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static void give_up(const char *why) {
    dprintf(2, "this process can't go on in a fork: %s\n", why);
    _exit(97);
}

/* In the fork: what is open below the folder that was put aside is open in its copy instead, at the same place. */
static void reopen(const char *aside) {
    char name[64], path[PATH_MAX], copy[2 * PATH_MAX];
    size_t length = strlen(aside);
    for (int fd = 0; fd < 1024; fd++) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(name, path, sizeof path - 1);
        if (size < 0) continue;
        path[size] = 0;
        if (strncmp(path, aside, length) != 0 || path[length] != '/') continue;
        int flags = fcntl(fd, F_GETFL) & ~(O_CREAT | O_EXCL | O_TRUNC);
        snprintf(copy, sizeof copy, "%s%s", root, path + length);
        int other = syscall(SYS_openat, AT_FDCWD, copy, flags, 0);
        if (other < 0) give_up(path);
        off_t place = lseek(fd, 0, SEEK_CUR);
        if (place >= 0) lseek(other, place, SEEK_SET);
        if (dup3(other, fd, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0) < 0) give_up(path);
        close(other);
    }
}

/* Where glibc keeps the number of this thread: the words of its own record that read as it. */
static void places(unsigned char *found) {
    const int *word = (const int *)pthread_self();
    for (int n = 0; n < 256; n++) found[n] = word[n] == gettid();
}

/* In the fork: a lock that this thread held is still its own. glibc knows the owner of one by the thread's number, and has
   put the fork's in the place of the one that the locks were taken with. */
static void be(pid_t thread, const unsigned char *before) {
    unsigned char now[256];
    int place = -1;
    places(now);
    for (int n = 0; n < 256; n++) {
        if (!now[n] || !before[n]) continue;
        if (place >= 0) give_up("two places of the thread's number");
        place = n;
    }
    if (place < 0) give_up("no place of the thread's number");
    ((int *)pthread_self())[place] = thread;
}

/* What is to become of this call: COUNT, or in a fork FULL or BROKEN. */
static int told(const char *call, long n) {
    char asked, aside[PATH_MAX + 8];
    dprintf(to_other, "call %ld %s\n", n, call);
    while (read(from_other, &asked, 1) == 1 && asked != 'g') {
        unsigned char before[256];
        places(before);
        pid_t thread = gettid(), child = fork();
        if (child < 0) give_up("no fork");
        if (child == 0) {
            be(thread, before);
            walking = 0;
            close(to_other);
            close(from_other);
            snprintf(aside, sizeof aside, "%s.aside", root);
            reopen(aside);
            return asked == 'f' ? FULL : BROKEN;
        }
        int status = 0;
        waitpid(child, &status, 0);
        dprintf(to_other, "ended %d\n", status);
    }
    return COUNT;
}

/* 1: the call must fail, errno is set. `room`: whether it needs room on the disk. */
static int struck(const char *call, int room) {
    long n = atomic_fetch_add(&counted, 1) + 1;
    if (log_fd >= 0) dprintf(log_fd, "%s\n", call);
    if (walking && (how = told(call, n)) != COUNT) at = n;
    if (at <= 0) return 0;
    if (how == KILL && n == at) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (how == FULL && (begun || n >= at) && (room || n == at)) {
        begun = 1;
        errno = ENOSPC;
        return 1;
    }
    if (how == BROKEN && n == at && !begun) {
        begun = 1;
        errno = EIO;
        return 1;
    }
    return 0;
}

#define REAL(type, name, ...)                                                                                         \
    static type (*real)(__VA_ARGS__);                                                                                 \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);
#define ARMED atomic_load(&armed)
#define ON_FD(name, fd, room)                                                                                         \
    if (ARMED && fd != log_fd && fd_below(fd) && struck(#name, room)) return -1;
#define ON_PATH(name, folder, path, room)                                                                             \
    if (ARMED && path_below(folder, path) && struck(#name, room)) return -1;

#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))
#define OPENS(name)                                                                                                   \
    int name(const char *path, int flags, ...) {                                                                      \
        va_list more;                                                                                                 \
        va_start(more, flags);                                                                                        \
        mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(more, mode_t) : 0;                                   \
        va_end(more);                                                                                                 \
        REAL(int, name, const char *, int, ...)                                                                       \
        if (WRITES(flags)) ON_PATH(name, AT_FDCWD, path, flags &O_CREAT)                                              \
        return real(path, flags, mode);                                                                               \
    }
#define OPENS_AT(name)                                                                                                \
    int name(int folder, const char *path, int flags, ...) {                                                          \
        va_list more;                                                                                                 \
        va_start(more, flags);                                                                                        \
        mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(more, mode_t) : 0;                                   \
        va_end(more);                                                                                                 \
        REAL(int, name, int, const char *, int, ...)                                                                  \
        if (WRITES(flags)) ON_PATH(name, folder, path, flags &O_CREAT)                                                \
        return real(folder, path, flags, mode);                                                                       \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

#define FOPENS(name)                                                                                                  \
    FILE *name(const char *path, const char *mode) {                                                                  \
        REAL(FILE *, name, const char *, const char *)                                                                \
        if (strpbrk(mode, "wa+") && ARMED && path_below(AT_FDCWD, path) && struck(#name, 1)) return NULL;             \
        return real(path, mode);                                                                                      \
    }
FOPENS(fopen)
FOPENS(fopen64)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t)
    ON_FD(write, fd, 1)
    return real(fd, data, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int)
    ON_FD(writev, fd, 1)
    return real(fd, parts, count);
}
#define PWRITES(name, offset_type)                                                                                    \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset) {                                         \
        REAL(ssize_t, name, int, const void *, size_t, offset_type)                                                   \
        ON_FD(name, fd, 1)                                                                                            \
        return real(fd, data, size, offset);                                                                          \
    }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)
#define PWRITEVS(name, offset_type)                                                                                   \
    ssize_t name(int fd, const struct iovec *parts, int count, offset_type offset) {                                  \
        REAL(ssize_t, name, int, const struct iovec *, int, offset_type)                                              \
        ON_FD(name, fd, 1)                                                                                            \
        return real(fd, parts, count, offset);                                                                        \
    }
PWRITEVS(pwritev, off_t)
PWRITEVS(pwritev64, off64_t)
#define TRUNCATES(name, offset_type)                                                                                  \
    int name(int fd, offset_type size) {                                                                              \
        REAL(int, name, int, offset_type)                                                                             \
        ON_FD(name, fd, 0)                                                                                            \
        return real(fd, size);                                                                                        \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)
#define ALLOCATES(name, offset_type)                                                                                  \
    int name(int fd, int mode, offset_type offset, offset_type size) {                                                \
        REAL(int, name, int, int, offset_type, offset_type)                                                           \
        ON_FD(name, fd, 1)                                                                                            \
        return real(fd, mode, offset, size);                                                                          \
    }
ALLOCATES(fallocate, off_t)
ALLOCATES(fallocate64, off64_t)
#define SENDS(name, offset_type)                                                                                      \
    ssize_t name(int to, int from, offset_type *offset, size_t size) {                                                \
        REAL(ssize_t, name, int, int, offset_type *, size_t)                                                          \
        ON_FD(name, to, 1)                                                                                            \
        return real(to, from, offset, size);                                                                          \
    }
SENDS(sendfile, off_t)
SENDS(sendfile64, off64_t)
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned)
    ON_FD(copy_file_range, to, 1)
    return real(from, from_at, to, to_at, size, flags);
}
int fsync(int fd) {
    REAL(int, fsync, int)
    ON_FD(fsync, fd, 0)
    return real(fd);
}
int fdatasync(int fd) {
    REAL(int, fdatasync, int)
    ON_FD(fdatasync, fd, 0)
    return real(fd);
}
int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *)
    ON_PATH(rename, AT_FDCWD, to, 0)
    return real(from, to);
}
int renameat(int folder, const char *from, int other, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *)
    ON_PATH(renameat, other, to, 0)
    return real(folder, from, other, to);
}
int renameat2(int folder, const char *from, int other, const char *to, unsigned flags) {
    REAL(int, renameat2, int, const char *, int, const char *, unsigned)
    ON_PATH(renameat2, other, to, 0)
    return real(folder, from, other, to, flags);
}
int link(const char *from, const char *to) {
    REAL(int, link, const char *, const char *)
    ON_PATH(link, AT_FDCWD, to, 1)
    return real(from, to);
}
int unlink(const char *path) {
    REAL(int, unlink, const char *)
    ON_PATH(unlink, AT_FDCWD, path, 0)
    return real(path);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int)
    ON_PATH(unlinkat, folder, path, 0)
    return real(folder, path, flags);
}
int rmdir(const char *path) {
    REAL(int, rmdir, const char *)
    ON_PATH(rmdir, AT_FDCWD, path, 0)
    return real(path);
}
int symlink(const char *target, const char *path) {
    REAL(int, symlink, const char *, const char *)
    ON_PATH(symlink, AT_FDCWD, path, 1)
    return real(target, path);
}
int symlinkat(const char *target, int folder, const char *path) {
    REAL(int, symlinkat, const char *, int, const char *)
    ON_PATH(symlinkat, folder, path, 1)
    return real(target, folder, path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t)
    ON_PATH(mkdir, AT_FDCWD, path, 1)
    return real(path, mode);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t)
    ON_PATH(mkdirat, folder, path, 1)
    return real(folder, path, mode);
}

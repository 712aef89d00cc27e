/* What stands between a program and the system, so that a test can strike at any step that the outside can see.
 *
 * Preloaded into a program, it counts what that does to files below a folder and to sockets, and at the n-th such step
 * ends the program (before it, after it, or half-way through), or has that step fail, or every one from there on for
 * want of space. Beside that it keeps what of the files a loss of power would leave, and tells another time of day.
 * The program itself knows nothing of it and costs nothing for it. `seam.rs` speaks to it, by environment:
 *
 *   ETL_SEAM_FOLDER  the folder whose files count
 *   ETL_SEAM_OF      what counts: "files", "target" (sockets of PostgreSQL, which are of the unix kind), "source" (others)
 *   ETL_SEAM_SAYS    words that are in what counts, as the log has it; nothing, and every step counts
 *   ETL_SEAM_AT      the step to strike at; 0 never
 *   ETL_SEAM_STRIKE  "before", "after", "half": SIGKILL then; "full": no space from there on; a number: this errno, once
 *   ETL_SEAM_LOG     a file that gets a line for each step
 *   ETL_SEAM_KEPT    a folder that gets the files as they were when they were last synced
 *   ETL_SEAM_CLOCK   a file with eight bytes: nanoseconds that the time of day is off by
 *
 * C, because a program's calls can be taken over only by a library that is loaded before the system's own. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OTHER, FILES, TARGET, SOURCE };
enum strike { BEFORE, AFTER, HALF, FULL, FAIL };
#define DESCRIPTORS 65536

static unsigned char kinds[DESCRIPTORS];
static atomic_long steps;
static long at;
static enum kind of;
static enum strike strike;
static int failing;
static int book = -1;
static char folder[PATH_MAX], kept[PATH_MAX];
static const char *says;
static volatile int64_t *off;

/* The system's own function of a name. */
#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void begin(void) {
    const char *text;
    if ((text = getenv("ETL_SEAM_FOLDER"))) snprintf(folder, sizeof folder, "%s", text);
    if ((text = getenv("ETL_SEAM_KEPT"))) snprintf(kept, sizeof kept, "%s", text);
    says = getenv("ETL_SEAM_SAYS");
    if ((text = getenv("ETL_SEAM_AT"))) at = atol(text);
    if ((text = getenv("ETL_SEAM_OF")))
        of = !strcmp(text, "files") ? FILES : !strcmp(text, "target") ? TARGET : !strcmp(text, "source") ? SOURCE : OTHER;
    if ((text = getenv("ETL_SEAM_STRIKE"))) {
        strike = !strcmp(text, "before") ? BEFORE : !strcmp(text, "after") ? AFTER : !strcmp(text, "half") ? HALF
            : !strcmp(text, "full") ? FULL : FAIL;
        failing = strike == FULL ? ENOSPC : atoi(text);
    }
    if ((text = getenv("ETL_SEAM_LOG"))) book = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if ((text = getenv("ETL_SEAM_CLOCK"))) {
        int fd = syscall(SYS_openat, AT_FDCWD, text, O_RDONLY);
        void *page = mmap(0, sizeof *off, PROT_READ, MAP_SHARED, fd, 0);
        if (page != MAP_FAILED) off = page;
    }
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static enum kind kind_of(int fd) { return fd >= 0 && fd < DESCRIPTORS ? kinds[fd] : OTHER; }

static int is_inside(const char *path) {
    size_t length = strlen(folder);
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* Notes a step, its number and what it was, and says whether it is the one to be struck. What cannot be printed is a
 * point, so that whoever looks for words can say what stands around them. */
static int is_struck(enum kind kind, const char *what, const void *bytes, size_t length) {
    if (kind == OTHER || kind != of) return 0;
    char line[512], told[448];
    size_t end = snprintf(told, sizeof told, "%s ", what);
    for (size_t i = 0; i < length && end < sizeof told - 1; i++) {
        unsigned char byte = ((const unsigned char *)bytes)[i];
        told[end++] = byte >= ' ' && byte < 127 ? byte : '.';
    }
    told[end] = 0;
    if (says && !strstr(told, says)) return 0;
    long step = atomic_fetch_add(&steps, 1) + 1;
    if (book >= 0) syscall(SYS_write, book, line, snprintf(line, sizeof line, "%ld %s\n", step, told));
    return at && (step == at || (strike == FULL && step > at));
}

/* Whether the step is to fail, with errno set; ends the program where it is to be ended before it. */
static int fails(int struck, int grows) {
    if (!struck) return 0;
    if (strike == BEFORE) die();
    if (strike == FAIL || (strike == FULL && grows)) {
        errno = failing;
        return 1;
    }
    return 0;
}

static void ends(int struck) {
    if (struck && (strike == AFTER || strike == HALF)) die();
}

/* A step on a file or folder that is named. */
#define NAMED(what, path, grows, call) \
    if (!is_inside(path)) return call; \
    int struck = is_struck(FILES, what, path, strlen(path)); \
    if (fails(struck, grows)) return -1; \
    int done = call; \
    ends(struck); \
    return done

/* ---- what power would leave ---- */

static void copy(int from, const char *to) {
    char block[65536];
    int out = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (off_t place = 0;;) {
        ssize_t got = syscall(SYS_pread64, from, block, sizeof block, place);
        if (got <= 0) break;
        syscall(SYS_write, out, block, got);
        place += got;
    }
    syscall(SYS_close, out);
}

/* A file that is synced is kept as it is now, by its number; a folder as the names and numbers in it. */
static void keep(int fd) {
    struct stat is;
    char name[PATH_MAX + 64], path[PATH_MAX], link[64];
    if (!kept[0] || fstat(fd, &is)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (S_ISREG(is.st_mode)) {
        snprintf(name, sizeof name, "%s/%lu", kept, (unsigned long)is.st_ino);
        int from = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
        if (from < 0) return;
        copy(from, name);
        syscall(SYS_close, from);
        return;
    }
    snprintf(name, sizeof name, "%s/names%s", kept, path + strlen(folder));
    for (char *slash = name + strlen(kept) + 1; (slash = strchr(slash, '/'));) *slash = '%';
    FILE *names = fopen(name, "w");
    DIR *all = opendir(path);
    for (struct dirent *each; all && names && (each = readdir(all));)
        if (each->d_type == DT_REG) fprintf(names, "%lu %s\n", (unsigned long)each->d_ino, each->d_name);
    if (all) closedir(all);
    if (names) fclose(names);
}

/* A number that is used again says nothing of the file that had it before. */
static void forget(int fd) {
    struct stat is;
    char name[PATH_MAX + 64];
    if (!kept[0] || fd < 0 || fstat(fd, &is)) return;
    snprintf(name, sizeof name, "%s/%lu", kept, (unsigned long)is.st_ino);
    syscall(SYS_unlink, name);
}

/* ---- files ---- */

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < DESCRIPTORS) kinds[fd] = is_inside(path) ? FILES : OTHER;
    return fd;
}

static int open_at(int dir, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    snprintf(whole, sizeof whole, "%s", path);
    int makes = (flags & O_CREAT) && is_inside(whole) && syscall(SYS_faccessat, dir, path, F_OK);
    int struck = makes && is_struck(FILES, "create", path, strlen(path));
    if (fails(struck, 1)) return -1;
    int fd = opened(syscall(SYS_openat, dir, path, flags, mode), whole);
    if (makes) forget(fd);
    ends(struck);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags) return open_at(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags) return open_at(dir, path, flags | O_LARGEFILE, mode); }

static FILE *stream(FILE *file, const char *path) {
    if (file) opened(fileno(file), path);
    return file;
}
FILE *fopen(const char *path, const char *mode) {
    REAL(FILE *, "fopen", const char *, const char *);
    return stream(real(path, mode), path);
}
FILE *fopen64(const char *path, const char *mode) {
    REAL(FILE *, "fopen64", const char *, const char *);
    return stream(real(path, mode), path);
}

int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) kinds[fd] = OTHER;
    return syscall(SYS_close, fd);
}

int fsync(int fd) {
    int struck = kind_of(fd) == FILES && is_struck(FILES, "sync", "", 0);
    if (fails(struck, 0)) return -1;
    int done = syscall(SYS_fsync, fd);
    if (kind_of(fd) == FILES) keep(fd);
    ends(struck);
    return done;
}
int fdatasync(int fd) { return fsync(fd); }
int sync_file_range(int fd, off_t from, off_t length, unsigned flags) { return syscall(SYS_sync_file_range, fd, from, length, flags); }

int rename(const char *from, const char *to) { NAMED("rename", to, 0, syscall(SYS_rename, from, to)); }
int unlink(const char *path) { NAMED("unlink", path, 0, syscall(SYS_unlink, path)); }
int mkdir(const char *path, mode_t mode) { NAMED("mkdir", path, 1, syscall(SYS_mkdir, path, mode)); }
int link(const char *from, const char *to) { NAMED("link", to, 0, syscall(SYS_link, from, to)); }

int ftruncate64(int fd, off_t length) {
    int struck = kind_of(fd) == FILES && is_struck(FILES, "truncate", "", 0);
    if (fails(struck, 0)) return -1;
    int done = syscall(SYS_ftruncate, fd, length);
    ends(struck);
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fallocate64(int fd, int mode, off_t from, off_t length) {
    int struck = kind_of(fd) == FILES && is_struck(FILES, "allocate", "", 0);
    if (fails(struck, 1)) return -1;
    int done = syscall(SYS_fallocate, fd, mode, from, length);
    ends(struck);
    return done;
}
int fallocate(int fd, int mode, off_t from, off_t length) { return fallocate64(fd, mode, from, length); }

/* ---- writing and reading, of files and sockets ---- */

/* What a socket that failed is to its owner from then on. */
static ssize_t broken(int fd) {
    if (kind_of(fd) != FILES) shutdown(fd, SHUT_RDWR);
    return -1;
}

/* `call` writes the first so many bytes. */
#define WRITTEN(bytes, length, call) \
    enum kind kind = kind_of(fd); \
    int struck = kind != OTHER && is_struck(kind, kind == FILES ? "write" : "send", bytes, length); \
    if (fails(struck, 1)) return broken(fd); \
    size_t count = struck && strike == HALF ? (length) / 2 : (length); \
    ssize_t done = call; \
    ends(struck); \
    return done

#define READ(bytes, call) \
    ssize_t done = call; \
    enum kind kind = kind_of(fd); \
    if (done > 0 && (kind == TARGET || kind == SOURCE)) { \
        int struck = is_struck(kind, "receive", bytes, done); \
        if (fails(struck, 1)) return broken(fd); \
        ends(struck); \
    } \
    return done

ssize_t write(int fd, const void *bytes, size_t length) { WRITTEN(bytes, length, syscall(SYS_write, fd, bytes, count)); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t place) { WRITTEN(bytes, length, syscall(SYS_pwrite64, fd, bytes, count, place)); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place) { return pwrite64(fd, bytes, length, place); }
ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    WRITTEN(bytes, length, syscall(SYS_sendto, fd, bytes, count, flags, to, size));
}
ssize_t send(int fd, const void *bytes, size_t length, int flags) { return sendto(fd, bytes, length, flags, 0, 0); }

/* Of several pieces, the first is what is told; half of them is half of the first. */
ssize_t writev(int fd, const struct iovec *pieces, int number) {
    enum kind kind = kind_of(fd);
    if (kind == OTHER || !number) return syscall(SYS_writev, fd, pieces, number);
    int struck = is_struck(kind, kind == FILES ? "write" : "send", pieces->iov_base, pieces->iov_len);
    if (fails(struck, 1)) return broken(fd);
    ssize_t done = struck && strike == HALF ? syscall(SYS_write, fd, pieces->iov_base, pieces->iov_len / 2)
                                            : syscall(SYS_writev, fd, pieces, number);
    ends(struck);
    return done;
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    enum kind kind = kind_of(fd);
    if (kind == OTHER || !message->msg_iovlen) return syscall(SYS_sendmsg, fd, message, flags);
    int struck = is_struck(kind, "send", message->msg_iov->iov_base, message->msg_iov->iov_len);
    if (fails(struck, 1)) return broken(fd);
    ssize_t done = struck && strike == HALF
        ? syscall(SYS_sendto, fd, message->msg_iov->iov_base, message->msg_iov->iov_len / 2, flags, 0, 0)
        : syscall(SYS_sendmsg, fd, message, flags);
    ends(struck);
    return done;
}

ssize_t read(int fd, void *bytes, size_t length) { READ(bytes, syscall(SYS_read, fd, bytes, length)); }
ssize_t recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *size) {
    READ(bytes, syscall(SYS_recvfrom, fd, bytes, length, flags, from, size));
}
ssize_t recv(int fd, void *bytes, size_t length, int flags) { return recvfrom(fd, bytes, length, flags, 0, 0); }
ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    READ(message->msg_iov->iov_base, syscall(SYS_recvmsg, fd, message, flags));
}

int connect(int fd, const struct sockaddr *to, socklen_t size) {
    enum kind kind = to->sa_family == AF_UNIX ? TARGET : to->sa_family == AF_INET || to->sa_family == AF_INET6 ? SOURCE : OTHER;
    int struck = is_struck(kind, "connect", "", 0);
    if (fails(struck, 1)) return -1;
    int done = syscall(SYS_connect, fd, to, size);
    if (fd >= 0 && fd < DESCRIPTORS) kinds[fd] = kind;
    ends(struck);
    return done;
}

/* ---- the time of day ---- */

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int done = real(clock, now);
    if (!done && off && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanos = now->tv_nsec + *off % 1000000000;
        now->tv_sec += *off / 1000000000 + (nanos < 0 ? -1 : nanos / 1000000000);
        now->tv_nsec = nanos < 0 ? nanos + 1000000000 : nanos % 1000000000;
    }
    return done;
}

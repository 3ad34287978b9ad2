/*
 * The action of every contender: writes when its first instruction ran, in nanoseconds of the
 * monotonic clock, as one line to the file or FIFO named by its first argument.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc < 2)
        return 2;
    char line[32];
    int length = snprintf(line, sizeof line, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    int file = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    return file >= 0 && write(file, line, (size_t)length) == length ? 0 : 1;
}

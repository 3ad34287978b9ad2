/*
 * Sends junk at a rate until standard input ends, but never longer than a minute:
 *
 *   flood ADDRESS SOURCE PORT RATE SHAPE HEAD
 *
 * SHAPE: "any" is random bytes of any length, "packet" random bytes as long as a packet of bouncer,
 * "text" base64 letters, as fwknop's packets are. HEAD: the first bytes of each, in hexadecimal, or "-".
 * Every tenth of a second it writes a line: the monotonic clock in nanoseconds, the datagrams sent so
 * far, and its CPU time in nanoseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define DIFFERENT 4096
#define LONGEST 512
#define MOST_AT_ONCE 64

static unsigned char payloads[DIFFERENT][LONGEST];
static struct iovec parts[DIFFERENT];
static struct mmsghdr messages[DIFFERENT + MOST_AT_ONCE];

static long long now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static size_t length_for(const char *shape, int index)
{
    if (!strcmp(shape, "packet"))
        return 124 + 16 * (index % 25);
    if (!strcmp(shape, "text"))
        return 200 + index % 64;
    return 1 + (size_t)rand() % LONGEST;
}

static void make(const char *shape, const char *head, struct sockaddr_in *to)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int index = 0; index < DIFFERENT; index++) {
        unsigned char *payload = payloads[index];
        size_t length = length_for(shape, index), filled = 0;
        while (filled < LONGEST) {
            ssize_t got = getrandom(payload + filled, LONGEST - filled, 0);
            if (got > 0)
                filled += (size_t)got;
        }
        if (!strcmp(shape, "text"))
            for (size_t at = 0; at < length; at++)
                payload[at] = (unsigned char)letters[payload[at] % 64];
        unsigned value;
        for (size_t at = 0; at < length && sscanf(head + 2 * at, "%2x", &value) == 1; at++)
            payload[at] = (unsigned char)value;
        parts[index] = (struct iovec){payload, length};
    }
    for (int index = 0; index < DIFFERENT + MOST_AT_ONCE; index++)
        messages[index].msg_hdr = (struct msghdr){
            .msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &parts[index % DIFFERENT], .msg_iovlen = 1};
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET}, from = {.sin_family = AF_INET};
    if (argc != 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
        inet_pton(AF_INET, argv[2], &from.sin_addr) != 1)
        return 2;
    to.sin_port = htons((unsigned short)atoi(argv[3]));
    long long rate = atoll(argv[4]), sent = 0;
    int at_once = (int)(rate / 5000 < 1 ? 1 : rate / 5000 > MOST_AT_ONCE ? MOST_AT_ONCE : rate / 5000);
    make(argv[5], argv[6], &to);
    int file = socket(AF_INET, SOCK_DGRAM, 0);
    if (file < 0 || rate < 1 || bind(file, (struct sockaddr *)&from, sizeof from) < 0) {
        perror("flood");
        return 1;
    }
    long long began = now(CLOCK_MONOTONIC), paced_from = began, paced = 0, told = 0;
    for (long long time = began; time - began < 60 * SECOND; time = now(CLOCK_MONOTONIC)) {
        if (time - told >= SECOND / 10) {
            printf("%lld %lld %lld\n", time, sent, now(CLOCK_PROCESS_CPUTIME_ID));
            fflush(stdout);
            told = time;
            struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
            if (poll(&input, 1, 0) > 0)
                break;
        }
        long long due = (time - paced_from) * rate / SECOND - paced;
        if (due > rate / 50) {
            /* Too slow by 20 ms: what was missed is not made up for in one burst. */
            paced_from = time;
            paced = 0;
        } else if (due < at_once) {
            struct timespec pause = {.tv_nsec = 50000};
            nanosleep(&pause, NULL);
            continue;
        }
        int done = sendmmsg(file, &messages[sent % DIFFERENT], (unsigned)at_once, 0);
        if (done > 0) {
            sent += done;
            paced += done;
        }
    }
    return 0;
}

/*
 * Sends what standard input says, to the address that its argument names: each line is one request,
 * "PORT HEX" for each of its datagrams, one after the other. Answers each line with the time just
 * before the last datagram was handed to the kernel, in nanoseconds of the monotonic clock.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static size_t from_hex(const char *text, unsigned char *bytes, size_t most)
{
    size_t length = 0;
    unsigned value;
    while (length < most && sscanf(text + 2 * length, "%2x", &value) == 1)
        bytes[length++] = (unsigned char)value;
    return length;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc != 2 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return 2;
    int file = socket(AF_INET, SOCK_DGRAM, 0);
    if (file < 0)
        return 1;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        struct timespec now = {0};
        char *rest;
        for (char *port = strtok_r(line, " \n", &rest); port; port = strtok_r(NULL, " \n", &rest)) {
            unsigned char payload[1500];
            char *hex = strtok_r(NULL, " \n", &rest);
            size_t length = hex ? from_hex(hex, payload, sizeof payload) : 0;
            to.sin_port = htons((unsigned short)atoi(port));
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (sendto(file, payload, length, 0, (struct sockaddr *)&to, sizeof to) < 0) {
                perror("send");
                return 1;
            }
        }
        printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
        fflush(stdout);
    }
    return 0;
}
